// routing/rules/formula.ts: ${math[...]}: numbers, variables, + - * / % and parentheses.
import type { Run } from './run.ts'

export type Formula = (run: Run) => number

const TOKEN = /[ \t]*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([-+*/%()]))/y
const DEEPEST = 50

/** @returns what is wrong, as a text */
export function readFormula(text: string): Formula | string {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) return `"${text[at]}" is not understood`
    tokens.push(match[0].trim())
  }
  const reader = new Reader(tokens)
  const formula = reader.sum(0)
  if (formula === null || !reader.isDone()) return 'it is no formula'
  return formula
}

class Reader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  isDone(): boolean {
    return this.#at === this.#tokens.length
  }

  sum(depth: number): Formula | null {
    let left = this.#product(depth)
    while (left !== null && (this.#is('+') || this.#is('-'))) {
      const isPlus = this.#tokens[this.#at++] === '+'
      left = joined(left, this.#product(depth), isPlus ? (a, b) => a + b : (a, b) => a - b)
    }
    return left
  }

  #product(depth: number): Formula | null {
    let left = this.#factor(depth)
    while (left !== null && (this.#is('*') || this.#is('/') || this.#is('%'))) {
      const operator = this.#tokens[this.#at++]!
      left = joined(
        left,
        this.#factor(depth),
        operator === '*'
          ? (a, b) => a * b
          : operator === '/'
            ? (a, b) => (b === 0 ? 0 : a / b)
            : (a, b) => (b === 0 ? 0 : a % b),
      )
    }
    return left
  }

  #factor(depth: number): Formula | null {
    if (depth > DEEPEST) return null
    if (this.#is('-') || this.#is('+')) {
      const isMinus = this.#tokens[this.#at++] === '-'
      const factor = this.#factor(depth + 1)
      return factor === null ? null : isMinus ? run => -factor(run) : factor
    }
    if (this.#is('(')) {
      this.#at++
      const within = this.sum(depth + 1)
      if (within === null || !this.#is(')')) return null
      this.#at++
      return within
    }
    const token = this.#tokens[this.#at]
    if (token === undefined || !/^\w/.test(token)) return null
    this.#at++
    if (/^\d/.test(token)) {
      const number = Number(token)
      return () => number
    }
    return run => numberOf(run.read(token))
  }

  #is(token: string): boolean {
    return this.#tokens[this.#at] === token
  }
}

function joined(
  left: Formula,
  right: Formula | null,
  operate: (a: number, b: number) => number,
): Formula | null {
  return right === null ? null : run => operate(left(run), right(run))
}

// Absent, or no number: 0.
function numberOf(text: string | undefined): number {
  const number = text === undefined ? 0 : Number(text)
  return Number.isFinite(number) ? number : 0
}

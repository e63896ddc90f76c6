// config/placeholders.ts: $(NAME), @(file) and %(name) in values, resolved fully, whatever order they stand in.
import type { Pair, Problem } from './config.ts'

/** What the values may refer to. */
export interface Referents {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether the value is taken as written: it acted while files were read. */
  isFixed(pair: Pair): boolean
  /** Whether nobody needs to know what is undefined there: the option is refused anyway, or fills it in by itself. */
  mayLeaveNames(pair: Pair, index: number): boolean
  /** The text behind @(name). */
  read(name: string): { readonly text: string } | { readonly problem: string; readonly remedy: string }
}

export interface Expanded {
  readonly pairs: readonly Pair[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Names that some value asked for by %(name). */
  readonly used: ReadonlySet<string>
}

// Chains and values beyond these are mistakes: a few lines can ask for more text than there is memory.
const DEEPEST = 100
const LONGEST_VALUE = 2 ** 20

/** Pure but for `referents`. Three passes over all values: environment, files, placeholders. */
export function expandPlaceholders(pairs: readonly Pair[], referents: Referents): Expanded {
  return new Expansion(pairs, referents).run()
}

class Expansion {
  readonly #pairs: Pair[]
  readonly #referents: Referents
  readonly #first = new Map<string, number>()
  readonly #isDone: boolean[]
  readonly #trail: string[] = []
  /** Variables of the environment, once filled in: some that name the next one twice would else take years. */
  readonly #filled = new Map<string, string>()
  readonly #problems: Problem[] = []
  readonly #warnings: Problem[] = []
  readonly #used = new Set<string>()

  constructor(pairs: readonly Pair[], referents: Referents) {
    this.#pairs = [...pairs]
    this.#referents = referents
    this.#isDone = pairs.map(pair => pair.value === null || referents.isFixed(pair))
    let last: string | null = null
    for (let i = 0; i < pairs.length; i++) {
      const { name } = pairs[i]!
      if (name !== last && !this.#first.has(name)) this.#first.set(name, i)
      last = name
    }
  }

  run(): Expanded {
    this.#pass('$', name => this.#variable(name))
    this.#pass('@', name => this.#file(name))
    for (let i = 0; i < this.#pairs.length; i++) {
      if (this.#isDone[i]) continue
      if (this.#pairs[i]!.value!.includes('%(')) this.#located(i, () => this.#resolve(i))
      else this.#isDone[i] = true
    }
    return { pairs: this.#pairs, problems: this.#problems, warnings: this.#warnings, used: this.#used }
  }

  // Most values of a long file hold none: they are not copied.
  #pass(sign: '$' | '@', fill: (name: string) => string | null): void {
    const opening = `${sign}(`
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i]!
      if (this.#isDone[i] || !pair.value!.includes(opening)) continue
      this.#located(i, () => {
        this.#pairs[i] = { ...pair, value: replaceSigned(pair.value!, sign, fill) }
      })
    }
  }

  // A variable may name others, as if it had been written here.
  #variable(name: string): string | null {
    const value = Object.hasOwn(this.#referents.env, name) ? this.#referents.env[name] : undefined
    if (value === undefined) return null
    const known = this.#filled.get(name)
    if (known !== undefined) return known
    const filled = this.#within(`$(${name})`, () => replaceSigned(value, '$', inner => this.#variable(inner)))
    this.#filled.set(name, filled)
    return filled
  }

  #file(name: string): string {
    const source = this.#referents.read(name)
    if ('problem' in source) throw new Failure(source.problem, source.remedy)
    return source.text.replace(/\r?\n$/, '')
  }

  #resolve(i: number): void {
    if (this.#isDone[i]) return
    const pair = this.#pairs[i]!
    if (!pair.value!.includes('%(')) {
      this.#isDone[i] = true
      return
    }
    const value = replaceSigned(pair.value!, '%', expression => this.#evaluate(expression, pair, i))
    this.#pairs[i] = { ...pair, value }
    this.#isDone[i] = true
  }

  #evaluate(expression: string, pair: Pair, i: number): string | null {
    const tokens = expression.split(/[ \t]+/).filter(token => token !== '')
    if (tokens.length > 1)
      return compute(tokens.map(token => (isOperand(token) ? this.#operand(token) : token)))
    const value = this.#valueOf(tokens[0] ?? '')
    if (value === null && !this.#referents.mayLeaveNames(pair, i)) {
      this.#warnings.push({
        place: pair.place,
        problem: `nothing defines %(${expression}) in "${pair.name}"; it stays as written`,
        remedy: `Define it: set-ph = ${tokens[0] ?? 'NAME'}=VALUE`,
      })
    }
    return value
  }

  #operand(token: string): string {
    return /^-?\d+$/.test(token) ? token : (this.#valueOf(token) ?? '')
  }

  #valueOf(name: string): string | null {
    this.#used.add(name)
    const i = this.#first.get(name)
    if (i === undefined) return null
    this.#within(name, () => this.#resolve(i))
    return this.#pairs[i]!.value ?? ''
  }

  #within<T>(name: string, work: () => T): T {
    if (this.#trail.includes(name)) {
      const circle = [...this.#trail.slice(this.#trail.indexOf(name)), name].join(' -> ')
      throw new Failure(`the placeholders run in a circle: ${circle}`, 'Take one of them out')
    }
    if (this.#trail.length >= DEEPEST) {
      throw new Failure(`placeholders refer to each other more than ${DEEPEST} deep`, 'Write the value out')
    }
    this.#trail.push(name)
    try {
      return work()
    } finally {
      this.#trail.pop()
    }
  }

  // What failed keeps its text and is not tried again, so that each mistake is told once.
  #located(i: number, work: () => void): void {
    const pair = this.#pairs[i]!
    this.#trail.push(pair.name)
    try {
      work()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#problems.push({
        place: pair.place,
        problem: `option "${pair.name}": ${error.message}`,
        remedy: error.remedy,
      })
      this.#isDone[i] = true
    } finally {
      this.#trail.pop()
    }
  }
}

class Failure extends Error {
  readonly remedy: string

  constructor(problem: string, remedy: string) {
    super(problem)
    this.remedy = remedy
  }
}

// Replaces SIGN(inner), brackets matched, the inner ones first. What `fill` does not know stays as written.
function replaceSigned(
  text: string,
  sign: string,
  fill: (inner: string) => string | null,
  depth = 0,
): string {
  if (depth > DEEPEST)
    throw new Failure(`brackets are nested more than ${DEEPEST} deep`, 'Write the value out')
  let result = ''
  let at = 0
  for (;;) {
    const open = text.indexOf(`${sign}(`, at)
    const close = open < 0 ? -1 : closingBracket(text, open + 1)
    if (close < 0) break
    const inner = replaceSigned(text.slice(open + 2, close), sign, fill, depth + 1)
    result += text.slice(at, open) + (fill(inner) ?? `${sign}(${inner})`)
    if (result.length > LONGEST_VALUE)
      throw new Failure('the value grows beyond 1 MB', 'Shorten what it refers to')
    at = close + 1
  }
  return result + text.slice(at)
}

function closingBracket(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i
  }
  return -1
}

const OPERATORS = new Set(['+', '-', '*', '/', '++', '--'])

function isOperand(token: string): boolean {
  return !OPERATORS.has(token)
}

// Strictly from left to right; two values without an operator between them are joined as text.
function compute(tokens: readonly string[]): string {
  let result = ''
  let operator: string | null = null
  for (const token of tokens) {
    if (token === '++') result = String(whole(result) + 1)
    else if (token === '--') result = String(whole(result) - 1)
    else if (OPERATORS.has(token)) operator = token
    else {
      result = operator === null ? result + token : String(apply(operator, whole(result), whole(token)))
      operator = null
    }
  }
  return result
}

function apply(operator: string, a: number, b: number): number {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  return b === 0 ? 0 : Math.trunc(a / b)
}

function whole(text: string): number {
  return Number.parseInt(text, 10) || 0
}

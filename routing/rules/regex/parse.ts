// routing/rules/regex/parse.ts: PCRE's syntax to a tree. Above 200 lines, as it is one grammar.
//
// It is the syntax of PCRE 8 without compile flags: bytes, no UTF, case counts, `.` stops at newlines. Where the manual
// leaves a doubt, the library was asked; test/routing/rules/regex/pcre.test.ts asks it again.
import { ANY, ByteSet, NOT_NEWLINE, VERTICAL } from './byte-set.ts'
import { type Assertion, EMPTY, fixedLength, type Node } from './node.ts'
import { parseClass, readEscapedByte, SETS } from './parse-class.ts'
import { CORRECT_IT, PatternProblem } from './problem.ts'

/** As in PCRE. */
const MOST_NESTED = 250
const MOST_REPEATS = 65_535
/** PCRE compiles no larger ones either. */
export const MOST_PATTERN_BYTES = 65_535

export interface Parsed {
  readonly root: Node
  /** Capturing groups, the whole match not counted. */
  readonly groups: number
  readonly names: Readonly<Record<string, number>>
}

/**
 * @param pattern one character a byte
 * @throws PatternProblem
 */
export function parsePattern(pattern: string): Parsed {
  if (pattern.length > MOST_PATTERN_BYTES)
    throw new PatternProblem(
      `a pattern of ${pattern.length} bytes`,
      `Split it: ${MOST_PATTERN_BYTES} is the most.`,
      0,
    )
  return new Parser(pattern).parse()
}

/** The letters of (?imsxUJ). */
interface Modes {
  i: boolean
  m: boolean
  s: boolean
  x: boolean
  U: boolean
  J: boolean
}

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'start',
  G: 'start', // a search never begins elsewhere
  b: 'boundary',
  B: 'no-boundary',
  z: 'end',
  Z: 'final-end',
}

class Parser {
  readonly text: string
  at = 0
  #modes: Modes = { i: false, m: false, s: false, x: false, U: false, J: false }
  #groups = 0
  #depth = 0
  #quoted = false
  readonly #names: Record<string, number> = Object.create(null)
  /** References by number or name; checked once all groups are known. */
  readonly #references: { node: Node & { kind: 'reference' }; name: string }[] = []

  constructor(text: string) {
    this.text = text
  }

  parse(): Parsed {
    const root = this.#alternatives()
    if (this.at < this.text.length) this.fail('an unmatched )', this.at)
    for (const { node, name } of this.#references) {
      const group = name === '' ? node.group : (this.#names[name] ?? 0)
      if (group < 1 || group > this.#groups)
        this.fail(`a reference to group ${name || group}, which is not there`, node.at)
      node.group = group
    }
    return { root, groups: this.#groups, names: { ...this.#names } }
  }

  fail(problem: string, at: number, remedy = CORRECT_IT): never {
    throw new PatternProblem(problem, remedy, at)
  }

  refuse(construct: string, at: number): never {
    this.fail(
      `${construct} cannot be translated`,
      at,
      'Write it without this, or split the rule with conditions.',
    )
  }

  #alternatives(): Node {
    if (++this.#depth > MOST_NESTED) this.fail('groups nested too deeply', this.at)
    const branches: Node[] = [this.#sequence()]
    while (this.text[this.at] === '|') {
      this.at++
      branches.push(this.#sequence())
    }
    this.#depth--
    return branches.length === 1 ? branches[0]! : { kind: 'either', branches }
  }

  #sequence(): Node {
    const items: Node[] = []
    // What a quantifier may follow: comments and \E do not come between.
    let repeatable = false
    for (;;) {
      this.#skipBlanks()
      const { text, at } = this
      if (at >= text.length) break
      const char = text[at]!
      if (this.#quoted) {
        if (text.startsWith('\\E', at)) {
          this.#quoted = false
          this.at += 2
          continue
        }
        items.push(this.#byte(text.charCodeAt(at)))
        this.at++
        repeatable = true
        continue
      }
      if (char === '|' || char === ')') break
      if (text.startsWith('\\Q', at) || text.startsWith('\\E', at)) {
        this.#quoted = text[at + 1] === 'Q'
        this.at += 2
        continue
      }
      if (text.startsWith('(?#', at)) {
        const end = text.indexOf(')', at)
        if (end < 0) this.fail('a comment (?# without )', at)
        this.at = end + 1
        continue
      }
      const count = this.#count()
      if (count !== null) {
        if (!repeatable) this.fail('a quantifier with nothing to repeat', at)
        items.push(this.#quantified(items.pop()!, count.min, count.max, at))
        repeatable = false
        continue
      }
      const item = this.#item()
      if (item === null) {
        repeatable = false
        continue
      }
      items.push(item)
      repeatable = item.kind !== 'assert'
    }
    return items.length === 1 ? items[0]! : items.length === 0 ? EMPTY : { kind: 'sequence', items }
  }

  /** Under (?x): white space and comments to the end of the line. */
  #skipBlanks(): void {
    if (!this.#modes.x || this.#quoted) return
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code === 32 || (code >= 9 && code <= 13)) this.at++
      else if (code === 0x23) {
        const end = this.text.indexOf('\n', this.at)
        this.at = end < 0 ? this.text.length : end + 1
      } else return
    }
  }

  /** A quantifier's numbers, with its text passed; null when there is none here, as in `a{x}`. */
  #count(): { min: number; max: number } | null {
    const { text, at } = this
    const char = text[at]
    if (char === '*' || char === '+' || char === '?') {
      this.at++
      return { min: char === '+' ? 1 : 0, max: char === '?' ? 1 : Number.POSITIVE_INFINITY }
    }
    if (char !== '{') return null
    BRACES.lastIndex = at
    const match = BRACES.exec(text)
    if (match === null) return null
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])
    if (min > MOST_REPEATS || (max !== Number.POSITIVE_INFINITY && max > MOST_REPEATS))
      this.fail(`a count above ${MOST_REPEATS}`, at)
    if (max < min) this.fail('a count whose least is above its most', at)
    this.at += match[0].length
    return { min, max }
  }

  #quantified(body: Node, min: number, max: number, at: number): Node {
    this.#skipBlanks()
    const sign = this.text[this.at]
    let mode: 'greedy' | 'lazy' | 'possessive' = this.#modes.U ? 'lazy' : 'greedy'
    if (sign === '?') mode = this.#modes.U ? 'greedy' : 'lazy'
    if (sign === '+') mode = 'possessive'
    if (sign === '?' || sign === '+') this.at++
    // A repeated assertion is tried once, or not at all.
    if (body.kind === 'look')
      return min > 0 ? body : { kind: 'repeat', min, max: Math.min(max, 1), mode, body, at }
    return { kind: 'repeat', min, max, mode, body, at }
  }

  /** Anything but quantifiers, `|` and `)`; null for what leaves no node. */
  #item(): Node | null {
    const { text, at } = this
    const char = text[at]!
    switch (char) {
      case '(':
        return this.#parenthesis()
      case '[': {
        if (
          /^\[[.:=][^\]]*[.:=]\]/.test(text.slice(at, at + 40)) &&
          text[at + 1] === text[text.indexOf(']', at) - 1]
        )
          this.fail('a named class outside of [ ]', at, 'Write [[:name:]].')
        return { kind: 'set', set: parseClass(this, at, this.#modes.i) }
      }
      case '.':
        this.at++
        return { kind: 'set', set: this.#modes.s ? ANY : NOT_NEWLINE }
      case '^':
        this.at++
        return { kind: 'assert', what: this.#modes.m ? 'line-start' : 'start', at }
      case '$':
        this.at++
        return { kind: 'assert', what: this.#modes.m ? 'line-end' : 'final-end', at }
      case '\\':
        return this.#escape()
      default:
        this.at++
        return this.#byte(text.charCodeAt(at))
    }
  }

  #byte(byte: number): Node {
    return this.#modes.i && isLetter(byte) ? this.#set(ByteSet.of(byte, byte)) : { kind: 'byte', byte }
  }

  #set(set: ByteSet): Node {
    return { kind: 'set', set: this.#modes.i ? set.caseless() : set }
  }

  #escape(): Node {
    const { text, at } = this
    const letter = text[at + 1]
    if (letter === undefined) this.fail('a \\ at the end', at)
    const what = ASSERTIONS[letter]
    if (what !== undefined) {
      this.at += 2
      return { kind: 'assert', what, at }
    }
    const set = SETS[letter]
    if (set !== undefined) {
      this.at += 2
      return { kind: 'set', set }
    }
    switch (letter) {
      case 'N':
        if (text[at + 2] === '{' && !/^\{\d+(,\d*)?\}/.test(text.slice(at + 2, at + 20)))
          this.refuse('\\N{…}', at)
        this.at += 2
        return { kind: 'set', set: NOT_NEWLINE }
      case 'C':
        this.at += 2
        return { kind: 'set', set: ANY }
      case 'R':
        this.at += 2
        return { kind: 'atomic', body: LINE_BREAK, at }
      case 'g':
      case 'k':
        return this.#namedReference(letter)
      case 'K':
        return this.refuse('\\K', at)
      case 'X':
      case 'p':
      case 'P':
        return this.refuse(`\\${letter}`, at)
    }
    if (letter >= '1' && letter <= '9') {
      const digits = /^\d+/.exec(text.slice(at + 1, at + 12))![0]
      const group = Number(digits)
      // Above 7 it is one only when that many groups were opened already; else octal, or the digit itself.
      if (group < 8 || group <= this.#groups) {
        this.at += 1 + digits.length
        return this.#reference(group, '', at)
      }
    }
    return this.#byte(readEscapedByte(this))
  }

  #namedReference(letter: string): Node {
    const { text, at } = this
    const rest = text.slice(at + 2, at + 60)
    if (letter === 'g') {
      if (/^[<']/.test(rest)) this.refuse('\\g<…>, a call of a group', at)
      const match = /^(?:\{([+-]?\d+)\}|([+-]?\d+))/.exec(rest)
      if (match !== null) {
        const digits = (match[1] ?? match[2])!
        this.at += 2 + match[0].length
        if (digits.startsWith('+')) this.fail('\\g{+…}, which PCRE 8 does not know', at)
        const group = digits.startsWith('-') ? this.#groups + 1 + Number(digits) : Number(digits)
        return this.#reference(group, '', at)
      }
    }
    const match = letter === 'g' ? /^\{(\w+)\}/.exec(rest) : /^(?:\{(\w+)\}|<(\w+)>|'(\w+)')/.exec(rest)
    if (match === null) this.fail(`\\${letter} without a group's name`, at)
    this.at += 2 + match[0].length
    return this.#reference(0, (match[1] ?? match[2] ?? match[3])!, at)
  }

  #reference(group: number, name: string, at: number): Node {
    const node: Node & { kind: 'reference' } = { kind: 'reference', group, caseless: this.#modes.i, at }
    this.#references.push({ node, name })
    return node
  }

  #parenthesis(): Node | null {
    const { text, at } = this
    if (text[at + 1] === '*') {
      if (/[A-Z:]/.test(text[at + 2] ?? ''))
        this.refuse(`the verb ${/^\(\*[^)]{0,20}\)?/.exec(text.slice(at))![0]}`, at)
      this.fail('a quantifier with nothing to repeat', at + 1)
    }
    if (text[at + 1] !== '?') {
      this.at++
      return this.#capture('', at)
    }
    const head = text.slice(at, at + 80)
    for (const [opening, ahead, negative] of LOOKS) {
      if (!head.startsWith(opening)) continue
      this.at += opening.length
      const body = this.#inside(at)
      if (!ahead) this.#requireFixed(body, at)
      return { kind: 'look', ahead, negative, body, at }
    }
    if (head.startsWith('(?:')) {
      this.at += 3
      return grouped(this.#inside(at))
    }
    if (head.startsWith('(?>')) {
      this.at += 3
      return { kind: 'atomic', body: this.#inside(at), at }
    }
    const named = /^\(\?(?:P?<(\w+)>|'(\w+)')/.exec(head)
    if (named !== null) {
      this.at += named[0].length
      return this.#capture((named[1] ?? named[2])!, at)
    }
    const back = /^\(\?P=(\w+)\)/.exec(head)
    if (back !== null) {
      this.at += back[0].length
      return this.#reference(0, back[1]!, at)
    }
    for (const [form, construct] of REFUSED) if (form.test(head)) this.refuse(construct, at)
    return this.#options(at)
  }

  #capture(name: string, at: number): Node {
    const index = ++this.#groups
    if (name !== '') {
      if (name.length > 32 || /^\d/.test(name)) this.fail(`a group called ${name}`, at)
      if (this.#names[name] === undefined) this.#names[name] = index
      else if (!this.#modes.J) this.fail(`two groups called ${name}`, at)
    }
    return { kind: 'group', index, body: this.#inside(at) }
  }

  /** Up to the ) that ends a group, whose modes end with it. */
  #inside(opened: number): Node {
    const before = { ...this.#modes }
    const body = this.#alternatives()
    if (this.text[this.at] !== ')') this.fail('a ( without )', opened)
    this.at++
    this.#modes = before
    return body
  }

  /** (?i-s) for the rest of the group, its other branches included; (?i-s:…) for what it holds. */
  #options(at: number): Node | null {
    const match = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(this.text.slice(at, at + 40))
    if (match === null)
      this.fail(`${JSON.stringify(this.text.slice(at, at + 4))}, which PCRE 8 does not know`, at)
    const before = { ...this.#modes }
    for (const [letters, value] of [[match[1]!, true], [match[2] ?? '', false]] as const) // biome-ignore format: a pair a side
      for (const letter of letters) {
        if (letter === 'X') this.refuse('(?X)', at)
        if (!(letter in this.#modes)) this.fail(`the option ${letter}, which PCRE 8 does not know`, at)
        this.#modes[letter as keyof Modes] = value
      }
    this.at += match[0].length
    if (match[3] === ')') return null
    const body = this.#inside(at)
    this.#modes = before
    return grouped(body)
  }

  #requireFixed(body: Node, at: number): void {
    const branches = body.kind === 'either' ? body.branches : [body]
    if (branches.some(branch => fixedLength(branch) < 0))
      this.fail('a look-behind whose length is not fixed', at)
  }
}

const BRACES = /\{(\d+)(,(\d*))?\}/y

const LOOKS = [
  ['(?=', true, false],
  ['(?!', true, true],
  ['(?<=', false, false],
  ['(?<!', false, true],
] as const

const REFUSED = [
  [/^\(\?\|/, 'a branch reset (?|…)'],
  [/^\(\?R/, 'the recursion (?R)'],
  [/^\(\?[+-]?\d/, 'the recursion (?1)'],
  [/^\(\?(&|P>)/, 'the call of a group, (?&…) or (?P>…),'],
  [/^\(\?C/, 'a callout (?C)'],
  [/^\(\?\(/, 'a conditional (?(…)…)'],
] as const

const LINE_BREAK: Node = {
  kind: 'either',
  branches: [
    { kind: 'sequence', items: [{ kind: 'byte', byte: 13 }, { kind: 'byte', byte: 10 }] }, // biome-ignore format: one line
    { kind: 'set', set: VERTICAL },
  ],
}

/** (?:…) needs no node of its own, but a lone assertion in it may be repeated, and a quantifier in it has ended. */
function grouped(body: Node): Node {
  return body.kind === 'assert' || body.kind === 'look' ? { kind: 'sequence', items: [body] } : body
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

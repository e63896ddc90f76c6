// routing/rules/regex/translate.ts: a tree to the source of a JavaScript pattern without flags.
//
// Subjects are bytes, one character each. Newlines get a second name, U+0100, and carriage returns U+0101, for the rare
// subjects that must be rewritten before `$` can be asked about them: see matcher.ts. So sets with a newline have both.
import type { ByteSet } from './byte-set.ts'
import type { Tail } from './look.ts'
import { contains, isNullable, type Node } from './node.ts'
import { PatternProblem } from './problem.ts'

/** Most counts, multiplied where they nest, that V8's linear engine takes in one piece. */
const MOST_COUNTED = 16
/** Bytes and sets of a pattern, with its counts written out. */
const MOST_PARTS = 10_000
/** Copies of a byte or a set that are written side by side in place of a count. */
const MOST_COPIES = 128

// What a byte costs the linear engine, as measured, in units of 30 ns:
/** Where it waits for a byte, and for each range of a set. */
const WAITS = 0.5
const RANGE = 0.02
/** Of plain text few bytes are waited for at a time. */
const WAITS_IN_TEXT = 0.25
/** Where it goes two ways; */
const FORKS = 0.6
/** there it copies the places of all groups, so all costs that much more for each. */
const COPIES = 0.015
/** A group's ends are noted, and forgotten in the next round. */
const NOTES = 0.2
const ASSERTS = 0.3

export interface Translation {
  readonly source: string
  /** For each group of PCRE, from 1, the groups of `source` that may hold its text: the last one that matched does. */
  readonly captures: readonly (readonly number[])[]
  /** Groups of `source` that only looked ahead: their text is no part of the match. */
  readonly cuts: readonly number[]
  /** First construct that no linear engine runs. */
  readonly unbounded: { readonly construct: string; readonly at: number } | null
  /** Steps of the linear engine that one byte of a subject can cost. */
  readonly weight: number
  /** Most optional parts, counts and alternatives that stand in a row, with its counts written out. */
  readonly choices: number
}

/** @throws PatternProblem */
export function translate(root: Node | Tail, groups: number): Translation {
  const writer = new Writer(groups)
  const source = writer.write(root, 1, true)
  return {
    source,
    captures: writer.captures,
    cuts: writer.cuts,
    unbounded: writer.unbounded,
    weight: writer.weight * (1 + COPIES * writer.groups),
    choices: writer.choices,
  }
}

class Writer {
  readonly captures: number[][]
  readonly cuts: number[] = []
  unbounded: { construct: string; at: number } | null = null
  weight = 0
  /** Of the pattern that is written: those of counted parts are several. */
  groups = 0
  /** In a row, so far. */
  choices = 0
  #parts = 0
  /** Repetitions around what is being written. */
  #repeats = 0
  /** 2: in a round of a loop this is reached with bytes eaten and without, which the linear engine keeps apart. */
  #ways: 1 | 2 = 1

  constructor(groups: number) {
    this.captures = Array.from({ length: groups }, () => [])
  }

  /**
   * @param times how often the repetitions around it write it out
   * @param isOpen whether `|` may stand in the text: something around it ends it
   */
  write(node: Node | Tail, times: number, isOpen = false): string {
    if (this.#parts > MOST_PARTS)
      throw new PatternProblem(
        `a pattern of more than ${MOST_PARTS} parts, with its counts written out`,
        'Use smaller counts, or split the rule.',
        0,
      )
    switch (node.kind) {
      case 'byte':
        this.#weigh(times, 1)
        return writeByte(node.byte)
      case 'set':
        this.#weigh(times, node.set.ranges().length / 2)
        return writeSet(node.set)
      case 'sequence':
        return this.#sequence(node.items, times)
      case 'either': {
        this.#cost(times * FORKS * (node.branches.length - 1))
        const text = this.#either(node.branches, times)
        return isOpen ? text : `(?:${text})`
      }
      case 'group': {
        this.captures[node.index - 1]!.push(++this.groups)
        if (this.#repeats > 0) this.#cost(times * NOTES)
        return `(${this.write(node.body, times, true)})`
      }
      case 'tail': {
        this.cuts.push(++this.groups)
        return `(${this.write(node.body, times, true)})`
      }
      case 'repeat':
        return this.#repeat(node, times)
      case 'look': {
        if (node.ahead) this.#note(node.negative ? 'the look-ahead (?!…)' : 'the look-ahead (?=…)', node.at)
        else if (contains(node.body, ({ kind }) => kind === 'group'))
          this.#note('the group in a look-behind', node.at)
        const sign = `${node.ahead ? '' : '<'}${node.negative ? '!' : '='}`
        return `(?${sign}${this.write(node.body, times, true)})`
      }
      case 'atomic':
        this.#note('the atomic group (?>…)', node.at)
        return this.#atomic(() => this.write(node.body, times, true))
      case 'reference': {
        this.#note(`the back-reference to group ${node.group}`, node.at)
        const [group, ...copies] = this.captures[node.group - 1]!
        if (group === undefined || copies.length > 0)
          throw new PatternProblem(
            `the back-reference to group ${node.group}, which is counted, cannot be translated`,
            'Write it without the back-reference.',
            node.at,
          )
        return `(?:\\${group})`
      }
      case 'assert':
        this.#cost(times * ASSERTS)
        if (node.what === 'line-start-inside') this.#note('^ under (?m) where nothing need follow', node.at)
        return ASSERTIONS[node.what]
    }
  }

  #sequence(items: readonly Node[], times: number): string {
    const before = this.#ways
    let text = ''
    for (const item of items) {
      text += this.write(item, times)
      if (!isNullable(item)) this.#ways = 1
      else if (this.#repeats > 0 && item.kind !== 'assert') this.#ways = 2
    }
    this.#ways = before
    return text
  }

  /** Of its branches one is taken: the choices in the longest count. */
  #either(branches: readonly Node[], times: number): string {
    const before = this.choices
    let most = 0
    const texts = branches.map(branch => {
      this.choices = 0
      const text = this.write(branch, times, true)
      most = Math.max(most, this.choices)
      return text
    })
    this.choices = before + most + 1
    return texts.join('|')
  }

  #weigh(times: number, ranges: number): void {
    this.#parts += times
    this.#cost(this.#repeats > 0 ? times * (WAITS + RANGE * ranges) : WAITS_IN_TEXT)
  }

  #cost(steps: number): void {
    this.weight += steps * this.#ways
  }

  #note(construct: string, at: number): void {
    this.unbounded ??= { construct, at }
  }

  /** What was matched first stays: looked ahead at, then taken as it is. */
  #atomic(body: () => string): string {
    const group = ++this.groups
    return `(?:(?=(${body()}))\\${group})`
  }

  #repeat(node: Node & { kind: 'repeat' }, times: number): string {
    if (node.mode === 'possessive') {
      this.#note('the possessive quantifier', node.at)
      return this.#atomic(() => this.#repeat({ ...node, mode: 'greedy' }, times))
    }
    const { min, max } = node
    const lazy = node.mode === 'lazy' ? '?' : ''
    if (isOneByte(node.body) && min > 1 && min * times <= MOST_COPIES) return this.#copied(node, times)
    const inner = countedIn(node.body)
    const count = max === Number.POSITIVE_INFINITY ? Math.max(min, 1) : max
    const piece = (least: number, most: number): string => {
      const isEndless = most === Number.POSITIVE_INFINITY
      // The linear engine keeps a round that may be empty apart from the rounds after it.
      const again = isEndless && least > 0 && isNullable(node.body) ? 1 : 0
      const written = Math.max(1, isEndless ? least + again : most)
      if (most !== least) this.choices++
      this.#cost(times * FORKS * (isEndless ? 1 : most - least))
      return quantified(this.#atom(node.body, times * written), least, most, lazy)
    }
    if (count * inner * times <= MOST_COUNTED) return piece(min, max)
    // In pieces side by side, each as large as the engine takes. They try the same numbers in the same order.
    const size = Math.max(1, Math.floor(MOST_COUNTED / (inner * times)))
    let text = ''
    for (let left = min; left > 0; left -= size) text += piece(Math.min(left, size), Math.min(left, size))
    if (max === Number.POSITIVE_INFINITY) return text + piece(0, max)
    for (let left = max - min; left > 0; left -= size) text += piece(0, Math.min(left, size))
    return text
  }

  // V8's fast engine counts rounds, and remembers each to come back to it: twelve times what reading the copies takes.
  #copied(node: Node & { kind: 'repeat' }, times: number): string {
    const { min, max, body } = node
    const text = this.#atom(body, times * min).repeat(min)
    return max === min ? text : text + this.#repeat({ ...node, min: 0, max: max - min }, times)
  }

  /** As something that a quantifier can follow. */
  #atom(node: Node, times: number): string {
    const before = this.#ways
    this.#ways = 1
    this.#repeats++
    const text = this.write(node, times, true)
    this.#repeats--
    this.#ways = before
    return isOneByte(node) || node.kind === 'group' ? text : `(?:${text})`
  }
}

function quantified(atom: string, min: number, max: number, lazy: string): string {
  if (min === 1 && max === 1) return atom
  if (max === Number.POSITIVE_INFINITY) return atom + (min === 0 ? '*' : min === 1 ? '+' : `{${min},}`) + lazy
  if (min === 0 && max === 1) return `${atom}?${lazy}`
  return atom + (min === max ? `{${min}}` : `{${min},${max}}${lazy}`)
}

function isOneByte({ kind }: Node): boolean {
  return kind === 'byte' || kind === 'set'
}

/** The largest product of counts that nest in it. */
function countedIn(node: Node): number {
  switch (node.kind) {
    case 'sequence':
      return Math.max(1, ...node.items.map(countedIn))
    case 'either':
      return Math.max(1, ...node.branches.map(countedIn))
    case 'group':
    case 'atomic':
    case 'look':
      return countedIn(node.body)
    case 'repeat':
      return Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max) * countedIn(node.body)
    default:
      return 1
  }
}

// A plain `$` is what matcher.ts gives another meaning for subjects that end in a newline; \z is spelled apart from it.
const ASSERTIONS = {
  start: '^',
  end: '(?:$)',
  'final-end': '$',
  'line-start': '(?<![^\\n\\u0100])',
  'line-start-inside': '(?:^|(?<=[\\n\\u0100])(?!$))',
  'line-end': '(?m:$)',
  boundary: '\\b',
  'no-boundary': '\\B',
} as const

function writeByte(byte: number): string {
  if (byte === 10) return '[\\n\\u0100]'
  if (byte === 13) return '[\\r\\u0101]'
  return spelled(byte, SIGNS)
}

function writeSet(set: ByteSet): string {
  const size = set.size
  if (size === 256) return '[^]'
  if (size === 0) return '[]'
  if (size === 1) return writeByte(set.first)
  const isNegated = size > 128
  const members = isNegated ? set.inverse() : set
  let text = ''
  const ranges = members.ranges()
  for (let i = 0; i < ranges.length; i += 2) {
    const [first, last] = [ranges[i]!, ranges[i + 1]!]
    text += spelled(first, CLASS_SIGNS)
    if (last > first) text += (last > first + 1 ? '-' : '') + spelled(last, CLASS_SIGNS)
  }
  if (members.has(10)) text += '\\u0100'
  if (members.has(13)) text += '\\u0101'
  return `[${isNegated ? '^' : ''}${text}]`
}

const SIGNS = /[\^$\\.*+?()[\]{}|]/
const CLASS_SIGNS = /[\^\\\]\-[]/

function spelled(byte: number, signs: RegExp): string {
  const char = String.fromCharCode(byte)
  if (byte === 10) return '\\n'
  if (byte === 13) return '\\r'
  if (byte === 9) return '\\t'
  if (byte < 32 || byte > 126) return `\\x${byte.toString(16).padStart(2, '0')}`
  return signs.test(char) ? `\\${char}` : char
}

// routing/rules/regex/literal-index.ts: which of many patterns can match a subject, told from their literals in one walk.

import { LiteralTexts } from './literal-texts.ts'
import { LiteralTree, type RuleSink, type TreePicture } from './literal-tree.ts'
import { type Literals, shortest } from './literals.ts'

/** Fewer patterns are tried faster than looked up. */
const WORTHWHILE = 8
/** A prefix is found by fewer steps, so it may be this much shorter than text that stands anywhere. */
const PREFIX_BONUS = 4
/** Longer texts tell no more, and take memory. */
const MOST_BYTES = 64

/**
 * Candidates for one subject, in the order of their rules. It is filled again and again and then allocates nothing; whoever
 * waits between two rules has one of his own.
 */
export class Candidates implements RuleSink {
  #found = new Int32Array(16)
  #count = 0
  #at = 0
  #always: Int32Array = NONE
  #alwaysAt = 0

  /** @returns the first candidate from this rule on, -1 when there is none; `rule` never goes back between two fills */
  next(rule: number): number {
    const found = this.#found
    const always = this.#always
    while (this.#at < this.#count && found[this.#at]! < rule) this.#at++
    if (this.#alwaysAt < always.length && always[this.#alwaysAt]! < rule)
      this.#alwaysAt = firstFrom(always, this.#alwaysAt, rule)
    const a = this.#at < this.#count ? found[this.#at]! : -1
    const b = this.#alwaysAt < always.length ? always[this.#alwaysAt]! : -1
    return a < 0 ? b : b < 0 || a < b ? a : b
  }

  /** Of the index only. */
  begin(always: Int32Array): void {
    this.#always = always
    this.#alwaysAt = 0
    this.#count = 0
    this.#at = 0
  }

  /** Of the index only. */
  add(rule: number): void {
    if (this.#count === this.#found.length) {
      const larger = new Int32Array(this.#count * 2)
      larger.set(this.#found)
      this.#found = larger
    }
    this.#found[this.#count++] = rule
  }

  /** Of the index only: puts what was found in order. */
  end(): void {
    const found = this.#found
    if (this.#count > 32) {
      found.subarray(0, this.#count).sort()
      return
    }
    for (let i = 1; i < this.#count; i++) {
      const rule = found[i]!
      let j = i - 1
      for (; j >= 0 && found[j]! > rule; j--) found[j + 1] = found[j]!
      found[j + 1] = rule
    }
  }
}

const NONE = new Int32Array(0)

/** An index as plain data: made in one process, it travels to others. */
export interface LiteralIndexPicture {
  readonly starting: TreePicture | null
  readonly containing: TreePicture | null
  readonly always: Int32Array
}

export class LiteralIndex {
  readonly #starting: LiteralTree | null
  readonly #containing: LiteralTree | null
  /** Rules whose patterns say nothing about the subject. */
  readonly #always: Int32Array

  /** @param source by rule what its pattern says, null: no rule of patterns, never a candidate; or a picture */
  constructor(source: readonly (Literals | null)[] | LiteralIndexPicture) {
    const { starting, containing, always } = 'always' in source ? source : indexOf(source)
    this.#starting = starting === null ? null : new LiteralTree(starting)
    this.#containing = containing === null ? null : new LiteralTree(containing)
    this.#always = always
  }

  get picture(): LiteralIndexPicture {
    return {
      starting: this.#starting?.picture ?? null,
      containing: this.#containing?.picture ?? null,
      always: this.#always,
    }
  }

  /** Bytes that its tables take. */
  get size(): number {
    return (this.#starting?.size ?? 0) + (this.#containing?.size ?? 0) + this.#always.byteLength
  }

  /** Fills `candidates` for a subject: every rule whose pattern matches it is among them. */
  find(subject: string, candidates: Candidates): void {
    candidates.begin(this.#always)
    this.#starting?.searchStart(subject, candidates)
    this.#containing?.search(subject, candidates)
    candidates.end()
  }
}

function indexOf(entries: readonly (Literals | null)[]): LiteralIndexPicture {
  const builder = new LiteralIndexBuilder()
  for (const [rule, entry] of entries.entries()) if (entry !== null) builder.add(rule, entry)
  return builder.finish()
}

/** Is told of the rules in their order. */
export class LiteralIndexBuilder {
  readonly #starting = new LiteralTexts()
  readonly #containing = new LiteralTexts()
  readonly #always: number[] = []
  /** The first ones: if there are no more, they are tried. */
  readonly #first: number[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(rule: number, { prefixes, required }: Literals): void {
    if (this.#count++ < WORTHWHILE) this.#first.push(rule)
    const prefix = shortest(prefixes)
    const need = shortest(required)
    if (prefix === 0 && need === 0) this.#always.push(rule)
    else if (prefix + PREFIX_BONUS >= need && prefix > 0)
      for (let i = 0; i < prefixes.length; i++) this.#starting.add(prefixes[i]!, MOST_BYTES, rule)
    else for (let i = 0; i < required.length; i++) this.#containing.add(required[i]!, MOST_BYTES, rule)
  }

  finish(): LiteralIndexPicture {
    if (this.#count < WORTHWHILE)
      return { starting: null, containing: null, always: Int32Array.from(this.#first) }
    const starting = this.#starting
    const containing = this.#containing
    const [classOf, classes] = classesOf(starting.bytes, containing.bytes)
    return {
      starting: starting.count === 0 ? null : LiteralTree.of(starting, 'start', classOf, classes).picture,
      containing:
        containing.count === 0 ? null : LiteralTree.of(containing, 'anywhere', classOf, classes).picture,
      always: Int32Array.from(this.#always),
    }
  }
}

/** For LiteralTree.findWhole. */
export function wholeTree(texts: LiteralTexts): TreePicture {
  const [classOf, classes] = classesOf(texts.bytes)
  return LiteralTree.of(texts, 'start', classOf, classes).picture
}

/** Texts are in lower case, so there are 230 classes at most. Bytes that no text has are one class, and a letter's two cases are one, in the order of the bytes. */
function classesOf(...lists: readonly Uint8Array[]): [Uint8Array, number] {
  const used = new Uint8Array(256)
  for (const bytes of lists) for (let i = 0; i < bytes.length; i++) used[bytes[i]!] = 1
  const classOf = new Uint8Array(256)
  let classes = 1
  for (let byte = 0; byte < 256; byte++) if (used[byte] === 1) classOf[byte] = classes++
  for (let upper = 0x41; upper <= 0x5a; upper++) classOf[upper] = classOf[upper + 0x20]!
  return [classOf, classes]
}

function firstFrom(sorted: Int32Array, start: number, rule: number): number {
  let low = start
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < rule) low = middle + 1
    else high = middle
  }
  return low
}

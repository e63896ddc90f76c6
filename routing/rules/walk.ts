// routing/rules/walk.ts: from one rule of a long chain to the next that is worth a try. What it leaves out could not have
// matched, so rules decide as if each had been tried in its turn.
import type { ChainPicture } from '../../base/rules-picture.ts'
import type { ChainIndex, SubjectIndex } from './chain-index.ts'
import { SUBJECT_LIMIT } from './pattern.ts'
import { Candidates, LiteralIndex } from './regex/literal-index.ts'
import { LiteralTree } from './regex/literal-tree.ts'
import { changeOf, type Run } from './run.ts'
import { readerOf } from './subject.ts'

/** @returns null: each rule is tried */
export function walkOf({ rules, index }: ChainPicture): Walk | null {
  return index === null ? null : new Walk(index as ChainIndex, rules.length)
}

/**
 * One for each chain, and for all requests: it is begun anew whenever a run goes on, and no run waits in the middle of it.
 * Candidates of a subject are looked up when the first rule that asks for it is reached, and again when a rule changed it.
 */
export class Walk {
  readonly #always: Int32Array
  readonly #cursors: readonly Cursor[]
  readonly #length: number
  #at = 0

  constructor({ always, subjects }: ChainIndex, length: number) {
    this.#always = always
    this.#cursors = subjects.map(subject => new Cursor(subject))
    this.#length = length
  }

  begin(run: Run): void {
    run.takeChanges()
    this.#at = 0
    for (const cursor of this.#cursors) cursor.begin()
  }

  /** First rule from there on that may act, or cannot be judged; the length of the chain: none. */
  next(run: Run, from: number): number {
    const cursors = this.#cursors
    const changes = run.takeChanges()
    const always = this.#always
    this.#at = firstFrom(always, this.#at, from)
    let best = this.#at < always.length ? always[this.#at]! : this.#length
    for (let i = 0; i < cursors.length; i++) best = cursors[i]!.next(run, from, best, changes)
    return best
  }
}

const NONE = new Int32Array(0)

// The rules of one subject.
class Cursor {
  readonly #rules: Int32Array
  readonly #exact: LiteralTree | null
  readonly #index: LiteralIndex | null
  readonly #candidates = new Candidates()
  readonly #read: (run: Run) => string | undefined
  readonly #change: number
  // Position in #rules, until candidates are looked up.
  #at = 0
  #isFound = false
  // Whether the subject is there at all.
  #isPresent = false
  // Rules for the very text, and for the text before its last newline: positions in #same.
  readonly #same: Int32Array
  #sameAt = 0
  #sameEnd = 0
  #beforeAt = 0
  #beforeEnd = 0

  constructor({ subject, rules, exact, literals }: SubjectIndex) {
    this.#rules = rules
    this.#exact = exact === null ? null : new LiteralTree(exact)
    this.#same = exact === null ? NONE : exact.rules
    this.#index = literals === null ? null : new LiteralIndex(literals)
    this.#read = readerOf(subject)
    this.#change = changeOf(subject.kind)
  }

  begin(): void {
    this.#at = 0
    this.#isFound = false
  }

  /** @returns its first rule from there on that stands before `best`; else `best` */
  next(run: Run, from: number, best: number, changes: number): number {
    if ((changes & this.#change) !== 0) this.#isFound = false
    if (!this.#isFound) {
      const rules = this.#rules
      this.#at = firstFrom(rules, this.#at, from)
      const first = this.#at < rules.length ? rules[this.#at]! : best
      if (first >= best) return best
      const subject = this.#read(run)
      // The rule will say that it cannot judge it.
      if (subject !== undefined && subject.length > SUBJECT_LIMIT) return first
      this.#find(subject)
    }
    if (!this.#isPresent) return best
    let next = best
    if (this.#index !== null) {
      const found = this.#candidates.next(from)
      if (found >= 0 && found < next) next = found
    }
    const same = this.#same
    while (this.#sameAt < this.#sameEnd && same[this.#sameAt]! < from) this.#sameAt++
    if (this.#sameAt < this.#sameEnd && same[this.#sameAt]! < next) next = same[this.#sameAt]!
    while (this.#beforeAt < this.#beforeEnd && same[this.#beforeAt]! < from) this.#beforeAt++
    if (this.#beforeAt < this.#beforeEnd && same[this.#beforeAt]! < next) next = same[this.#beforeAt]!
    return next
  }

  #find(subject: string | undefined): void {
    this.#isFound = true
    this.#isPresent = subject !== undefined
    if (subject === undefined) return
    this.#sameAt = this.#sameEnd = this.#beforeAt = this.#beforeEnd = 0
    const exact = this.#exact
    if (exact !== null) {
      const { length } = subject
      const whole = exact.findWhole(subject, length)
      if (whole >= 0) {
        this.#sameAt = exact.rulesFrom(whole)
        this.#sameEnd = exact.rulesFrom(whole + 1)
      }
      const before = subject.charCodeAt(length - 1) === 10 ? exact.findWhole(subject, length - 1) : -1
      if (before >= 0) {
        this.#beforeAt = exact.rulesFrom(before)
        this.#beforeEnd = exact.rulesFrom(before + 1)
      }
    }
    this.#index?.find(subject, this.#candidates)
  }
}

// Position of the first number from `from` on, at `at` or behind it.
function firstFrom(numbers: Int32Array, at: number, from: number): number {
  if (at >= numbers.length || numbers[at]! >= from) return at
  let low = at + 1
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! < from) low = middle + 1
    else high = middle
  }
  return low
}

// routing/rules/regex/literal-tree.ts: many texts in one tree of bytes, walked once along a subject.
//
// States are numbered level by level, so the children of a state stand side by side and need no list of their own:
//
//   state       0   1   2   3   4 ...      children of 0: states 1 to 2, of 1: state 3, of 2: states 4 to 5
//   firstChild  1   3   4   6   6 ...      those of s: firstChild[s] up to, without, firstChild[s + 1]
//   entered     -   a   b   d   a ...      the class of the byte that leads into it
//
// That takes 9 bytes a state, whatever the alphabet; 21 where a search goes on from each byte, as it must know what to fall back
// to. There the first states, where every search passes, have rows of their own.
import type { LiteralTexts } from './literal-texts.ts'

/** A tree as plain data: made in one process, it travels to others. */
export interface TreePicture {
  readonly classOf: Uint8Array
  readonly classes: number
  readonly firstChild: Int32Array
  readonly entered: Uint8Array
  /** This, `ending` and `rows` are empty where texts are found at the start only. */
  readonly fail: Int32Array
  readonly ending: Int32Array
  readonly firstRule: Int32Array
  readonly rules: Int32Array
  readonly rows: Int32Array
}

/** States with a row: they are found by one look. */
const ROWED = 256

export class LiteralTree {
  /** Class of each byte: 0 for those in no text, and one for both cases of a letter. */
  readonly #classOf: Uint8Array
  readonly #classes: number
  readonly #firstChild: Int32Array
  readonly #entered: Uint8Array
  /** Where to go on when no child fits: the longest end of what was read that also begins a text. */
  readonly #fail: Int32Array
  /** Next state on that way where a text ends, the state itself included; 0: none. */
  readonly #ending: Int32Array
  /** Rules of the texts that end in a state: rules[firstRule[s]] up to firstRule[s + 1]. */
  readonly #firstRule: Int32Array
  readonly #rules: Int32Array
  /** The search that was last in a state where a text ends: a subject that repeats itself finds it once. */
  readonly #seen: Int32Array
  #searches = 0
  readonly #rows: Int32Array
  readonly #rowed: number

  constructor(picture: TreePicture) {
    this.#classOf = picture.classOf
    this.#classes = picture.classes
    this.#firstChild = picture.firstChild
    this.#entered = picture.entered
    this.#fail = picture.fail
    this.#ending = picture.ending
    this.#firstRule = picture.firstRule
    this.#rules = picture.rules
    this.#rows = picture.rows
    this.#rowed = picture.rows.length / picture.classes
    this.#seen = new Int32Array(picture.ending.length)
  }

  /**
   * @param texts those of one text by rising rules
   * @param where they are looked for: by searchStart, or by search
   */
  static of(
    texts: LiteralTexts,
    where: 'start' | 'anywhere',
    classOf: Uint8Array,
    classes: number,
  ): LiteralTree {
    const { states, firstChild, entered, firstRule, rules } = new Numbering(texts, classOf)
    const falling = where === 'start' ? 0 : states
    const tree = new LiteralTree({
      classOf,
      classes,
      firstChild: firstChild.slice(0, states + 1),
      entered: entered.slice(0, states),
      fail: new Int32Array(falling),
      ending: new Int32Array(falling),
      firstRule: firstRule.slice(0, states + 1),
      rules,
      rows: new Int32Array(Math.min(falling, ROWED) * classes),
    })
    tree.#link(falling)
    return tree
  }

  get picture(): TreePicture {
    return {
      classOf: this.#classOf,
      classes: this.#classes,
      firstChild: this.#firstChild,
      entered: this.#entered,
      fail: this.#fail,
      ending: this.#ending,
      firstRule: this.#firstRule,
      rules: this.#rules,
      rows: this.#rows,
    }
  }

  /** Bytes that it takes. */
  get size(): number {
    return [
      this.#firstChild,
      this.#entered,
      this.#fail,
      this.#ending,
      this.#firstRule,
      this.#rules,
      this.#seen,
      this.#rows,
    ].reduce((sum, array) => sum + array.byteLength, 0)
  }

  /** Gives `found` the rules of all texts in a subject, each text once. */
  search(subject: string, found: RuleSink): void {
    const classOf = this.#classOf
    const fail = this.#fail
    const ending = this.#ending
    const rows = this.#rows
    const rowed = this.#rowed
    const classes = this.#classes
    const seen = this.#seen
    this.#searches = (this.#searches + 1) | 0
    const search = this.#searches
    let state = 0
    for (let i = 0; i < subject.length; i++) {
      const kind = classOf[subject.charCodeAt(i) & 255]!
      for (;;) {
        if (state < rowed) {
          state = rows[state * classes + kind]!
          break
        }
        const child = this.#child(state, kind)
        if (child !== 0) {
          state = child
          break
        }
        state = fail[state]!
      }
      for (let end = ending[state]!; end !== 0 && seen[end] !== search; end = ending[fail[end]!]!) {
        seen[end] = search
        this.#give(end, found)
      }
    }
  }

  /** The same for texts that the subject begins with. */
  searchStart(subject: string, found: RuleSink): void {
    const classOf = this.#classOf
    let state = 0
    for (let i = 0; i < subject.length; i++) {
      state = this.#child(state, classOf[subject.charCodeAt(i) & 255]!)
      if (state === 0) return
      this.#give(state, found)
    }
  }

  /**
   * For a text that is all of the subject but for what is cut off.
   *
   * @returns its state, for rulesFrom; -1: there is no such text
   */
  findWhole(subject: string, length: number): number {
    const classOf = this.#classOf
    let state = 0
    for (let i = 0; i < length; i++) {
      state = this.#child(state, classOf[subject.charCodeAt(i) & 255]!)
      if (state === 0) return -1
    }
    return state
  }

  /** Where the rules of a state begin among those of the picture; they end where those of the next one begin. */
  rulesFrom(state: number): number {
    return this.#firstRule[state]!
  }

  #give(state: number, found: RuleSink): void {
    const last = this.#firstRule[state + 1]!
    for (let i = this.#firstRule[state]!; i < last; i++) found.add(this.#rules[i]!)
  }

  /** The state behind a byte; 0 when there is none: no child is the root. */
  #child(state: number, kind: number): number {
    const entered = this.#entered
    let low = this.#firstChild[state]!
    let high = this.#firstChild[state + 1]!
    while (high - low > 4) {
      const middle = (low + high) >>> 1
      if (entered[middle]! <= kind) low = middle
      else high = middle
    }
    for (; low < high; low++) if (entered[low] === kind) return low
    return 0
  }

  /** What each state falls back to, from the shorter to the longer. */
  #link(states: number): void {
    const rows = this.#rows
    for (let state = 0; state < states; state++) {
      const fall = this.#fail[state]!
      const ends = this.#firstRule[state + 1]! > this.#firstRule[state]!
      this.#ending[state] = state === 0 ? 0 : ends ? state : this.#ending[fall]!
      // The row of a state is that of its fall, with its own children in it.
      if (state > 0 && state < this.#rowed)
        rows.copyWithin(state * this.#classes, fall * this.#classes, (fall + 1) * this.#classes)
      const last = this.#firstChild[state + 1]!
      for (let child = this.#firstChild[state]!; child < last; child++) {
        const kind = this.#entered[child]!
        if (state > 0) this.#fail[child] = this.#fallen(fall, kind)
        if (state < this.#rowed) rows[state * this.#classes + kind] = child
      }
    }
  }

  #fallen(state: number, kind: number): number {
    for (let at = state; ; at = this.#fail[at]!) {
      const child = this.#child(at, kind)
      if (child !== 0 || at === 0) return child
    }
  }
}

/**
 * The states of a tree, level by level: a state is a range of the texts, which agree up to its depth. Each is put in order
 * by its next byte only when its range is met, as most texts stand alone after a few. The bytes lie side by side: a
 * million states are made of 100,000 texts, and each would look for its text somewhere else in memory.
 */
class Numbering {
  states = 1
  readonly firstChild: Int32Array
  readonly entered: Uint8Array
  readonly firstRule: Int32Array
  readonly rules: Int32Array
  /** Classes of the bytes of all texts, and a 0 behind each: classes of texts begin at 1. */
  readonly #bytes: Uint8Array
  /** Numbers of texts: states are ranges of it. */
  readonly #order: Int32Array
  /** For each of these the place of its next byte. */
  readonly #at: Int32Array
  readonly #counts = new Int32Array(257)
  #spareOrder = new Int32Array(0)
  #spareAt = new Int32Array(0)

  constructor(texts: LiteralTexts, classOf: Uint8Array) {
    const { count, begin, bytes } = texts
    const total = bytes.length
    this.#bytes = new Uint8Array(total + count)
    this.#order = new Int32Array(count)
    this.#at = new Int32Array(count)
    for (let i = 0, to = 0; i < count; i++) {
      this.#order[i] = i
      this.#at[i] = to
      for (let from = begin[i]!; from < begin[i + 1]!; from++) this.#bytes[to++] = classOf[bytes[from]!]!
      to++
    }
    this.firstChild = new Int32Array(total + 2)
    this.entered = new Uint8Array(total + 1)
    this.firstRule = new Int32Array(total + 2)
    this.rules = new Int32Array(count)
    this.#number(texts.rules)
  }

  #number(ruleOf: Int32Array): void {
    const { firstChild, firstRule, entered, rules } = this
    const order = this.#order
    const bytes = this.#bytes
    const at = this.#at
    // Where the range of each state begins and ends.
    const from = new Int32Array(entered.length)
    const to = new Int32Array(entered.length)
    to[0] = order.length
    let next = 1
    let given = 0
    for (let state = 0; state < next; state++) {
      firstChild[state] = next
      firstRule[state] = given
      let i = from[state]!
      const end = to[state]!
      if (end - i > 1) this.#sort(i, end)
      for (; i < end && bytes[at[i]!] === 0; i++) rules[given++] = ruleOf[order[i]!]!
      while (i < end) {
        const kind = bytes[at[i]!]!
        from[next] = i
        for (; i < end && bytes[at[i]!] === kind; i++) at[i]!++
        to[next] = i
        entered[next++] = kind
      }
    }
    firstChild[next] = next
    firstRule[next] = given
    this.states = next
  }

  /** By the next byte, those that end there first; equal ones stay in their order. */
  #sort(from: number, to: number): void {
    const order = this.#order
    const bytes = this.#bytes
    const at = this.#at
    if (to - from <= FEW) {
      for (let i = from + 1; i < to; i++) {
        const text = order[i]!
        const place = at[i]!
        const kind = bytes[place]!
        let j = i - 1
        for (; j >= from && bytes[at[j]!]! > kind; j--) {
          order[j + 1] = order[j]!
          at[j + 1] = at[j]!
        }
        order[j + 1] = text
        at[j + 1] = place
      }
      return
    }
    const places = this.#counts.fill(0)
    for (let i = from; i < to; i++) places[bytes[at[i]!]! + 1]!++
    for (let kind = 1; kind <= 256; kind++) places[kind]! += places[kind - 1]!
    if (this.#spareAt.length < to - from) {
      this.#spareOrder = new Int32Array(to - from)
      this.#spareAt = new Int32Array(to - from)
    }
    const [spareOrder, spareAt] = [this.#spareOrder, this.#spareAt]
    for (let i = from; i < to; i++) {
      const place = places[bytes[at[i]!]!]!++
      spareOrder[place] = order[i]!
      spareAt[place] = at[i]!
    }
    order.set(spareOrder.subarray(0, to - from), from)
    at.set(spareAt.subarray(0, to - from), from)
  }
}

/** So many are sorted without counting. */
const FEW = 24

/** Takes the numbers of rules, in any order. */
export interface RuleSink {
  add(rule: number): void
}

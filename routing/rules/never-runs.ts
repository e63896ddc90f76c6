// routing/rules/never-runs.ts: which rules of a chain can never run, whatever a request holds. Pure; one walk over the chain.
// It never calls a rule dead that could run: where it cannot know, it says nothing.
import { fnv1a } from '../../base/fnv.ts'

/** What matters of a rule. Its number is its place in the list. */
export interface FlowRule {
  readonly isLabel: boolean
  /** It acts on every request that reaches it. */
  readonly isAlways: boolean
  /** No rule behind it runs once it acted. */
  readonly ends: boolean
  /** Where it leads once it acted: a number; 'anywhere': not known before there is a request; null: on. */
  readonly jump: number | 'anywhere' | null
  /** What it tests: the same subject and the same text are the same test. */
  readonly subject: string
  /** null: its answer may change from one rule to the next. */
  readonly test: string | null
  /** Its action may change what tests look at. */
  readonly writes: boolean
}

export type Dead =
  /** `count` rules from here on, as the rule `by` ends the chain for every request. */
  | { readonly kind: 'unreachable'; readonly rule: number; readonly count: number; readonly by: number }
  | { readonly kind: 'unused label'; readonly rule: number }
  /** What it tests was tested before, and then the chain ended. */
  | { readonly kind: 'shadowed'; readonly rule: number; readonly by: number }

export function neverRuns(rules: readonly FlowRule[]): Dead[] {
  const firstJump = firstJumps(rules)
  return [...unreachable(rules), ...unusedLabels(rules, firstJump), ...shadowed(rules, firstJump)].sort(
    (a, b) => a.rule - b.rule,
  )
}

// The first rule that leads to each; their count: none does. A jump to anywhere may lead to every label, and by number to
// every rule.
function firstJumps(rules: readonly FlowRule[]): Int32Array {
  const first = new Int32Array(rules.length).fill(rules.length)
  let anywhere = rules.length
  for (let i = 0; i < rules.length; i++) {
    const { jump } = rules[i]!
    if (anywhere < first[i]!) first[i] = anywhere
    if (jump === 'anywhere') anywhere = Math.min(anywhere, i)
    else if (jump !== null && jump > i && jump < rules.length) first[jump] = Math.min(first[jump]!, i)
  }
  return first
}

function unreachable(rules: readonly FlowRule[]): Dead[] {
  const dead: Dead[] = []
  const isTarget = new Uint8Array(rules.length)
  let isOn = true
  let anywhere = false
  let by = 0
  let run: { kind: 'unreachable'; rule: number; count: number; by: number } | null = null
  for (let i = 0; i < rules.length; i++) {
    const { isLabel, isAlways, ends, jump } = rules[i]!
    if (isOn || anywhere || isTarget[i] === 1) {
      run = null
      anywhere ||= jump === 'anywhere'
      if (typeof jump === 'number') isTarget[jump] = 1
      isOn = !(isAlways && (ends || jump !== null))
      if (!isOn) by = i
    } else if (run !== null) run.count++
    else if (!isLabel) {
      run = { kind: 'unreachable', rule: i, count: 1, by }
      dead.push(run)
    }
  }
  return dead
}

function unusedLabels(rules: readonly FlowRule[], firstJump: Int32Array): Dead[] {
  const dead: Dead[] = []
  for (let rule = 0; rule < rules.length; rule++)
    if (rules[rule]!.isLabel && firstJump[rule] === rules.length) dead.push({ kind: 'unused label', rule })
  return dead
}

// Whoever comes to a rule came by the earlier one, too, unless a jump from before that one leads over it.
function shadowed(rules: readonly FlowRule[], firstJump: Int32Array): Dead[] {
  const dead: Dead[] = []
  const ended = new Ended(rules)
  for (let i = 0; i < rules.length; i++) {
    const { test, ends, writes } = rules[i]!
    while (ended.last > firstJump[i]!) ended.forgetLast()
    if (test !== null) {
      const by = ended.find(i)
      if (by >= 0) dead.push({ kind: 'shadowed', rule: i, by })
      else if (ends) ended.add(i)
    }
    if (writes && !ends) while (ended.last >= 0) ended.forgetLast()
  }
  return dead
}

/**
 * Rules that end the chain, by what they test; the last one added is the first that is forgotten. No Map: that would
 * take each text into V8's own table, for good, and 100,000 of them take longer so than reading the rules.
 */
class Ended {
  readonly #rules: readonly FlowRule[]
  /** By hash: the last rule of its bucket; -1: none. */
  readonly #buckets: Int32Array
  /** By rule: the one before it in its bucket, or in order; -1: none. */
  readonly #inBucket: Int32Array
  readonly #before: Int32Array
  /** By rule; 0: not asked for yet. */
  readonly #hashes: Int32Array
  /** -1: there is none. */
  last = -1

  constructor(rules: readonly FlowRule[]) {
    this.#rules = rules
    this.#buckets = new Int32Array(1 << (32 - Math.clz32(rules.length))).fill(-1)
    this.#inBucket = new Int32Array(rules.length)
    this.#before = new Int32Array(rules.length)
    this.#hashes = new Int32Array(rules.length)
  }

  /** @returns the earlier rule that tests the same; -1: there is none */
  find(rule: number): number {
    const { subject, test } = this.#rules[rule]!
    const hash = this.#hash(rule)
    for (let at = this.#buckets[this.#bucket(hash)]!; at >= 0; at = this.#inBucket[at]!) {
      if (this.#hashes[at] !== hash) continue
      const other = this.#rules[at]!
      if (other.subject === subject && other.test === test) return at
    }
    return -1
  }

  add(rule: number): void {
    const bucket = this.#bucket(this.#hash(rule))
    this.#inBucket[rule] = this.#buckets[bucket]!
    this.#buckets[bucket] = rule
    this.#before[rule] = this.last
    this.last = rule
  }

  forgetLast(): void {
    const rule = this.last
    this.#buckets[this.#bucket(this.#hashes[rule]!)] = this.#inBucket[rule]!
    this.last = this.#before[rule]!
  }

  #bucket(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1)
  }

  #hash(rule: number): number {
    let hash = this.#hashes[rule]!
    if (hash !== 0) return hash
    hash = fnv1a(this.#rules[rule]!.test!)
    if (hash === 0) hash = 1
    this.#hashes[rule] = hash
    return hash
  }
}

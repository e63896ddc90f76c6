// routing/rules/never-runs.ts: which rules of a chain can never run, whatever a request holds. Pure; one walk over the chain.
// It never calls a rule dead that could run: where it cannot know, it says nothing.

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
  const earlier = new Map<string, Map<string, number>>() // rules that end the chain, by subject and what they test
  const order: number[] = [] // the same ones
  for (let i = 0; i < rules.length; i++) {
    const { subject, test, ends, writes } = rules[i]!
    while (order.length > 0 && order.at(-1)! > firstJump[i]!) {
      const over = rules[order.pop()!]!
      earlier.get(over.subject)!.delete(over.test!)
    }
    if (test !== null) {
      const same = earlier.get(subject)
      const by = same?.get(test)
      if (by !== undefined) dead.push({ kind: 'shadowed', rule: i, by })
      else if (ends) {
        if (same === undefined) earlier.set(subject, new Map([[test, i]]))
        else same.set(test, i)
        order.push(i)
      }
    }
    if (!writes || ends || order.length === 0) continue
    earlier.clear()
    order.length = 0
  }
  return dead
}

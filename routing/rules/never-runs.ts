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
  /** The same text for the same test; null: its answer may change from one rule to the next. */
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

// The first rule that leads to each; Infinity: none does. A jump to anywhere may lead to every label, and by number to
// every rule.
function firstJumps(rules: readonly FlowRule[]): readonly number[] {
  const first = rules.map(() => Number.POSITIVE_INFINITY)
  let anywhere = Number.POSITIVE_INFINITY
  for (const [i, { jump }] of rules.entries()) {
    first[i] = Math.min(first[i]!, anywhere)
    if (jump === 'anywhere') anywhere = Math.min(anywhere, i)
    else if (jump !== null && jump > i && jump < rules.length) first[jump] = Math.min(first[jump]!, i)
  }
  return first
}

function unreachable(rules: readonly FlowRule[]): Dead[] {
  const dead: Dead[] = []
  const isTarget = rules.map(() => false)
  let isOn = true
  let anywhere = false
  let by = 0
  let run: { kind: 'unreachable'; rule: number; count: number; by: number } | null = null
  for (const [i, { isLabel, isAlways, ends, jump }] of rules.entries()) {
    if (isOn || anywhere || isTarget[i]) {
      run = null
      anywhere ||= jump === 'anywhere'
      if (typeof jump === 'number') isTarget[jump] = true
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

function unusedLabels(rules: readonly FlowRule[], firstJump: readonly number[]): Dead[] {
  return rules.flatMap(({ isLabel }, rule) => {
    return isLabel && firstJump[rule] === Number.POSITIVE_INFINITY ? [{ kind: 'unused label', rule }] : []
  })
}

// Whoever comes to a rule came by the earlier one, too, unless a jump from before that one leads over it.
function shadowed(rules: readonly FlowRule[], firstJump: readonly number[]): Dead[] {
  const dead: Dead[] = []
  const earlier = new Map<string, number>() // rules that end the chain, by what they test
  const order: string[] = []
  for (const [i, { test, ends, writes }] of rules.entries()) {
    while (order.length > 0 && earlier.get(order.at(-1)!)! > firstJump[i]!) earlier.delete(order.pop()!)
    const by = test === null ? undefined : earlier.get(test)
    if (by !== undefined) dead.push({ kind: 'shadowed', rule: i, by })
    else if (test !== null && ends) {
      earlier.set(test, i)
      order.push(test)
    }
    if (!writes || ends) continue
    earlier.clear()
    order.length = 0
  }
  return dead
}

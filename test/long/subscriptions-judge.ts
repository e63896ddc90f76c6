// test/long/subscriptions-judge.ts: which failures of requests docs/subscription.md allows, given what was done to the nodes and to
// Sluice itself. All others are defects.
import type { Failure } from './subscriptions-load.ts'

/** A stretch of time, in milliseconds since 1970. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** What was done. */
export interface Deeds {
  /** A gateway was killed. */
  readonly kills: readonly number[]
  /** Sluice was away: from TERM until it served again. */
  readonly away: readonly Stretch[]
  /** The node of {@link HUNG} did not answer. */
  readonly hung: readonly Stretch[]
  /** The node of {@link SICK} answered 500. */
  readonly sick: readonly Stretch[]
}

export interface Rules {
  readonly gateways: number
  readonly timeoutMs: number
  /** The first rest of a node; each further one is twice as long. */
  readonly restMs: number
}

export interface Verdict {
  /** Counts by reason. */
  readonly allowed: Readonly<Record<string, number>>
  readonly defects: readonly Failure[]
  /** What was allowed once, but came too often. */
  readonly excess: readonly string[]
}

export const HUNG = 'hung.example'
export const SICK = 'sick.example'
/** Messages between processes and a gateway's coarse clock. */
const SLACK_MS = 300
/** Who is in hand when a gateway dies learns it at once. */
const DEATH_MS = 1_000
/** A gateway ejects when half of at least twenty answers are 5xx; what is on its way meanwhile comes on top. */
const MOST_5XX = 40
const CONNECTION_FAULTS = new Set(['refused', 'reset', 'closed under a request', 'cut'])

export function judge(failures: readonly Failure[], deeds: Deeds, rules: Rules): Verdict {
  const allowed: Record<string, number> = {}
  const defects: Failure[] = []
  const late = deeds.hung.map(() => 0)
  const bad = deeds.sick.map(() => 0)
  for (const failure of failures) {
    const reason = reasonFor(failure, deeds, rules)
    if (reason === null) defects.push(failure)
    else allowed[reason] = (allowed[reason] ?? 0) + 1
    if (reason === TRIAL) late[stretchOf(deeds.hung, failure.beganAt)]!++
    if (reason === ILL) bad[stretchOf(deeds.sick, failure.beganAt)]!++
  }
  return { allowed, defects, excess: [...tooLate(late, deeds, rules), ...tooBad(bad, deeds, rules)] }
}

const FIRST = '504 of a node that hangs, before it rested'
const TRIAL = '504 of a node that hangs, on trial'
const ILL = '500 of a node that is ill'

function reasonFor({ key, what, beganAt, endedAt }: Failure, deeds: Deeds, rules: Rules): string | null {
  if (CONNECTION_FAULTS.has(what)) {
    if (deeds.away.some(({ from, to }) => endedAt >= from && beganAt <= to)) return 'Sluice was away'
    const isCut =
      what !== 'refused' &&
      deeds.kills.some(at => beganAt <= at + SLACK_MS && endedAt >= at && endedAt <= at + DEATH_MS)
    return isCut ? 'in hand when its gateway was killed' : null
  }
  const hung = deeds.hung[stretchOf(deeds.hung, beganAt)]
  if (what === '504' && key === HUNG && hung !== undefined)
    return beganAt <= hung.from + rules.timeoutMs + SLACK_MS ? FIRST : TRIAL
  if (what === '500' && key === SICK && stretchOf(deeds.sick, beganAt) >= 0) return ILL
  return null
}

// One request for each rest and gateway.
function tooLate(counts: readonly number[], { hung }: Deeds, rules: Rules): string[] {
  return counts.flatMap((count, i) => {
    const most = rules.gateways * restsIn(hung[i]!.to - hung[i]!.from - rules.timeoutMs, rules)
    return count <= most ? [] : [`${count} requests met a node that hangs and had rested: more than ${most}`]
  })
}

function tooBad(counts: readonly number[], { sick }: Deeds, rules: Rules): string[] {
  return counts.flatMap((count, i) => {
    const most = rules.gateways * (MOST_5XX + restsIn(sick[i]!.to - sick[i]!.from, rules))
    return count <= most ? [] : [`${count} answers of a node that is ill were passed on: more than ${most}`]
  })
}

/** How many rests may end within this time: those who found it hung share what they know, or not. */
function restsIn(ms: number, { restMs }: Rules): number {
  let rests = 0
  for (let at = restMs; at < ms; at += restMs * 2 ** rests) rests++
  return rests
}

function stretchOf(stretches: readonly Stretch[], at: number): number {
  return stretches.findIndex(({ from, to }) => at >= from - SLACK_MS && at <= to + SLACK_MS)
}

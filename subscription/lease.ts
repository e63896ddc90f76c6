// subscription/lease.ts: how long an announcement holds: two and a half of the node's own intervals, as they were seen.
// uWSGI's fixed 17 seconds against announcements every 10 make one lost datagram a healthy node's death.

/** When a node was heard, in milliseconds of a clock that is handed in. Immutable: each announcement makes the next. */
export interface Lease {
  readonly heardMs: number
  /** The last gaps between announcements, oldest first; empty: none was seen yet. */
  readonly gapsMs: readonly number[]
}

/** Of nodes that the config names. */
export const FOREVER: Lease = { heardMs: Number.POSITIVE_INFINITY, gapsMs: [] }

const INTERVALS = 2.5
// Until two gaps were seen, as the first one after a start is short: 25.5 s with uWSGI's tolerance of 17, which is two and
// a half of its 10.
const TOLERANCES_AT_FIRST = 1.5
const GAPS_AT_FIRST = 2
// The longest of four: what is lost now and then makes a lease longer, and a burst at a start does not make it short.
const GAPS_KEPT = 4
// Nearer ones are the same announcement: doubled on its way, or sent to two of our addresses.
const SHORTEST_GAP_MS = 500
// Longer ones are absences; they must not keep a dead node for days.
const LONGEST_GAP_MS = 900_000

export function newLease(nowMs: number): Lease {
  return { heardMs: nowMs, gapsMs: [] }
}

/** The lease after one more announcement. */
export function renewed(lease: Lease, nowMs: number): Lease {
  if (lease === FOREVER) return lease
  const gap = nowMs - lease.heardMs
  if (gap < SHORTEST_GAP_MS) return { heardMs: Math.max(nowMs, lease.heardMs), gapsMs: lease.gapsMs }
  if (gap > LONGEST_GAP_MS) return newLease(nowMs)
  return { heardMs: nowMs, gapsMs: [...lease.gapsMs, gap].slice(-GAPS_KEPT) }
}

/** When it ends. @param toleranceMs the shortest lease there is (subscription-tolerance) */
export function leaseEndMs(lease: Lease, toleranceMs: number): number {
  const { heardMs, gapsMs } = lease
  const shortest = gapsMs.length < GAPS_AT_FIRST ? TOLERANCES_AT_FIRST * toleranceMs : toleranceMs
  return heardMs + Math.max(shortest, INTERVALS * Math.max(0, ...gapsMs))
}

/** A lease as a file keeps it: without a clock that means nothing to another run. */
export interface StoredLease {
  readonly agoMs: number
  readonly gapsMs: readonly number[]
}

export function storedLease({ heardMs, gapsMs }: Lease, nowMs: number): StoredLease {
  return { agoMs: Math.max(0, nowMs - heardMs), gapsMs }
}

/** What was left then is left now: while we were away nobody could be heard. */
export function restoredLease({ agoMs, gapsMs }: StoredLease, nowMs: number): Lease {
  return { heardMs: nowMs - agoMs, gapsMs }
}

// subscription/staleness.ts: which nodes of a key go because nobody heard of them: never the last good one for that alone.

/** What the decision needs of a node. */
export interface Aging {
  /** Milliseconds, in the clock of `nowMs`. */
  readonly leaseEndMs: number
  readonly heardMs: number
  /** Connects or checks fail: it is not merely unheard. */
  readonly isFailing: boolean
}

/** 'kept': unheard, but the best that its key has. */
export type Standing = 'fresh' | 'kept' | 'over'

/**
 * Judges all nodes of one key together. A node whose lease ended goes when another one that is heard and well is there.
 * Without one, the unheard node that was heard last and does not fail stays: its announcements may be lost, or its
 * master hung, while it serves. One that fails, too, goes even if it is the last.
 *
 * @returns for each node its standing, in the same order
 */
export function standings(nodes: readonly Aging[], nowMs: number): Standing[] {
  const isFresh = (node: Aging) => node.leaseEndMs > nowMs
  const hasGood = nodes.some(node => isFresh(node) && !node.isFailing)
  const kept = hasGood ? null : lastHeard(nodes.filter(node => !isFresh(node) && !node.isFailing))
  return nodes.map(node => (isFresh(node) ? 'fresh' : node === kept ? 'kept' : 'over'))
}

function lastHeard(nodes: readonly Aging[]): Aging | null {
  let last: Aging | null = null
  for (const node of nodes) if (last === null || node.heardMs > last.heardMs) last = node
  return last
}

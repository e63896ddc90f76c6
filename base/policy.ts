// base/policy.ts: the names of the ways to balance, as configs and packets write them; routing/balance/ has the ways.

/**
 * smooth: weighted turns without bursts, the default. wrr, lrc, wlrc, iphash: uWSGI's, pick for pick. p2c: the less busy
 * of two by lot. ewma: the quicker of two by lot. hash: the node that owns a key, unless it is busy.
 */
export const POLICIES = ['smooth', 'wrr', 'lrc', 'wlrc', 'iphash', 'p2c', 'ewma', 'hash'] as const
export type Policy = (typeof POLICIES)[number]

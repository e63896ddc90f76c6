// base/limits.ts: what gateways and their master say to each other about rate limits. A key is two numbers, the halves of a
// hash that all gateways make alike: texts of clients stay where they came.

/** Keys of one limit that a gateway is asked for more than half of its share, and those it was granted another share of. */
export interface LimitReport {
  /** Of the limit; all that follows is of this one. */
  readonly name: string
  /** Requests a second that a key may have, of all gateways together. */
  readonly perSecond: number
  /** Time that `asked` is of. */
  readonly ms: number
  /** High and low half of each key. */
  readonly keys: Uint32Array
  /** Requests of each key, those too that were refused. */
  readonly asked: Uint32Array
}

/** What part of the whole a gateway has of each key. */
export interface LimitGrant {
  readonly name: string
  readonly keys: Uint32Array
  /** From above 0 to 1; 0: as at first, the whole divided by the number of gateways. */
  readonly shares: Float32Array
}

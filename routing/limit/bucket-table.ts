// routing/limit/bucket-table.ts: the token buckets of one limit in one gateway, in a table of fixed size that knows no key but its
// hash: a hundred thousand new keys a second cost no more memory than ten.
//
//   set 0        set 1                 a key's set is told by its hash; it takes any of the eight places in it. When all are
//   [s s s s s s s s][s s s s …        taken it gets that of the fullest bucket: one that is full says nothing that a new
//                                      one would not say, and one that was emptied stays longest.

const WAYS = 8
const FIRST_SETS = 64
/** 2^14 sets: 131,072 keys in 4.3 MB. */
export const MOST_SETS = 16_384
/** Places that are reported at once at most. */
const MOST_BUSY = 4_096

/** What a limit allows a key, in this gateway and without grants. */
export interface Allowance {
  /** Tokens a millisecond, of all gateways. */
  readonly rate: number
  /** Most tokens that a bucket of all gateways holds; at least 1. */
  readonly burst: number
  readonly gateways: number
}

/** Keys and what was asked of them, for the master. */
export interface Asked {
  readonly keys: Uint32Array
  readonly asked: Uint32Array
}

export class BucketTable {
  readonly #mostSets: number
  #sets!: number
  #high!: Uint32Array
  #low!: Uint32Array
  #tokens!: Float64Array
  /** Milliseconds; -1: the place is empty. */
  #asOf!: Float64Array
  #share!: Float32Array // 0: none was granted
  #asked!: Uint32Array // since it was last told
  #isBusy!: Uint8Array // 1: it is in #busy
  #busy!: number[]

  constructor(mostSets = MOST_SETS) {
    this.#mostSets = mostSets
    this.#clear(Math.min(FIRST_SETS, mostSets))
  }

  /** Most keys that it has held room for by now. */
  get places(): number {
    return this.#asOf.length
  }

  /**
   * Takes a token.
   *
   * @param now milliseconds of a steady clock, not negative
   * @returns 0, or how many milliseconds it takes until there will be one
   */
  take(high: number, low: number, allowance: Allowance, now: number): number {
    const at = this.#place(high, low, allowance, now)
    const rate = this.#rateAt(at, allowance)
    const most = this.#mostAt(at, allowance)
    let tokens = Math.min(most, this.#tokens[at]! + Math.max(0, now - this.#asOf[at]!) * rate)
    this.#asOf[at] = now
    const asked = ++this.#asked[at]!
    // A key that came once is nobody's trouble, however small its bucket.
    const isMuch = tokens < 1 || (asked > 1 && tokens - 1 < most / 2)
    if (isMuch && this.#isBusy[at] === 0) this.#makeBusy(at)
    const waitMs = tokens >= 1 ? 0 : (1 - tokens) / rate
    if (waitMs === 0) tokens--
    this.#tokens[at] = tokens
    return waitMs
  }

  /** What was asked since the last call, of keys that are asked for much and those that have a grant. */
  tell(): Asked | null {
    const busy = this.#busy.filter(at => this.#isFirst(at))
    this.#busy = []
    if (busy.length === 0) return null
    const keys = new Uint32Array(busy.length * 2)
    const asked = new Uint32Array(busy.length)
    for (const [i, at] of busy.entries()) {
      keys[i * 2] = this.#high[at]!
      keys[i * 2 + 1] = this.#low[at]!
      asked[i] = this.#asked[at]!
      this.#asked[at] = 0
      this.#isBusy[at] = 0
      if (this.#share[at]! > 0) this.#makeBusy(at)
    }
    return { keys, asked }
  }

  /** @param share of the whole; 0: as at first */
  grant(high: number, low: number, share: number, allowance: Allowance, now: number): void {
    if (share === 0 && this.#find(high, low) < 0) return
    const at = this.#place(high, low, allowance, now)
    const rate = this.#rateAt(at, allowance)
    this.#tokens[at]! += Math.max(0, now - this.#asOf[at]!) * rate
    this.#asOf[at] = now
    this.#share[at] = share
    this.#tokens[at] = Math.min(this.#mostAt(at, allowance), this.#tokens[at]!)
    if (share > 0 && this.#isBusy[at] === 0) this.#makeBusy(at)
  }

  // A place may have changed hands, and then stands there twice.
  #isFirst(at: number): boolean {
    const isFirst = this.#isBusy[at] === 1
    this.#isBusy[at] = 2
    return isFirst
  }

  #makeBusy(at: number): void {
    if (this.#busy.length >= MOST_BUSY) return
    this.#isBusy[at] = 1
    this.#busy.push(at)
  }

  #rateAt(at: number, { rate, gateways }: Allowance): number {
    return rate * (this.#share[at]! || 1 / gateways)
  }

  // A small share says how fast tokens come, not that the first requests are refused.
  #mostAt(at: number, { burst, gateways }: Allowance): number {
    return Math.max(1, burst * Math.max(this.#share[at]!, 1 / gateways))
  }

  #find(high: number, low: number): number {
    const first = (low % this.#sets) * WAYS
    for (let at = first; at < first + WAYS; at++)
      if (this.#low[at] === low && this.#high[at] === high && this.#asOf[at]! >= 0) return at
    return -1
  }

  #place(high: number, low: number, allowance: Allowance, now: number): number {
    const known = this.#find(high, low)
    if (known >= 0) return known
    let at = this.#cheapest(low, allowance, now)
    if (at < 0) {
      this.#grow()
      at = this.#cheapest(low, allowance, now)
    }
    this.#high[at] = high
    this.#low[at] = low
    this.#share[at] = 0
    this.#asked[at] = 0
    this.#isBusy[at] = 0 // a busy one that had to go is left out when its turn comes
    this.#asOf[at] = now
    this.#tokens[at] = this.#mostAt(at, allowance)
    return at
  }

  // -1: somebody's bucket would be forgotten, and there may be more room.
  #cheapest(low: number, allowance: Allowance, now: number): number {
    const first = (low % this.#sets) * WAYS
    let best = first
    let least = Number.POSITIVE_INFINITY
    for (let at = first; at < first + WAYS; at++) {
      if (this.#asOf[at]! < 0) return at
      const tokens = this.#tokens[at]! + (now - this.#asOf[at]!) * this.#rateAt(at, allowance)
      const lacks = this.#mostAt(at, allowance) - tokens
      if (lacks <= 0 && this.#isBusy[at] !== 1) return at
      const loss = this.#isBusy[at] === 1 ? lacks + allowance.burst + 1 : lacks
      if (loss < least) {
        least = loss
        best = at
      }
    }
    return this.#sets < this.#mostSets ? -1 : best
  }

  #grow(): void {
    const old = { high: this.#high, low: this.#low, tokens: this.#tokens, asOf: this.#asOf }
    const { high, low, tokens, asOf } = old
    const [share, asked, isBusy] = [this.#share, this.#asked, this.#isBusy]
    const before = this.#sets
    this.#clear(Math.min(this.#mostSets, before * 4))
    // Sets are a power of two, so a set's keys go to sets that only they go to: each has room.
    for (let from = 0; from < before * WAYS; from++) {
      if (asOf[from]! < 0) continue
      let at = (low[from]! % this.#sets) * WAYS
      while (this.#asOf[at]! >= 0) at++
      this.#high[at] = high[from]!
      this.#low[at] = low[from]!
      this.#tokens[at] = tokens[from]!
      this.#asOf[at] = asOf[from]!
      this.#share[at] = share[from]!
      this.#asked[at] = asked[from]!
      if (isBusy[from] === 1) this.#makeBusy(at)
    }
  }

  // Empty places, all of them.
  #clear(sets: number): void {
    const places = sets * WAYS
    this.#sets = sets
    this.#high = new Uint32Array(places)
    this.#low = new Uint32Array(places)
    this.#tokens = new Float64Array(places)
    this.#asOf = new Float64Array(places).fill(-1)
    this.#share = new Float32Array(places)
    this.#asked = new Uint32Array(places)
    this.#isBusy = new Uint8Array(places)
    this.#busy = []
  }
}

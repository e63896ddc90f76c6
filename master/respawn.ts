// master/respawn.ts: when to start a process again that ended: at once, but not in a circle.

export interface RespawnOptions {
  /** Wait after the second death in a row; doubles with each further one. */
  readonly firstMs: number
  readonly longestMs: number
  /** A life shorter than this counts as a death in a row; a longer one ends the row. */
  readonly youngMs: number
}

/** One seat's memory of short lives. */
export class Respawn {
  readonly #options: RespawnOptions
  readonly #now: () => number
  #startedAt = 0
  #timer: NodeJS.Timeout | null = null
  /** Short lives in a row. */
  youngDeaths = 0

  constructor(options: RespawnOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** To be called at every start. */
  started(): void {
    this.#startedAt = this.#now()
  }

  /** Calls `start` when it may be tried again. @returns the wait in milliseconds */
  after(start: () => void): number {
    const waitMs = this.nextWait()
    this.#timer = setTimeout(start, waitMs)
    return waitMs
  }

  /** Counts this death. @returns milliseconds to wait: 0 after a long life and after the first short one */
  nextWait(): number {
    const { firstMs, longestMs, youngMs } = this.#options
    if (this.#now() - this.#startedAt >= youngMs) {
      this.youngDeaths = 0
      return 0
    }
    const waitMs = this.youngDeaths === 0 ? 0 : Math.min(firstMs * 2 ** (this.youngDeaths - 1), longestMs)
    this.youngDeaths++
    return waitMs
  }

  cancel(): void {
    if (this.#timer) clearTimeout(this.#timer)
  }
}

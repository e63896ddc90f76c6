// master/recent.ts: how much there was of something in the last minute, second by second.

const SECONDS = 60

export class Recent {
  readonly #counts = new Uint32Array(SECONDS) // that of second s, of the clock handed in, at s modulo 60
  #last = Number.NEGATIVE_INFINITY // the second that was counted in last

  /** @param now milliseconds, of a clock that does not go back */
  add(count: number, now: number): void {
    const second = Math.floor(now / 1000)
    const missed = Math.min(second - this.#last - 1, SECONDS)
    for (let i = 0; i < missed; i++) this.#counts[(second - 1 - i) % SECONDS] = 0
    if (second === this.#last) this.#counts[second % SECONDS]! += count
    else this.#counts[second % SECONDS] = count
    this.#last = second
  }

  /** In the last `ms`, a minute at most; whole seconds, the one that runs included. */
  within(ms: number, now: number): number {
    const second = Math.floor(now / 1000)
    const first = Math.max(0, second - SECONDS + 1, Math.floor((now - ms) / 1000))
    let sum = 0
    for (let s = Math.max(first, this.#last - SECONDS + 1); s <= Math.min(second, this.#last); s++) {
      sum += this.#counts[s % SECONDS]!
    }
    return sum
  }
}

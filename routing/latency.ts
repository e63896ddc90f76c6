// routing/latency.ts: how long a node lately took: a peak is believed at once, what is better only with time.

/** Milliseconds in which what was seen loses two thirds of its weight. */
const TAU_MS = 10_000

/**
 * A moving mean that decays by time, not by count (the peak EWMA of Finagle). Between answers it falls towards zero, so
 * that a node which once was slow is tried again.
 */
export class Latency {
  #ms = 0
  #at = 0

  /** An answer, or its lack, took this long. */
  observe(ms: number, now: number): void {
    const before = this.at(now)
    const kept = Math.exp(-Math.max(0, now - this.#at) / TAU_MS)
    this.#ms = ms >= before ? ms : this.#ms * kept + ms * (1 - kept)
    this.#at = now
  }

  /** @returns milliseconds, decayed to now; 0 while nothing was seen */
  at(now: number): number {
    return this.#ms === 0 ? 0 : this.#ms * Math.exp(-Math.max(0, now - this.#at) / TAU_MS)
  }
}

// routing/health.ts: what is held against one node: rests that grow while it keeps failing, and its share of 5xx.
// Plain state with the clock handed in; it outlives the node's record, so that announcing again forgives nothing.

/** A minute without a rest takes one doubling back. */
const FORGIVE_MS = 60_000
/** Answers are judged over two windows of this length, the one before and the one that runs. */
const WINDOW_MS = 5_000
/** Fewer answers say nothing. */
const LEAST_ANSWERS = 20
/** Of those, this share of 5xx marks the node. */
const ERROR_SHARE = 0.5

export class Health {
  #rests = 0 // doublings held against it
  #restedUntil = Number.NEGATIVE_INFINITY
  #windowFrom = -WINDOW_MS * 2 // whole milliseconds: V8 keeps a fraction in an object of its own
  #answers = 0
  #errors = 0
  #answersBefore = 0
  #errorsBefore = 0

  /**
   * The next rest, and counts it. Failures during a rest are the same trouble: they do not make it grow.
   *
   * @param baseMs the first one
   * @param mostMs never longer
   * @returns milliseconds: base, twice that, four times that, … up to the most
   */
  nextRestMs(now: number, baseMs: number, mostMs: number): number {
    if (now >= this.#restedUntil) {
      const forgiven = Math.floor((now - this.#restedUntil) / FORGIVE_MS)
      this.#rests = Math.max(0, this.#rests - forgiven) + 1
    }
    const ms = Math.max(baseMs, Math.min(mostMs, baseMs * 2 ** Math.min(this.#rests - 1, 30)))
    this.#restedUntil = now + ms
    return ms
  }

  /**
   * Counts an answer.
   *
   * @returns true when too many of the last 5 to 10 seconds were 5xx; what was counted is then forgotten
   */
  answered(isServerError: boolean, now: number): boolean {
    this.#turnWindow(now)
    this.#answers++
    if (!isServerError) return false
    this.#errors++
    const answers = this.#answers + this.#answersBefore
    if (answers < LEAST_ANSWERS || this.#errors + this.#errorsBefore < answers * ERROR_SHARE) return false
    this.#answers = this.#errors = this.#answersBefore = this.#errorsBefore = 0
    return true
  }

  /** True when nothing is held against it any more, so that nobody need remember it. */
  isForgiven(now: number): boolean {
    return now - this.#restedUntil >= this.#rests * FORGIVE_MS
  }

  #turnWindow(now: number): void {
    const age = now - this.#windowFrom
    if (age < WINDOW_MS) return
    const isNext = age < 2 * WINDOW_MS
    this.#answersBefore = isNext ? this.#answers : 0
    this.#errorsBefore = isNext ? this.#errors : 0
    this.#answers = this.#errors = 0
    this.#windowFrom = isNext ? this.#windowFrom + WINDOW_MS : Math.trunc(now)
  }
}

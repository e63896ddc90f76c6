// subscription/client/watch.ts: looks at a service again and again, and tells when it comes up and when it goes down.

export interface WatchOptions {
  /** One look: why it is not well, or null. Never rejects. */
  readonly look: () => Promise<string | null>
  readonly intervalMs: number
  /** Failed looks in a row that make it down. One good look makes it up. */
  readonly fall: number
  readonly onUp: () => void
  /** @param wasUp false: it has not been up yet. Told once until it comes up */
  readonly onDown: (problem: string, wasUp: boolean) => void
}

// What has just been started is looked at more often, so that it gets traffic as soon as it can.
const FIRST_MS = 50

/** Begins with the first look at once. */
export class Watch {
  readonly #options: WatchOptions
  #timer: NodeJS.Timeout | undefined
  #pauseMs: number
  #isUp = false
  #wasUp = false
  #isTold = false
  #failures = 0
  #isStopped = false

  constructor(options: WatchOptions) {
    this.#options = options
    this.#pauseMs = Math.min(FIRST_MS, options.intervalMs)
    this.#look()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const problem = await this.#options.look()
    if (this.#isStopped) return
    if (problem === null) this.#good()
    else this.#bad(problem)
    this.#timer = setTimeout(() => this.#look(), this.#pauseMs)
    if (this.#wasUp) this.#pauseMs = this.#options.intervalMs
    else this.#pauseMs = Math.min(this.#pauseMs * 1.5, this.#options.intervalMs)
  }

  #good(): void {
    this.#failures = 0
    if (this.#isUp) return
    this.#isUp = true
    this.#wasUp = true
    this.#isTold = false
    this.#pauseMs = this.#options.intervalMs
    this.#options.onUp()
  }

  // One that never was up may just be slow to start: it is told once looks have slowed down.
  #bad(problem: string): void {
    this.#failures++
    const isSlow = this.#wasUp || this.#pauseMs >= this.#options.intervalMs
    if (this.#isTold || this.#failures < this.#options.fall || !isSlow) return
    this.#isTold = true
    this.#isUp = false
    this.#options.onDown(problem, this.#wasUp)
  }
}

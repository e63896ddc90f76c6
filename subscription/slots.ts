// subscription/slots.ts: lets only so many pieces of work run at once; the others wait in the order in which they came.

export class Slots {
  readonly #most: number
  #taken = 0
  readonly #waiting = new Map<object, () => Promise<void>>()

  constructor(most: number) {
    this.#most = most
  }

  /** @param owner has one piece of work at a time. @param work never rejects */
  run(owner: object, work: () => Promise<void>): void {
    if (this.#taken < this.#most) this.#start(work)
    else this.#waiting.set(owner, work)
  }

  /** Its work does not begin any more, if it did not yet. */
  forget(owner: object): void {
    this.#waiting.delete(owner)
  }

  #start(work: () => Promise<void>): void {
    this.#taken++
    void work().finally(() => this.#next())
  }

  #next(): void {
    this.#taken--
    for (const [owner, work] of this.#waiting) {
      this.#waiting.delete(owner)
      this.#start(work)
      return
    }
  }
}

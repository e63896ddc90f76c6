// routing/retry-budget.ts: keeps retries from doubling the load of nodes that are failing already.

const MOST = 100
const PER_REQUEST = 0.2

/** Each request earns a fifth of a retry, up to a hundred in hand; a fresh budget is full. */
export class RetryBudget {
  #credit = MOST

  earn(): void {
    if (this.#credit < MOST) this.#credit += PER_REQUEST
  }

  /** @returns false, spending nothing, when too many of the last requests were retried */
  spend(): boolean {
    if (this.#credit < 1) return false
    this.#credit--
    return true
  }
}

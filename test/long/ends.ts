// test/long/ends.ts: what a long run has started, and how it ends whatever happens: stands where tests have tap's t.

/** Ends what was started, the latest first. */
export class Ends {
  readonly #ends: (() => unknown)[] = []

  teardown(end: () => unknown): void {
    this.#ends.push(end)
  }

  async all(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end()
  }
}

// routing/rules/ours/in-flight.ts: how many requests of a key this gateway has in hand. Knows only keys that have some.
import type { Hold } from '../run.ts'

export class InFlight {
  readonly #counts = new Map<string, number>()

  /** @returns null when the key has as many as it may; else release it once */
  take(name: string, key: string, most: number): Hold | null {
    const text = `${name}\0${key}`
    const count = this.#counts.get(text) ?? 0
    if (count >= most) return null
    this.#counts.set(text, count + 1)
    return { release: () => this.#release(text) }
  }

  /** Keys that have requests in hand. */
  get size(): number {
    return this.#counts.size
  }

  #release(text: string): void {
    const count = this.#counts.get(text)! - 1
    if (count === 0) this.#counts.delete(text)
    else this.#counts.set(text, count)
  }
}

// routing/health-memory.ts: what was held against nodes that left, for when they come back under the same name.
import type { Health } from './health.ts'
import type { Node } from './node.ts'

/** Names that are remembered; beyond, who left first is forgotten. */
const MOST_NAMES = 10_000

interface Record {
  readonly health: Health
  readonly restsUntil: number
}

export class HealthMemory {
  readonly #records = new Map<string, Record>() // who left first is first

  get size(): number {
    return this.#records.size
  }

  /** The node leaves. One that nothing is held against is not worth a place. */
  keep({ name, health, state, restsUntil }: Node, now: number): void {
    if (health.isForgiven(now)) return
    this.#records.delete(name)
    this.#records.set(name, { health, restsUntil: state === 'resting' ? restsUntil : now })
    if (this.#records.size <= MOST_NAMES) return
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest)
      return
    }
  }

  /** A node of this name comes. @returns undefined when nothing is held against it; else what, and its unfinished rest */
  take(name: string, now: number): Record | undefined {
    const record = this.#records.get(name)
    this.#records.delete(name)
    return record === undefined || record.health.isForgiven(now) ? undefined : record
  }
}

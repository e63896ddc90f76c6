// routing/table.ts: the immutable picture key -> backend -> nodes, swapped whole. Here subscription and gateway meet.
import type { Backend } from './backend.ts'

export class Table {
  readonly #byKey: ReadonlyMap<string, Backend>
  readonly #rest: Backend | null

  /**
   * @param byKey backends by host name in lower case, with or without port
   * @param rest serves every key that is not there: the static nodes (http-to)
   */
  constructor(byKey: ReadonlyMap<string, Backend>, rest: Backend | null) {
    this.#byKey = byKey
    this.#rest = rest
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0 && this.#rest === null
  }

  /** True when the key does not matter, so that a caller need not make its text. */
  get hasOnlyRest(): boolean {
    return this.#byKey.size === 0
  }

  /** @param key Host as sent, in lower case: `name:port` is looked up before `name`. @returns null: nobody serves it */
  find(key: string): Backend | null {
    if (this.#byKey.size === 0) return this.#rest
    const exact = this.#byKey.get(key)
    if (exact !== undefined) return exact
    const colon = key.lastIndexOf(':')
    const byName = colon > 0 && !key.endsWith(']') ? this.#byKey.get(key.slice(0, colon)) : undefined
    return byName ?? this.#rest
  }
}

// master/rules-store.ts: the route rules that gateways are told, each set once under an id of its own. The same rules keep their
// id over reloads, so they are not sent again.
import { isDeepStrictEqual } from 'node:util'
import { deserialize } from 'node:v8'
import type { ToGateway } from '../base/messages.ts'

type Part = Extract<ToGateway, { kind: 'rules-part' }>

export class RulesStore {
  readonly #stored = new Map<number, readonly Part[]>() // by id
  #last = 0

  /** @param parts see rules-writer.ts; null: there are no rules, which has the id 0 */
  add(parts: readonly Uint8Array[] | null): number {
    if (parts === null) return 0
    for (const [id, known] of this.#stored) if (areSame(known, parts)) return id
    const id = ++this.#last
    const last = parts.length - 1
    this.#stored.set(
      id,
      parts.map((bytes, i) => ({ kind: 'rules-part', id, bytes, isLast: i === last })),
    )
    return id
  }

  /** What a gateway must be told before a picture that names these rules. */
  messages(id: number): readonly ToGateway[] {
    return this.#stored.get(id) ?? []
  }

  /** Forgets all rules but these. */
  keep(id: number): void {
    for (const each of this.#stored.keys()) if (each !== id) this.#stored.delete(each)
  }
}

// The same rules may have other bytes: what they say counts, up to the first part that differs.
function areSame(known: readonly Part[], parts: readonly Uint8Array[]): boolean {
  return known.length === parts.length && known.every(({ bytes }, i) => saysTheSame(bytes, parts[i]!))
}

function saysTheSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0 || isDeepStrictEqual(deserialize(a), deserialize(b))
}

// master/rules-store.ts: the route rules that gateways are told, each set once under an id of its own. The same rules keep their
// id over reloads, so they are not sent again.
import { isDeepStrictEqual } from 'node:util'
import { serialize } from 'node:v8'
import type { ToGateway } from '../base/messages.ts'
import { type RulesPiece, sliced } from '../base/rules-parts.ts'
import type { ChainName, ChainPicture, RulePicture, RulesPicture } from '../base/rules-picture.ts'

type Unnumbered = Omit<RulesPicture, 'id'>
type Part = Extract<ToGateway, { kind: 'rules-part' }>

/** Rules of one part, and bytes that a part should stay below: a gateway reads one in some milliseconds. */
const PART_RULES = 512
const PART_BYTES = 128 * 1024

interface Stored {
  readonly rules: Unnumbered
  readonly parts: readonly Part[]
}

export class RulesStore {
  readonly #stored = new Map<number, Stored>() // by id
  #last = 0

  /** @param rules null: there are none, which has the id 0 */
  add(rules: Unnumbered | null): number {
    if (rules === null) return 0
    const bytes = partsOf(rules)
    for (const [id, known] of this.#stored) if (areSame(known, rules, bytes)) return id
    const id = ++this.#last
    const last = bytes.length - 1
    const parts = bytes.map((part, i): Part => ({ kind: 'rules-part', id, bytes: part, isLast: i === last }))
    this.#stored.set(id, { rules, parts })
    return id
  }

  /** What a gateway must be told before a picture that names these rules. */
  messages(id: number): readonly ToGateway[] {
    return this.#stored.get(id)?.parts ?? []
  }

  /** Forgets all rules but these. */
  keep(id: number): void {
    for (const each of this.#stored.keys()) if (each !== id) this.#stored.delete(each)
  }
}

// Bytes are compared first: a look into each of 100,000 rules takes a second. The same rules may have other bytes.
function areSame(known: Stored, rules: Unnumbered, bytes: readonly Buffer[]): boolean {
  const { parts } = known
  if (parts.length === bytes.length && bytes.every((part, i) => part.equals(parts[i]!.bytes))) return true
  return isDeepStrictEqual(known.rules, rules)
}

function partsOf({ chains, headers, metrics }: Unnumbered): Buffer[] {
  const parts = [serialize({ headers, metrics } satisfies RulesPiece)]
  for (const [chain, picture] of Object.entries(chains) as [ChainName, ChainPicture][]) {
    const { index, slices } = sliced(picture.index)
    parts.push(serialize({ chain, index } satisfies RulesPiece))
    for (const slice of slices) parts.push(serialize({ chain, slice } satisfies RulesPiece))
    for (let at = 0; at < picture.rules.length; at += PART_RULES)
      cut(chain, picture.rules.slice(at, at + PART_RULES), parts)
  }
  return parts
}

// One rule may hold as much as a thousand others.
function cut(chain: ChainName, rules: readonly RulePicture[], parts: Buffer[]): void {
  const bytes = serialize({ chain, rules } satisfies RulesPiece)
  if (bytes.length <= PART_BYTES || rules.length === 1) return void parts.push(bytes)
  const half = rules.length >> 1
  cut(chain, rules.slice(0, half), parts)
  cut(chain, rules.slice(half), parts)
}

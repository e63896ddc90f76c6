// master/rules-writer.ts: route rules as gateways are sent them: in parts, each the bytes of one piece (base/rules-parts.ts). A
// part is written as soon as its rules are read, so that no more than these are objects at a time.
import { serialize } from 'node:v8'
import { type RulesPiece, sliced } from '../base/rules-parts.ts'
import type { ChainName, ChainPicture, RulePicture, RulesPicture } from '../base/rules-picture.ts'

/** Rules of one part, and bytes that a part should stay below: a gateway reads one in some milliseconds. */
const PART_RULES = 512
const PART_BYTES = 128 * 1024

type Unnumbered = Omit<RulesPicture, 'id'>

/** Of rules that are there already. */
export function partsOf(rules: Unnumbered): readonly Uint8Array[] {
  const writer = new RulesWriter()
  for (const [chain, picture] of Object.entries(rules.chains) as [ChainName, ChainPicture][])
    for (const rule of picture.rules) writer.take(chain, rule)
  return writer.finish(rules)
}

export class RulesWriter {
  readonly #parts = new Map<ChainName, Uint8Array[]>()
  #chain: ChainName = 'request'
  #rules: RulePicture[] = []

  /** In order, chain by chain. */
  take(chain: ChainName, rule: RulePicture): void {
    if (chain !== this.#chain || this.#rules.length === PART_RULES) this.#write()
    this.#chain = chain
    this.#rules.push(rule)
  }

  /** @param picture all but the rules */
  finish({ chains, headers, metrics }: Unnumbered): readonly Uint8Array[] {
    this.#write()
    const parts: Uint8Array[] = [serialize({ headers, metrics } satisfies RulesPiece)]
    for (const [chain, picture] of Object.entries(chains) as [ChainName, ChainPicture][]) {
      const { index, slices } = sliced(picture.index)
      parts.push(serialize({ chain, index } satisfies RulesPiece))
      for (const slice of slices) parts.push(serialize({ chain, slice } satisfies RulesPiece))
      for (const part of this.#parts.get(chain) ?? []) parts.push(part)
    }
    return parts
  }

  #write(): void {
    if (this.#rules.length === 0) return
    const parts = this.#parts.get(this.#chain)
    if (parts === undefined) this.#parts.set(this.#chain, cut(this.#chain, this.#rules, []))
    else cut(this.#chain, this.#rules, parts)
    this.#rules = []
  }
}

// One rule may hold as much as a thousand others.
function cut(chain: ChainName, rules: readonly RulePicture[], parts: Uint8Array[]): Uint8Array[] {
  const bytes = serialize({ chain, rules } satisfies RulesPiece)
  if (bytes.length <= PART_BYTES || rules.length === 1) {
    parts.push(bytes)
    return parts
  }
  const half = rules.length >> 1
  cut(chain, rules.slice(0, half), parts)
  return cut(chain, rules.slice(half), parts)
}

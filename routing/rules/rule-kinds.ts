// routing/rules/rule-kinds.ts: what compiling asks of the registries of kinds.
import type { RulePicture } from '../../base/rules-picture.ts'
import type { ActionKind, ConditionKind } from './action.ts'
import { addOther, Indexer } from './chain-index.ts'
import { ACTIONS, CONDITIONS } from './kinds.ts'
import { Parcels } from './pattern.ts'
import { readPattern } from './read-pattern.ts'
import type { CompiledPattern } from './regex/compile.ts'

export interface RuleKinds {
  readonly actions: ReadonlyMap<string, Pick<ActionKind, 'names' | 'chains' | 'read'>>
  readonly conditions: ReadonlyMap<string, Pick<ConditionKind, 'names' | 'read'>>
  /** @throws WrongRule for what is no pattern, or none that is safe to run */
  pattern(text: string): unknown
  /** For each chain a new one. */
  chainMaker(): ChainMaker
}

/** Takes the rules of a chain in their order, so that what only the index needs of them is soon forgotten. */
export interface ChainMaker {
  /** @returns the same rule as gateways get it: without what only the index needs, as megabytes of rules are sent */
  add(rule: RulePicture): RulePicture
  /** Of all that were added: see ChainPicture.index. */
  index(): unknown
}

/** All there are. */
export const RULE_KINDS: RuleKinds = {
  actions: ACTIONS,
  conditions: CONDITIONS,
  pattern: readPattern,
  chainMaker: () => new Maker(),
}

class Maker implements ChainMaker {
  readonly #parcels = new Parcels()
  readonly #indexer = new Indexer()

  add(rule: RulePicture): RulePicture {
    const { place, test, action } = rule
    const pattern = test.kind === 'match' ? (test.pattern as CompiledPattern) : null
    if (test.kind !== 'match' || pattern === null) {
      addOther(this.#indexer, test)
      return rule
    }
    const subject = 'name' in test.subject ? this.#parcels.one(test.subject) : test.subject
    this.#indexer.add(subject, pattern.literals)
    return { place, test: { kind: 'match', subject, pattern: this.#parcels.pack(pattern) }, action }
  }

  index(): unknown {
    return this.#indexer.finish()
  }
}

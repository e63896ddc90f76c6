// routing/rules/rule-kinds.ts: what compiling asks of the registries of kinds.
import type { RulePicture } from '../../base/rules-picture.ts'
import type { ActionKind, ConditionKind } from './action.ts'
import { indexOf } from './chain-index.ts'
import { ACTIONS, CONDITIONS } from './kinds.ts'
import { readPattern } from './read-pattern.ts'
import { type CompiledPattern, runnable } from './regex/compile.ts'

export interface RuleKinds {
  readonly actions: ReadonlyMap<string, Pick<ActionKind, 'names' | 'chains' | 'read'>>
  readonly conditions: ReadonlyMap<string, Pick<ConditionKind, 'names' | 'read'>>
  /** @throws WrongRule for what is no pattern, or none that is safe to run */
  pattern(text: string): unknown
  /** See ChainPicture.index. */
  index(rules: readonly RulePicture[]): unknown
  /** The same rules without what only the index needed: megabytes of them are sent. */
  forGateways(rules: readonly RulePicture[]): readonly RulePicture[]
}

/** All there are. */
export const RULE_KINDS: RuleKinds = {
  actions: ACTIONS,
  conditions: CONDITIONS,
  pattern: readPattern,
  index: indexOf,
  forGateways: rules => rules.map(withoutLiterals),
}

function withoutLiterals(rule: RulePicture): RulePicture {
  const { place, test, action } = rule
  if (test.kind !== 'match') return rule
  const pattern = runnable(test.pattern as CompiledPattern)
  return { place, test: { kind: 'match', subject: test.subject, pattern }, action }
}

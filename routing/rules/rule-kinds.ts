// routing/rules/rule-kinds.ts: what compiling asks of the registries of kinds.
import type { RulePicture } from '../../base/rules-picture.ts'
import type { ActionKind, Reading } from './action.ts'

export interface RuleKinds {
  action(name: string): Pick<ActionKind, 'names' | 'chains' | 'read'> | undefined
  condition(name: string): ConditionReader | undefined
  readonly actionNames: Iterable<string>
  readonly conditionNames: Iterable<string>
  /** @throws WrongRule for what is no pattern, or none that is safe to run */
  pattern(text: string): unknown
  /** See ChainPicture.index. */
  index(rules: readonly RulePicture[]): unknown
}

export interface ConditionReader {
  /** First the one that docs use. */
  readonly names: readonly string[]
  /** @throws WrongRule */
  read(args: string, reading: Reading): unknown
}

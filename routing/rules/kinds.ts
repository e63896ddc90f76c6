// routing/rules/kinds.ts: every action and every condition, by name. Loading, docs and gateways all look here.
import type { ActionKind, ConditionKind, Kind } from './action.ts'
import { flowActions } from './actions/flow.ts'
import { headerActions } from './actions/headers.ts'
import { replyActions } from './actions/replies.ts'
import { variableActions } from './actions/variables.ts'
import { textConditions } from './conditions/text.ts'

/** In the order of the docs, each with its headline. */
export const ACTION_GROUPS: readonly KindGroup<ActionKind>[] = [
  { title: 'Flow', kinds: flowActions },
  { title: 'Replies', kinds: replyActions },
  { title: 'Variables and the request', kinds: variableActions },
  { title: 'Header fields', kinds: headerActions },
]

export const CONDITION_GROUPS: readonly KindGroup<ConditionKind>[] = [
  { title: 'Texts', kinds: textConditions },
]

export interface KindGroup<K extends Kind> {
  readonly title: string
  readonly kinds: readonly K[]
}

export const ACTIONS: ReadonlyMap<string, ActionKind> = byName(ACTION_GROUPS)
export const CONDITIONS: ReadonlyMap<string, ConditionKind> = byName(CONDITION_GROUPS)

function byName<K extends Kind>(groups: readonly KindGroup<K>[]): ReadonlyMap<string, K> {
  const all = new Map<string, K>()
  for (const { kinds } of groups) for (const kind of kinds) for (const name of kind.names) all.set(name, kind)
  return all
}

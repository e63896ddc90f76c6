// routing/rules/kinds.ts: every action and every condition, by name. Loading, docs and gateways all look here.
import type { ActionKind, ConditionKind, Kind } from './action.ts'
import { basicAuthActions } from './actions/basic-auth.ts'
import { bookkeepingActions } from './actions/bookkeeping.ts'
import { choosingActions } from './actions/choosing.ts'
import { flowActions } from './actions/flow.ts'
import { headerActions } from './actions/headers.ts'
import { maintenanceActions } from './actions/maintenance.ts'
import { proxyingActions } from './actions/proxying.ts'
import { replyActions } from './actions/replies.ts'
import { rewriteActions } from './actions/rewrite.ts'
import { variableActions } from './actions/variables.ts'
import { addressConditions } from './conditions/addresses.ts'
import { fileConditions } from './conditions/files.ts'
import { numberConditions } from './conditions/numbers.ts'
import { regexpConditions } from './conditions/regexp.ts'
import { textConditions } from './conditions/text.ts'
import { accessActions } from './ours/access.ts'
import { authActions } from './ours/auth-request.ts'
import { jsActions } from './ours/js.ts'
import { limitActions } from './ours/limit.ts'
import { mirrorActions } from './ours/mirror.ts'

/** In the order of the docs, each with its headline. */
export const ACTION_GROUPS: readonly KindGroup<ActionKind>[] = [
  { title: 'Flow', kinds: flowActions },
  { title: 'Answers', kinds: [...replyActions, ...maintenanceActions] },
  { title: 'The request', kinds: [...variableActions, ...rewriteActions] },
  { title: 'Header fields', kinds: headerActions },
  { title: 'Where to', kinds: [...proxyingActions, ...choosingActions] },
  {
    title: 'Who gets in, and how often',
    kinds: [...basicAuthActions, ...accessActions, ...authActions, ...limitActions],
  },
  { title: 'Copies, and functions of yours', kinds: [...mirrorActions, ...jsActions] },
  { title: 'Bookkeeping', kinds: bookkeepingActions },
]

export const CONDITION_GROUPS: readonly KindGroup<ConditionKind>[] = [
  { title: 'Texts', kinds: [...textConditions, ...regexpConditions] },
  { title: 'Numbers', kinds: numberConditions },
  { title: 'Addresses', kinds: addressConditions },
  { title: 'Files', kinds: fileConditions },
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

// master/policy-of.ts: which policy a key is balanced by, and who said so.
import type { BalancePicture } from '../base/picture.ts'
import { POLICIES, type Policy } from '../base/policy.ts'

export interface PolicyOf {
  readonly policy: Policy
  readonly from: 'balance' | 'announcement' | 'subscription-algo' | 'default'
}

/**
 * The line of the key, else that of '*'; where it names no policy, what the nodes ask for, else the usual one. As gateways do.
 *
 * @param key '' for http-to
 * @param algo how nodes asked for it; what is no policy of ours counts for nothing
 * @param usual that of subscription-algo
 */
export function policyOf(
  key: string,
  balances: readonly BalancePicture[],
  algo: string,
  usual: Policy,
): PolicyOf {
  const line = balances.find(each => each.key === key) ?? balances.find(each => each.key === '*')
  if (line !== undefined && line.policy !== null) return { policy: line.policy, from: 'balance' }
  // Nodes of http-to have no key: what is meant for keys that name no policy is not meant for them.
  if (key === '') return { policy: 'smooth', from: 'default' }
  const asked = POLICIES.find(policy => policy === algo)
  return asked === undefined
    ? { policy: usual, from: 'subscription-algo' }
    : { policy: asked, from: 'announcement' }
}

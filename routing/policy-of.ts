// routing/policy-of.ts: which policy a key is balanced by, and who said so.
import type { BalancePicture } from '../base/picture.ts'
import { POLICIES, type Policy } from '../base/policy.ts'

export interface PolicyOf {
  readonly policy: Policy
  readonly from: 'balance' | 'announcement' | 'subscription-algo' | 'default'
}

/** The line of `balance` for a key: its own, else that of '*'. */
export function lineOf(key: string, balances: readonly BalancePicture[]): BalancePicture | undefined {
  return balances.find(each => each.key === key) ?? balances.find(each => each.key === '*')
}

/**
 * What its line says; where that names no policy, or there is none, what the nodes ask for, else the usual one.
 *
 * @param key '' for http-to
 * @param line see {@link lineOf}
 * @param algo how nodes asked for it; what is no policy of ours counts for nothing
 * @param usual that of subscription-algo
 */
export function policyOf(
  key: string,
  line: BalancePicture | undefined,
  algo: string,
  usual: Policy,
): PolicyOf {
  if (line !== undefined && line.policy !== null) return { policy: line.policy, from: 'balance' }
  // Nodes of http-to have no key: what is meant for keys that name no policy is not meant for them.
  if (key === '') return { policy: 'smooth', from: 'default' }
  const asked = POLICIES.find(policy => policy === algo)
  return asked === undefined
    ? { policy: usual, from: 'subscription-algo' }
    : { policy: asked, from: 'announcement' }
}

// master/rules-loops.ts: rules that would send requests back to this very instance.
import type { Config, Problem } from '../config/config.ts'
import { ownListener } from '../config/cross-checks.ts'
import { listenersOf } from '../config/listeners.ts'
import type { RuleUpstream } from '../routing/rules/compile.ts'

/** As for the nodes of http-to: see config/cross-checks.ts. */
export function loopsOf(
  { values, place }: Pick<Config, 'values' | 'place'>,
  upstreams: readonly RuleUpstream[],
): Problem[] {
  const listeners = listenersOf({ values, place })
  return upstreams.flatMap(({ address, place, option }) => {
    const own = ownListener(address, listeners)
    if (own === undefined) return []
    const problem = `option "${option}" sends requests to ${address.name}, where "${own.option}" of this configuration listens`
    return [{ place, problem, remedy: 'Name the address of the application' }]
  })
}

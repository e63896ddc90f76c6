// master/rules-loops.ts: rules that would send requests back to this very instance.
import type { Config, Problem } from '../config/config.ts'
import { ownListener } from '../config/cross-checks.ts'
import { type Listener, listenersOf } from '../config/listeners.ts'
import type { CompiledRules, RuleAddress } from '../routing/rules/compile.ts'

/** As for the nodes of http-to: see config/cross-checks.ts. */
export function loopsOf(
  { values, place }: Pick<Config, 'values' | 'place'>,
  { upstreams, services }: Pick<CompiledRules, 'upstreams' | 'services'>,
): Problem[] {
  const listeners = listenersOf({ values, place })
  return [
    ...among(listeners, upstreams, 'sends requests to', 'application'),
    ...among(listeners, services, 'asks', 'service'),
  ]
}

function among(
  listeners: readonly Listener[],
  named: readonly RuleAddress[],
  does: string,
  whose: string,
): Problem[] {
  return named.flatMap(({ address, place, option }) => {
    const own = ownListener(address, listeners)
    if (own === undefined) return []
    const problem = `option "${option}" ${does} ${address.name}, where "${own.option}" of this configuration listens`
    return [{ place, problem, remedy: `Name the address of the ${whose}` }]
  })
}

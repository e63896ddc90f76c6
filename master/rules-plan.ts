// master/rules-plan.ts: what the route rules of a configuration come to: what gateways get, and which nodes they lead to.
import { setImmediate } from 'node:timers/promises'
import type { NetsPicture } from '../base/nets.ts'
import type { BackendNode } from '../config/backend-kind.ts'
import type { Config, Problem } from '../config/config.ts'
import type { CompiledRules } from '../routing/rules/compile.ts'
import type { RunAs } from './rule-files.ts'

export interface RulesPlan extends Pick<CompiledRules, 'picture' | 'upstreams'> {
  /** Lists of networks in files that rules name, by their absolute names. */
  readonly netFiles: ReadonlyMap<string, NetsPicture>
}

export interface PlannedRules {
  readonly plan: RulesPlan
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** What of a plan names nodes. */
export interface PlannedNodes {
  readonly config: Config
  readonly rules: RulesPlan
}

export const NO_RULES: RulesPlan = { picture: null, upstreams: [], netFiles: new Map() }

/**
 * Starts nothing but modules of js:, each for a moment. A little in each turn of the loop: a master that reloads 100,000
 * rules goes on with its other work meanwhile. Without rules nothing that compiles them is loaded.
 *
 * @param directory where relative names of files begin
 * @param user as whom these modules are loaded; null: as we are
 */
export async function planRulesInTurns(
  config: Config,
  directory: string,
  user: RunAs | null,
): Promise<PlannedRules> {
  const { rules, headers, values } = config
  if (rules.length + headers.length + values['route-upstream'].length === 0)
    return { plan: NO_RULES, problems: [], warnings: [] }
  const { planSteps } = await import('./rules-steps.ts')
  const steps = planSteps(config, directory, user)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await setImmediate()
  }
}

/** Those of the lines of `backend`, and those that rules name by their address, each a backend of its own. */
export function backendNodes({ config, rules }: PlannedNodes): readonly BackendNode[] {
  const own = rules.upstreams.map(({ key, address }) => ({ key, address, weight: 1, backup: 0, limit: 0 }))
  return [...config.values.backend, ...own]
}

// master/rules-plan.ts: the route rules of a configuration, compiled: what gateways get, and which nodes they lead to.
import { setImmediate } from 'node:timers/promises'
import type { NetsPicture } from '../base/nets.ts'
import type { BackendNode } from '../config/backend-kind.ts'
import type { Config, Problem } from '../config/config.ts'
import { ownListener } from '../config/cross-checks.ts'
import { type Listener, listenersOf } from '../config/listeners.ts'
import { type CompiledRules, compileSteps, type RuleUpstream } from '../routing/rules/compile.ts'
import { NamedFiles, type RunAs } from './rule-files.ts'

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
 * Starts nothing but modules of js:, each for a moment.
 *
 * @param directory where relative names of files begin
 * @param user as whom these are loaded; null: as we are
 */
export function planRules(config: Config, directory: string, user: RunAs | null = null): PlannedRules {
  const steps = planSteps(config, directory, user)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same, a little in each turn of the loop: a master that reloads 100,000 rules goes on with its other work meanwhile. */
export async function planRulesInTurns(
  config: Config,
  directory: string,
  user: RunAs | null,
): Promise<PlannedRules> {
  const steps = planSteps(config, directory, user)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await setImmediate()
  }
}

function* planSteps(
  { rules, headers, values, place }: Config,
  directory: string,
  user: RunAs | null,
): Generator<void, PlannedRules> {
  if (rules.length + headers.length === 0 && values['route-upstream'].length === 0) {
    return { plan: NO_RULES, problems: [], warnings: [] }
  }
  const files = new NamedFiles(directory, user)
  const { problems, warnings, ...compiled } = yield* compileSteps({
    rules,
    headers,
    metrics: values.metric,
    upstreams: values['route-upstream'].map((text, i) => ({ text, place: place('route-upstream', i) })),
    backends: new Set(values.backend.map(({ key }) => key)),
    learnsKeys: values['http-subscription-server'].length + values['http-fallback'].length > 0,
    files,
  })
  const loops = loopsOf(compiled.upstreams, listenersOf({ values, place }))
  return { plan: { ...compiled, netFiles: files.netFiles }, problems: [...problems, ...loops], warnings }
}

// As for the nodes of http-to: see config/cross-checks.ts.
function loopsOf(upstreams: readonly RuleUpstream[], listeners: readonly Listener[]): Problem[] {
  return upstreams.flatMap(({ address, place, option }) => {
    const own = ownListener(address, listeners)
    if (own === undefined) return []
    const problem = `option "${option}" sends requests to ${address.name}, where "${own.option}" of this configuration listens`
    return [{ place, problem, remedy: 'Name the address of the application' }]
  })
}

/** Those of the lines of `backend`, and those that rules name by their address, each a backend of its own. */
export function backendNodes({ config, rules }: PlannedNodes): readonly BackendNode[] {
  const own = rules.upstreams.map(({ key, address }) => ({ key, address, weight: 1, backup: 0, limit: 0 }))
  return [...config.values.backend, ...own]
}

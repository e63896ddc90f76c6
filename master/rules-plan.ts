// master/rules-plan.ts: what the route rules of a configuration come to: what gateways get, and which nodes they lead to.
import { setImmediate } from 'node:timers/promises'
import type { NetsPicture } from '../base/nets.ts'
import type { BackendNode } from '../config/backend-kind.ts'
import { type Config, type Problem, placeText } from '../config/config.ts'
import { byPlace, type Loaded } from '../config/load.ts'
import type { RuleUpstream } from '../routing/rules/compile.ts'
import { showModules } from './js-modules.ts'
import { linesOf } from './rules-lines.ts'
import { loopsOf } from './rules-loops.ts'
import type { CompiledLines, RulesSetting } from './rules-steps.ts'
import { compileInThread } from './rules-threads.ts'

export interface RulesPlan {
  /** What gateways are sent: see rules-writer.ts. null: there are no rules, or none was asked for. */
  readonly parts: readonly Uint8Array[] | null
  /** Nodes that rules name by their address, each to be a backend of its own. */
  readonly upstreams: readonly RuleUpstream[]
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

export const NO_RULES: RulesPlan = { parts: null, upstreams: [], netFiles: new Map() }

/** Text of so many characters and more is worth a thread, which takes some 50 ms to start. */
const WORTH_A_THREAD = 256 * 1024

/**
 * Starts nothing but modules of js:, each for a moment. Few rules are compiled a little in each turn of the loop, many in a
 * thread: a master that reloads 100,000 goes on with its other work meanwhile. Without rules nothing that compiles them is loaded.
 *
 * @param threadFrom length of all rules from which on it is a thread
 */
export async function planRulesInTurns(
  config: Config,
  setting: RulesSetting,
  threadFrom = WORTH_A_THREAD,
): Promise<PlannedRules> {
  const { rules, headers, values } = config
  if (rules.length + headers.length + values['route-upstream'].length === 0)
    return { plan: NO_RULES, problems: [], warnings: [] }
  const length = rules.reduce((sum, { value }) => sum + value.length, 0)
  const inThread = length < threadFrom ? null : compileInThread(config, setting)
  const { problems, warnings, services, ...plan } = await (inThread ?? compileHere(config, setting))
  return {
    plan,
    problems: [...problems, ...loopsOf(config, { services, upstreams: plan.upstreams })],
    warnings,
  }
}

async function compileHere(config: Config, setting: RulesSetting): Promise<CompiledLines> {
  const [{ lineSteps }, shown] = await Promise.all([
    import('./rules-steps.ts'),
    setting.shown === null ? null : showModules(config.rules, setting.directory, setting.user),
  ])
  const steps = lineSteps(linesOf(config), { ...setting, shown })
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await setImmediate()
  }
}

/**
 * All that is wrong with a configuration that was refused before its rules were looked at: what is wrong with these, too.
 * Nothing that it names is run, as nobody can say who should.
 */
export async function withRuleProblems(
  { problems, config }: Pick<Extract<Loaded, { kind: 'problems' }>, 'problems' | 'config'>,
  directory: string,
): Promise<readonly Problem[]> {
  if (config === null) return problems
  const told = new Set(problems.map(({ place }) => placeText(place)))
  const planned = await planRulesInTurns(config, { directory, user: null, isForGateways: false, shown: null })
  const more = planned.problems.filter(({ place }) => !told.has(placeText(place)))
  return byPlace([...problems, ...more], config.pairs)
}

/** Those of the lines of `backend`, and those that rules name by their address, each a backend of its own. */
export function backendNodes({ config, rules }: PlannedNodes): readonly BackendNode[] {
  const own = rules.upstreams.map(({ key, address }) => {
    return { key, address, weight: 1, backup: 0, limit: 0, modifier1: 0, modifier2: 0 }
  })
  return [...config.values.backend, ...own]
}

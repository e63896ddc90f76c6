// master/rules-steps.ts: route rules are compiled, step by step, together with the files that they name.
import type { Config, Problem } from '../config/config.ts'
import { ownListener } from '../config/cross-checks.ts'
import { type Listener, listenersOf } from '../config/listeners.ts'
import { compileSteps, type RuleUpstream } from '../routing/rules/compile.ts'
import { doubtfulFields } from '../routing/rules/forwarded-fields.ts'
import { Warnings } from '../routing/rules/warnings.ts'
import { NamedFiles, type RunAs } from './rule-files.ts'
import type { PlannedRules } from './rules-plan.ts'

/**
 * All steps at once: see planRulesInTurns. Starts nothing but modules of js:, each for a moment.
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

/** What is planned at the end; each step takes some milliseconds. */
export function* planSteps(
  { rules, headers, values, place }: Config,
  directory: string,
  user: RunAs | null,
): Generator<void, PlannedRules> {
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
  const doubts = new Warnings()
  if (values['trusted-proxy'].length === 0) for (const doubt of doubtfulFields(rules)) doubts.add(doubt)
  return {
    plan: { ...compiled, netFiles: files.netFiles },
    problems: [...problems, ...loops],
    warnings: [...warnings, ...doubts.list()],
  }
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

// master/rules-steps.ts: route rules are compiled, step by step, together with the files that they name.
import type { NetsPicture } from '../base/nets.ts'
import type { RulesPicture } from '../base/rules-picture.ts'
import type { Config, Problem } from '../config/config.ts'
import { compileRules, compileSteps, type RuleAddress, type RuleUpstream } from '../routing/rules/compile.ts'
import { doubtfulFields } from '../routing/rules/forwarded-fields.ts'
import { Warnings } from '../routing/rules/warnings.ts'
import type { RunAs, Shown } from './js-modules.ts'
import { NamedFiles } from './rule-files.ts'
import { type ConfigLines, linesOf } from './rules-lines.ts'
import { loopsOf } from './rules-loops.ts'
import type { PlannedRules, RulesPlan } from './rules-plan.ts'
import { partsOf, RulesWriter } from './rules-writer.ts'

/** Plain data: a thread can hand it over. */
export interface CompiledLines {
  /** See RulesPlan. */
  readonly parts: readonly Uint8Array[] | null
  readonly upstreams: readonly RuleUpstream[]
  /** Services that rules ask. */
  readonly services: readonly RuleAddress[]
  readonly netFiles: ReadonlyMap<string, NetsPicture>
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Where rules are compiled, and what for. */
export interface RulesSetting {
  /** Where relative names of files begin. */
  readonly directory: string
  /** As whom modules of js: are loaded; null: as we are. */
  readonly user: RunAs | null
  /** Whether gateways will get them; if not, they are only checked. */
  readonly isForGateways: boolean
  /** What modules of js: export, where it is known: see showModules. null: none may be loaded, nor anything be said of them. */
  readonly shown?: ReadonlyMap<string, Shown> | null
}

/** All steps at once, and the rules as they are besides. Starts nothing but modules of js:, each for a moment. */
export function planRules(
  config: Config,
  directory: string,
): PlannedRules & { readonly plan: RulesPlan & { readonly picture: Omit<RulesPicture, 'id'> | null } } {
  const files = new NamedFiles(directory, null)
  const lines = linesOf(config)
  const { picture, upstreams, services, problems, warnings } = compileRules({ ...lines, files })
  const parts = picture === null || problems.length > 0 ? null : partsOf(picture)
  return {
    plan: { picture, parts, upstreams, netFiles: files.netFiles },
    problems: [...problems, ...loopsOf(config, { upstreams, services })],
    warnings: [...warnings, ...doubtsOf(lines)],
  }
}

/** What is compiled at the end; each step takes some milliseconds. */
export function* lineSteps(
  lines: ConfigLines,
  { directory, user, isForGateways, shown }: RulesSetting,
): Generator<void, CompiledLines> {
  const files = new NamedFiles(directory, user, shown)
  const writer = isForGateways ? new RulesWriter() : null
  const { picture, problems, warnings, ...named } = yield* compileSteps({ ...lines, files }, (chain, rule) =>
    writer?.take(chain, rule),
  )
  const isWanted = writer !== null && picture !== null && problems.length === 0
  return {
    parts: isWanted ? writer.finish(picture) : null,
    ...named,
    netFiles: files.netFiles,
    problems,
    warnings: [...warnings, ...doubtsOf(lines)],
  }
}

// Where no proxy is trusted, nobody may say what these fields say.
function doubtsOf({ rules, trustsProxies }: ConfigLines): readonly Problem[] {
  const doubts = new Warnings()
  if (!trustsProxies) for (const doubt of doubtfulFields(rules)) doubts.add(doubt)
  return doubts.list()
}

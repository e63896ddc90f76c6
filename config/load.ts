// config/load.ts: from the command line to a checked, frozen Config, or to all that is wrong with it.
import type { Config, Pair, Problem } from './config.ts'
import { crossCheck, hasListener, nothingToServe } from './cross-checks.ts'
import { evaluate, placeOf } from './evaluate.ts'
import { withAbstractSockets } from './listeners.ts'
import { checkNames } from './names.ts'
import { expandPlaceholders } from './placeholders.ts'
import { readAll } from './reading.ts'
import { routeLines } from './route-lines.ts'
import { readSource } from './sources.ts'
import { knownName, OPTIONS, type OptionName } from './table.ts'

/** What a configuration may depend on. */
export interface World {
  /** Start directory: all paths are relative to it. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Sluice's own version, for %V. */
  readonly version: string
}

export type Loaded =
  | { readonly kind: 'config'; readonly config: Config }
  | {
      readonly kind: 'problems'
      /** At least one, in the order of the lines. */
      readonly problems: readonly Problem[]
      readonly warnings: readonly Problem[]
      /** The options as read; null when the reading itself failed. */
      readonly pairs: readonly Pair[] | null
      /** What there is of it, for those who say what is wrong with its rules, too; null when that would mislead. */
      readonly config: Config | null
    }
  | { readonly kind: 'command'; readonly command: 'help' | 'version' }

/** @param argv options and files, without node, the script and a word such as "check" */
export function loadConfig(argv: readonly string[], world: World): Loaded {
  const reading = readAll(argv, world)
  const command = commandOf(reading.pairs)
  if (command !== null) return { kind: 'command', command }

  const files = new Set(reading.files)
  const loops = loopLines(reading.pairs)
  const { pairs, used, ...expanded } = expandPlaceholders(reading.pairs, {
    env: world.env,
    isFixed: isImmediate,
    mayLeaveNames: ({ name }, i) => loops.has(i) || isForeignOrTemplate(name),
    read: name => {
      const source = readSource(name, world.cwd)
      if ('text' in source && source.path !== null) files.add(source.path)
      return source
    },
  })
  const { unknown, unsupported } = checkNames(pairs, used, reading.defined)
  const { places, ...evaluated } = evaluate(
    loops.size === 0 ? pairs : pairs.filter((_, i) => !loops.has(i)),
    world.env,
  )
  const values = withAbstractSockets(evaluated.values)
  const place = (option: OptionName, index?: number) => placeOf(places, option, index)

  const problems = [...reading.problems, ...expanded.problems]
  const lost = unknown.filter(isLostRule)
  const harmless = unknown.filter(problem => !isLostRule(problem))
  problems.push(...(reading.strict === true ? unknown : reading.strict === false ? lost : []))
  const isReadWell = problems.length === 0 && !evaluated.isReadingWrong
  problems.push(...evaluated.problems)
  const crossed = problems.length === 0 ? crossCheck({ values, place }) : { problems: [], warnings: [] }
  problems.push(...crossed.problems)
  if (reading.strict === null) problems.push(...unknown, ...unsupported)
  if (reading.strict === true) problems.push(...unsupported)
  if (problems.length === 0 && !hasListener(values)) problems.push(nothingToServe(reading.firstFile))

  const warnings = [
    ...environmentWarnings(world.env),
    ...reading.warnings,
    ...expanded.warnings,
    ...evaluated.warnings,
    ...crossed.warnings,
  ]
  if (reading.strict === false) warnings.push(...harmless, ...unsupported)
  const config: Config = freeze({
    pairs,
    values,
    ...routeLines(pairs),
    place,
    files: [...files],
    warnings,
    notes: notesOf(pairs),
  })
  if (problems.length === 0) return { kind: 'config', config }
  const isWhole = reading.problems.length + expanded.problems.length === 0 && !evaluated.isReadingWrong
  return {
    kind: 'problems',
    problems: byPlace(problems, pairs),
    warnings,
    pairs: isReadWell ? pairs : null,
    config: isWhole && !misleadsRules(evaluated.problems, pairs) ? config : null,
  }
}

/** The command line first, then the files in the order they were read, each from its top. */
export function byPlace(problems: readonly Problem[], pairs: readonly Pair[]): readonly Problem[] {
  const files = [null, ...pairs.map(pair => pair.place.file), ...problems.map(problem => problem.place.file)]
  const rank = new Map([...new Set(files)].map((file, i) => [file, i]))
  return problems.toSorted(
    (a, b) => rank.get(a.place.file)! - rank.get(b.place.file)! || a.place.line - b.place.line,
  )
}

// A rule that refers to a line which could not be read is not wrong for that.
function misleadsRules(problems: readonly Problem[], pairs: readonly Pair[]): boolean {
  const wrong = new Set(problems.map(({ place }) => place))
  return pairs.some(({ name, place }) => {
    const ours = knownName(name)?.ours
    return (ours === 'backend' || ours === 'metric' || ours === 'route-upstream') && wrong.has(place)
  })
}

function commandOf(pairs: readonly Pair[]): 'help' | 'version' | null {
  for (const { name } of pairs) {
    const ours = knownName(name)?.ours
    if (ours === 'help' || ours === 'version') return ours
  }
  return null
}

// A rule that is not known would let through what it was to stop, whatever strict says.
function isLostRule({ problem }: Problem): boolean {
  return /^option "[^"]*route/.test(problem)
}

function isImmediate({ name }: Pair): boolean {
  const known = knownName(name)
  return known?.ours ? OPTIONS[known.ours].immediate : false
}

function isForeignOrTemplate(name: string): boolean {
  const known = knownName(name)
  return known?.ours ? OPTIONS[known.ours].isTemplate : known !== undefined
}

// Lines that a loop would have filled in: the loop itself is refused, and there is no more to say about them.
function loopLines(pairs: readonly Pair[]): ReadonlySet<number> {
  const lines = new Set<number>()
  let isInLoop = false
  for (const [i, { name, value }] of pairs.entries()) {
    const kind = knownName(name)?.foreign?.kind
    if (kind === 'logic' && name.startsWith('for')) isInLoop = true
    else if (kind === 'logic-end' && name.includes('for')) isInLoop = false
    else if (isInLoop && value?.includes('%(_)')) lines.add(i)
  }
  return lines
}

// uWSGI's own marks for its children; all others would be options there.
const NOT_OPTIONS = /^UWSGI_(RELOADS|VASSALS_DIR|EMPEROR_.*|BROODLORD_NUM|JAIL_PID|ORIGINAL_PROC_NAME)$/

function environmentWarnings(env: World['env']): Problem[] {
  return Object.keys(env)
    .filter(name => name.startsWith('UWSGI_') && !NOT_OPTIONS.test(name))
    .map(name => ({
      place: { file: 'environment', line: 0 },
      problem: `${name} is not read: options from the environment are not supported yet`,
      remedy: `Write ${name.slice('UWSGI_'.length).toLowerCase().replaceAll('_', '-')} in a file`,
    }))
}

function notesOf(pairs: readonly Pair[]): Problem[] {
  return pairs.flatMap(({ name, place }) => {
    const ours = knownName(name)?.ours
    const noEffect = ours ? OPTIONS[ours].noEffect : null
    return noEffect === null
      ? []
      : [{ place, problem: `option "${name}" has no effect: ${noEffect}`, remedy: '' }]
  })
}

// Plain data to its last leaf, so that no part can change what another one reads.
function freeze<T extends object>(data: T): T {
  if (Array.isArray(data)) for (let i = 0; i < data.length; i++) freezePart(data[i])
  else for (const name in data) freezePart(data[name])
  return Object.freeze(data)
}

function freezePart(value: unknown): void {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) freeze(value)
}

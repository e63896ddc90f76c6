// config/evaluate.ts: from pairs of text to typed values, each with its place.
import { COMMAND_LINE, type Pair, type Place, type Problem } from './config.ts'
import { cutComment, unsetVariables } from './left-over.ts'
import type { Derived, Option } from './option.ts'
import { knownName, OPTIONS, type OptionName, type Values } from './table.ts'

export interface Evaluated {
  /** Whole only when there are no problems. */
  readonly values: Values
  /** Where each value stands, by option; several for those that repeat. */
  readonly places: ReadonlyMap<OptionName, readonly Place[]>
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Whether one of them is in an option that acts while files are read. */
  readonly isReadingWrong: boolean
}

/** Pure. Reads every option of ours, overridden ones too: a wrong line is wrong even where a later one wins. */
export function evaluate(
  pairs: readonly Pair[],
  env: Readonly<Record<string, string | undefined>>,
): Evaluated {
  const found = new Map<OptionName, unknown[]>()
  const places = new Map<OptionName, Place[]>()
  const problems: Problem[] = []
  const warnings: Problem[] = []
  let isReadingWrong = false
  for (const pair of pairs) {
    const name = knownName(pair.name)?.ours
    if (name === null || name === undefined) continue
    const option = OPTIONS[name]
    const read = option.kind.schema.safeParse(pair.value ?? '')
    const unset = option.immediate || option.isShell ? [] : unsetVariables(pair.value ?? '', env)
    if (!read.success) {
      isReadingWrong ||= option.immediate
      problems.push(badValue(pair, option, read.error.issues[0]!, unset))
      continue
    }
    warnings.push(...unset.map(variable => unsetWarning(pair, variable)))
    for (const value of OPTIONS[name].repeats === 'flat' ? (read.data as unknown[]) : [read.data]) {
      append(found, name, value)
      append(places, name, pair.place)
    }
  }
  return { values: withDefaults(found), places, problems, warnings, isReadingWrong }
}

/** Where the value of an option comes from; see Config.place. */
export function placeOf(
  places: ReadonlyMap<OptionName, readonly Place[]>,
  option: OptionName,
  index?: number,
): Place {
  return places.get(option)?.at(index ?? -1) ?? COMMAND_LINE
}

function badValue(
  pair: Pair,
  option: Option,
  issue: { message: string; params?: unknown },
  unset: readonly string[],
): Problem {
  const own = (issue.params as { remedy?: string } | undefined)?.remedy
  const cannot = `option "${pair.name}" cannot be ${quote(pair.value ?? '')}`
  const [variable] = unset
  if (variable !== undefined) {
    const problem = `${cannot}: the environment has no ${variable}`
    return { place: pair.place, problem, remedy: `Set ${variable}, or write the value out` }
  }
  return {
    place: pair.place,
    problem: `${cannot}: ${issue.message}`,
    remedy: commentRemedy(pair, option) ?? own ?? option.kind.remedy,
  }
}

// Only where the value would be right without it.
function commentRemedy(pair: Pair, option: Option): string | null {
  const cut = cutComment(pair)
  if (cut === null || !option.kind.schema.safeParse(cut.rest).success) return null
  return `An ini file has no comments behind a value: put ${quote(cut.comment)} on a line of its own`
}

function unsetWarning({ name, place }: Pair, variable: string): Problem {
  return {
    place,
    problem: `the environment has no ${variable}: $(${variable}) in "${name}" stays as written`,
    remedy: `Set ${variable}, or write the value out`,
  }
}

function append<T>(lists: Map<OptionName, T[]>, name: OptionName, item: T): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [item])
  else list.push(item)
}

// One line, short, whatever the value holds.
function quote(value: string): string {
  return JSON.stringify(value.length <= 80 ? value : `${value.slice(0, 79)}…`)
}

function withDefaults(found: ReadonlyMap<OptionName, readonly unknown[]>): Values {
  const values: Partial<Record<OptionName, unknown>> = {}
  const names = Object.keys(OPTIONS) as OptionName[]
  for (const name of names) {
    const written = found.get(name)
    values[name] =
      OPTIONS[name].repeats === 'last' ? (written?.at(-1) ?? ownDefault(OPTIONS[name])) : (written ?? [])
  }
  // After all others: what they stand for has its value by now.
  for (const name of names) {
    const same = OPTIONS[name].default
    if (values[name] === null && isSame(same)) values[name] = values[same.sameAs as OptionName]
  }
  return values as Values
}

function ownDefault(option: Option): unknown {
  const fallback = option.default
  if (typeof fallback === 'string') return option.kind.schema.parse(fallback)
  return fallback !== null && 'compute' in fallback ? fallback.compute() : null
}

function isSame(fallback: string | Derived<unknown> | null): fallback is { sameAs: string } {
  return typeof fallback === 'object' && fallback !== null && 'sameAs' in fallback
}

// config/evaluate.ts: from pairs of text to typed values, each with its place.
import { COMMAND_LINE, type Pair, type Place, type Problem } from './config.ts'
import type { Derived, Option } from './option.ts'
import { knownName, OPTIONS, type OptionName, type Values } from './table.ts'

export interface Evaluated {
  /** Whole only when there are no problems. */
  readonly values: Values
  /** Where each value stands, by option; several for those that repeat. */
  readonly places: ReadonlyMap<OptionName, readonly Place[]>
  readonly problems: readonly Problem[]
  /** Whether one of them is in an option that acts while files are read. */
  readonly isReadingWrong: boolean
}

/** Pure. Reads every option of ours, overridden ones too: a wrong line is wrong even where a later one wins. */
export function evaluate(pairs: readonly Pair[]): Evaluated {
  const found = new Map<OptionName, unknown[]>()
  const places = new Map<OptionName, Place[]>()
  const problems: Problem[] = []
  let isReadingWrong = false
  for (const pair of pairs) {
    const name = knownName(pair.name)?.ours
    if (name === null || name === undefined) continue
    const read = OPTIONS[name].kind.schema.safeParse(pair.value ?? '')
    if (!read.success) {
      isReadingWrong ||= OPTIONS[name].immediate
      problems.push(badValue(pair, OPTIONS[name], read.error.issues[0]!))
      continue
    }
    for (const value of OPTIONS[name].repeats === 'flat' ? (read.data as unknown[]) : [read.data]) {
      append(found, name, value)
      append(places, name, pair.place)
    }
  }
  return { values: withDefaults(found), places, problems, isReadingWrong }
}

/** Where the value of an option comes from; see Config.place. */
export function placeOf(
  places: ReadonlyMap<OptionName, readonly Place[]>,
  option: OptionName,
  index?: number,
): Place {
  return places.get(option)?.at(index ?? -1) ?? COMMAND_LINE
}

function badValue(pair: Pair, option: Option, issue: { message: string; params?: unknown }): Problem {
  const own = (issue.params as { remedy?: string } | undefined)?.remedy
  return {
    place: pair.place,
    problem: `option "${pair.name}" cannot be ${quote(pair.value ?? '')}: ${issue.message}`,
    remedy: own ?? option.kind.remedy,
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

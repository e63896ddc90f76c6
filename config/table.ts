// config/table.ts: every option there is: ours with all that is known about them, uWSGI's others by name.
import type { Argument, Group, Option, ValuesOf } from './option.ts'
import { acceptedOptions } from './options/accepted.ts'
import { announcingOptions } from './options/announcing.ts'
import { balanceOptions } from './options/balance.ts'
import { healthOptions } from './options/health.ts'
import { httpOptions } from './options/http.ts'
import { limitOptions } from './options/limits.ts'
import { loggingOptions } from './options/logging.ts'
import { nodeOptions } from './options/nodes.ts'
import { privilegeOptions } from './options/privileges.ts'
import { processOptions } from './options/process.ts'
import { environmentOptions, readingOptions } from './options/reading.ts'
import { routeOptions } from './options/routes.ts'
import { socketOptions } from './options/sockets.ts'
import { statisticsOptions } from './options/statistics.ts'
import { subscriptionOptions } from './options/subscriptions.ts'
import foreign from './uwsgi-options.json' with { type: 'json' }

/** In the order of --help. */
export const GROUPS: readonly Group<Readonly<Record<string, Option>>>[] = [
  httpOptions,
  nodeOptions,
  subscriptionOptions,
  routeOptions,
  balanceOptions,
  healthOptions,
  announcingOptions,
  statisticsOptions,
  limitOptions,
  socketOptions,
  privilegeOptions,
  processOptions,
  loggingOptions,
  environmentOptions,
  readingOptions,
  acceptedOptions,
]

const TABLE = {
  ...httpOptions.options,
  ...nodeOptions.options,
  ...subscriptionOptions.options,
  ...routeOptions.options,
  ...balanceOptions.options,
  ...healthOptions.options,
  ...announcingOptions.options,
  ...statisticsOptions.options,
  ...limitOptions.options,
  ...socketOptions.options,
  ...privilegeOptions.options,
  ...processOptions.options,
  ...loggingOptions.options,
  ...environmentOptions.options,
  ...readingOptions.options,
  ...acceptedOptions.options,
}

/** Typed values of all options by canonical name. */
export type Values = ValuesOf<typeof TABLE>
export type OptionName = keyof Values

/** Our options by canonical name. */
export const OPTIONS: Readonly<Record<OptionName, Option>> = TABLE

/** An option of uWSGI as its own sources describe it. */
export interface ForeignOption {
  readonly name: string
  readonly value: string
  readonly kind: string
  readonly short?: string
  readonly plugin?: string
  /** 'C': out of scope; others may come. */
  readonly class?: string
}

/** All that uWSGI 2.0 has, ours included. */
export const FOREIGN: readonly ForeignOption[] = foreign

/** Of its development branch (2.1), where a subscription server or a node of it may have them. */
export const UNRELEASED: readonly ForeignOption[] = [
  { name: 'subscription-tolerance-inactive', value: 'required', kind: 'int' },
  { name: 'subscription-vassal-required', value: 'none', kind: 'flag' },
  { name: 'subscription-clear-on-shutdown', value: 'none', kind: 'flag' },
]

/** A name that may be written. Exactly one of `ours` and `foreign` is not null. */
export interface KnownName {
  readonly name: string
  readonly argument: Argument
  readonly ours: OptionName | null
  readonly foreign: ForeignOption | null
}

const BY_NAME = new Map<string, KnownName>()
const BY_SHORT = new Map<string, KnownName>()

for (const [canonical, option] of Object.entries(OPTIONS)) {
  for (const name of [canonical, ...option.aliases]) {
    BY_NAME.set(name, { name, argument: option.argument, ours: canonical as OptionName, foreign: null })
  }
  if (option.short !== null) BY_SHORT.set(option.short, BY_NAME.get(canonical)!)
}
for (const option of [...FOREIGN, ...UNRELEASED]) {
  const argument = option.value as Argument
  if (!BY_NAME.has(option.name))
    BY_NAME.set(option.name, { name: option.name, argument, ours: null, foreign: option })
  // Several names may share a letter: it stands for the first.
  if (option.short !== undefined && !BY_SHORT.has(option.short))
    BY_SHORT.set(option.short, BY_NAME.get(option.name)!)
}

/** @returns what is known about an exact name */
export function knownName(name: string): KnownName | undefined {
  return BY_NAME.get(name)
}

/** @returns the option of a short letter, "p" for -p */
export function shortName(letter: string): KnownName | undefined {
  return BY_SHORT.get(letter)
}

export function allNames(): Iterable<KnownName> {
  return BY_NAME.values()
}

// master/subscription-plan.ts: what a config asks of subscriptions, read and checked before anything is touched.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DatagramAddress, DatagramTarget } from '../base/datagram-address.ts'
import { stateDirectories } from '../certs/manage/state-directory.ts'
import type { BackendNode } from '../config/backend-kind.ts'
import type { Config, Place, Problem } from '../config/config.ts'
import type { ProtocolLine } from '../config/protocol-kind.ts'
import type { OptionName } from '../config/table.ts'
import { type AllowLine, parseAllowLine } from '../subscription/allow-line.ts'
import { QUOTA_LIMITS, type QuotaLimits } from '../subscription/quota.ts'
import { type Digest, parseSignCheck } from '../subscription/signature/digests.ts'
import type { Need } from './privileges/trial.ts'
import { backendNodes, type RulesPlan } from './rules-plan.ts'
import { nodeWarnings } from './subscription-warnings.ts'

/** Where the state is kept. */
export type StatePlace =
  | { readonly kind: 'none' }
  /** In the state directory, which is made at the start. */
  | { readonly kind: 'default'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly place: Place }

export interface SubscriptionPlan {
  /** [] when nodes cannot announce themselves. */
  readonly servers: readonly { readonly address: DatagramAddress; readonly place: Place }[]
  readonly lines: readonly AllowLine[]
  readonly protocols: readonly ProtocolLine[]
  /** null: signatures are not asked for. `directory` is absolute. */
  readonly signCheck: { readonly digests: readonly Digest[]; readonly directory: string } | null
  readonly signToleranceS: number
  readonly signSkewS: number
  readonly toleranceMs: number
  readonly limits: QuotaLimits
  readonly state: StatePlace
  readonly targets: readonly DatagramTarget[]
  readonly multicastTtl: number
  readonly multicastLoop: boolean
  /** Nodes of the config (backend). */
  readonly backend: readonly BackendNode[]
  /** Whether gateways accept nothing while there is no node (http-cheap). */
  readonly isCheap: boolean
}

export interface PlannedSubscriptions {
  readonly plan: SubscriptionPlan
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Touches nothing. @param rules name nodes, too. @param startDirectory where relative names begin */
export function planSubscriptions(
  config: Config,
  rules: RulesPlan,
  startDirectory: string,
): PlannedSubscriptions {
  const { values, place } = config
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const servers = values['http-subscription-server'].map((address, i) => {
    return { address, place: place('http-subscription-server', i) }
  })
  const backend = backendNodes({ config, rules })
  const hasOthers = values['http-to'].length + values['http-fallback'].length + backend.length > 0
  const plan: SubscriptionPlan = {
    servers,
    lines: readLines(config, problems),
    protocols: values['subscription-protocol'],
    signCheck: readSignCheck(config, startDirectory, problems, warnings),
    signToleranceS: values['subscriptions-sign-check-tolerance'] / 1000,
    signSkewS: values['subscriptions-sign-skew'] / 1000,
    toleranceMs: values['subscription-tolerance'],
    limits: limitsOf(config),
    state: statePlace(config, startDirectory),
    targets: values['http-resubscribe'],
    multicastTtl: values['multicast-ttl'],
    multicastLoop: values['multicast-loop'] === 1,
    backend,
    isCheap: values['http-cheap'] && servers.length > 0 && !hasOthers,
  }
  warnings.push(...nodeWarnings(config, backend))
  return { plan, problems, warnings }
}

/** What the user needs that Sluice becomes: public keys to read, the state to read and write. */
export function subscriptionNeeds(plan: SubscriptionPlan, config: Config, user: string): Need[] {
  if (plan.servers.length === 0) return []
  return [...keyNeeds(plan, config), ...stateNeeds(plan, config, user)]
}

function readLines({ values, place }: Config, problems: Problem[]): AllowLine[] {
  return values['subscription-allow'].flatMap((text, i) => {
    const line = parseAllowLine(text)
    if (!('problem' in line)) return [line]
    problems.push(problemOf('subscription-allow', place('subscription-allow', i), line))
    return []
  })
}

function readSignCheck(
  { values, place }: Config,
  startDirectory: string,
  problems: Problem[],
  warnings: Problem[],
): SubscriptionPlan['signCheck'] {
  const option = 'subscriptions-sign-check'
  const text = values[option]
  if (text === null) return null
  const read = parseSignCheck(text)
  if ('problem' in read) {
    problems.push(problemOf(option, place(option), read))
    return null
  }
  const directory = resolve(startDirectory, read.directory)
  if (!isDirectory(directory)) {
    problems.push({
      place: place(option),
      problem: `option "${option}" names ${directory}, which ${whatIs(directory)}`,
      remedy: 'Name a directory that holds the public key of each subscription key as KEY.pem',
    })
  }
  if (read.warning !== '') warnings.push({ place: place(option), problem: read.warning, remedy: '' })
  return { digests: read.digests, directory }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function whatIs(path: string): string {
  return existsSync(path) ? 'is not a directory' : 'does not exist'
}

function problemOf(
  option: OptionName,
  place: Place,
  { problem, remedy }: { readonly problem: string; readonly remedy: string },
): Problem {
  return { place, problem: `option "${option}": ${problem}`, remedy }
}

function limitsOf({ values }: Config): QuotaLimits {
  const total = values['subscription-max-nodes']
  return {
    perSource: values['subscription-max-per-source'],
    perMachine: Math.min(total, Math.max(QUOTA_LIMITS.perMachine, values['subscription-max-per-source'])),
    perKey: values['subscription-max-per-key'],
    total,
  }
}

// No two instances receive on one address, so each has a file of its own.
function statePlace({ values, place }: Config, startDirectory: string): StatePlace {
  const written = values['subscription-state']
  const first = values['http-subscription-server'][0]
  if (written === 'none' || first === undefined) return { kind: 'none' }
  if (written !== null)
    return { kind: 'file', path: resolve(startDirectory, written), place: place('subscription-state') }
  return { kind: 'default', name: `subscriptions-${first.text.replace(/[^0-9A-Za-z.-]+/g, '_')}.json` }
}

function keyNeeds({ signCheck }: SubscriptionPlan, config: Config): Need[] {
  if (signCheck === null) return []
  const { directory } = signCheck
  const place = config.place('subscriptions-sign-check')
  const consequence = 'packets could not be checked by it'
  const files = readdirSync(directory).filter(name => name.endsWith('.pem'))
  return [
    { access: 'enter', path: directory, what: `the directory ${directory}`, consequence, place },
    ...files.map((name): Need => {
      const path = join(directory, name)
      return { access: 'read', path, what: `the public key ${path}`, consequence, place }
    }),
  ]
}

// The default's directory is made, and given away, before the drop.
function stateNeeds({ state }: SubscriptionPlan, config: Config, user: string): Need[] {
  if (state.kind === 'none') return []
  const consequence = 'subscriptions could not be kept over a restart'
  if (state.kind === 'default') {
    const path = resolve(stateDirectories()[0]!, '..')
    const place = config.place('http-subscription-server')
    return [{ access: 'enter', path, what: `the directory ${path}`, consequence, place, isDispensable: true }]
  }
  const { path, place } = state
  const directory = resolve(path, '..')
  const remedy = `Name a file in a directory that belongs to ${user}`
  return [
    { access: 'make', path: directory, what: `the directory ${directory}`, consequence, place, remedy },
    {
      access: 'read',
      path,
      what: `the state ${path}`,
      consequence,
      place,
      remedy: `Run: chown ${user} ${path}`,
    },
  ]
}

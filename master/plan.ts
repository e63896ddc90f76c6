// master/plan.ts: all that a start needs and that can be known without binding or starting anything. What is
// wrong is refused here, so `sluice check` says what a start would say.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { NodeAddress } from '../base/address.ts'
import type { TlsPicture } from '../base/picture.ts'
import { type CertificatePair, cipherProblem, readCertificate, readClientCa } from '../certs/manage/read.ts'
import type { TlsListener } from '../config/address-kinds.ts'
import { type Config, type Place, type Problem, placeText } from '../config/config.ts'
import { environmentOf } from '../config/environment.ts'
import { byPlace, type World } from '../config/load.ts'
import { longestQueue } from '../config/queue-length.ts'
import type { DaemonPlan } from './daemons.ts'
import { type LogPlan, planLogs } from './logs/log-plan.ts'
import { missingLogs } from './privileges/become.ts'
import { limitProblems } from './privileges/limits.ts'
import { needsOf } from './privileges/needs.ts'
import { tryAs } from './privileges/trial.ts'
import { planUser, type UserPlan } from './privileges/user.ts'
import { unwritable } from './privileges/writable.ts'
import { StartRefused } from './refused.ts'
import { planRulesInTurns, type RulesPlan } from './rules-plan.ts'
import { inheritedSockets } from './sockets/activation.ts'
import { type ListenerPlan, planListeners, planStats } from './sockets/listeners.ts'
import { readSocketRights, type SocketRights } from './sockets/socket-rights.ts'
import type { BindRequest } from './sockets/sockets.ts'
import { steeringProblems } from './steering/steering.ts'
import { planSubscriptions, type SubscriptionPlan, subscriptionNeeds } from './subscription-plan.ts'

/** Above this many gateways one queue becomes the bottleneck: each gets a socket of its own. */
const MOST_ON_ONE_SOCKET = 4
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

export interface StartPlan {
  readonly config: Config
  /** Of the Sluice that lies on the disk now: gateways that start are of this one. */
  readonly version: string
  /** Where Sluice was started; relative names begin there. */
  readonly startDirectory: string
  readonly binds: readonly BindRequest[]
  /** Where the master tells its statistics (http-stats); null: nowhere. */
  readonly stats: BindRequest | null
  readonly listeners: readonly ListenerPlan[]
  /** For each listener. */
  readonly tls: readonly (TlsPlan | null)[]
  readonly gateways: number
  readonly hasSocketPerGateway: boolean
  /** Whom to become once every socket is bound; null: stay who we are. */
  readonly user: UserPlan | null
  /** Log files that did not exist yet. */
  readonly newLogs: readonly string[]
  readonly daemons: readonly DaemonPlan[]
  readonly daemonEnv: NodeJS.ProcessEnv
  /** Where daemons run. */
  readonly directory: string
  /** Of the files of UNIX sockets. */
  readonly rights: SocketRights
  readonly logs: LogPlan
  readonly subscriptions: SubscriptionPlan
  /** Route rules, and the nodes that they name. */
  readonly rules: RulesPlan
  readonly warnings: readonly Problem[]
}

/** TLS of one listener; a self-signed certificate is made, or read, at start. */
export interface TlsPlan {
  readonly certificate: CertificatePair | 'self-signed'
  readonly settings: Omit<TlsPicture, 'cert' | 'key'>
}

/** @param purpose a reload makes no new pid files and the like. @throws StartRefused with every problem found */
export async function planStart(
  config: Config,
  { cwd: startDirectory, env, version }: World,
  purpose: 'start' | 'check' | 'reload',
): Promise<StartPlan> {
  const { values } = config
  const inherited = purpose === 'check' ? null : inheritedSockets()
  const { binds, listeners, ...found } = await planListeners(config, startDirectory, inherited)
  const stats = await planStats(config, startDirectory, { binds }, inherited)
  const { rights, problems: rightsProblems } = readSocketRights(config)
  const problems = [...found.problems, ...stats.problems, ...queueProblems(config), ...rightsProblems]
  const warnings: Problem[] = [...found.warnings]
  if (purpose !== 'reload') problems.push(...steeringProblems(config, startDirectory))
  const tls = listeners.map(listener => readTls(listener, startDirectory, problems, warnings))
  const directory = resolve(startDirectory, values.chdir ?? '.')
  if (values.chdir !== null) problems.push(...directoryProblems(directory, config.place('chdir')))
  const logs = planLogs(config, startDirectory)
  problems.push(...logs.problems)
  warnings.push(...logs.warnings)
  const { user, ...identity } = planUser(config)
  const { plan: rules, ...ruled } = await planRulesInTurns(config, {
    directory: startDirectory,
    user,
    isForGateways: purpose !== 'check',
  })
  problems.push(...ruled.problems)
  warnings.push(...ruled.warnings)
  const { plan: subscriptions, ...announced } = planSubscriptions(config, rules, startDirectory)
  problems.push(...announced.problems, ...stateProblems(subscriptions))
  warnings.push(...announced.warnings)
  if (purpose !== 'reload') {
    problems.push(...identity.problems, ...limitProblems(config))
    warnings.push(...identity.warnings)
  }
  if (user !== null && problems.length === 0 && purpose !== 'reload') {
    const allBinds = stats.bind === null ? binds : [...binds, stats.bind]
    const trial = tryAs(user, [
      ...needsOf({ config, startDirectory, listeners, binds: allBinds, directory }, user),
      ...subscriptionNeeds(subscriptions, config, user.name),
    ])
    problems.push(...trial.problems)
    warnings.push(...trial.warnings)
  }
  if (problems.length > 0) throw new StartRefused('SLUICE_START_FAILED', byPlace(problems, config.pairs))
  const gateways = values['http-processes']
  return {
    config,
    version,
    startDirectory,
    binds,
    stats: stats.bind,
    listeners,
    tls,
    gateways,
    hasSocketPerGateway: values['reuse-port'] || gateways > MOST_ON_ONE_SOCKET,
    user,
    newLogs: missingLogs({ config, startDirectory }),
    daemons: values['attach-daemon'].map((command, i) => {
      return { command, name: placeText(config.place('attach-daemon', i)) }
    }),
    daemonEnv: daemonEnvironment(config, env),
    directory,
    rights,
    logs: logs.plan,
    subscriptions,
    rules,
    warnings,
  }
}

function stateProblems({ state }: SubscriptionPlan): Problem[] {
  return state.kind === 'file' ? unwritable(state.path, 'state of subscriptions', state.place) : []
}

// The kernel would cut it without a word.
function queueProblems({ values, place }: Config): Problem[] {
  const longest = longestQueue()
  if (values.listen <= longest) return []
  return [
    {
      place: place('listen'),
      problem: `option "listen" asks for a queue of ${values.listen}, and this machine allows ${longest}`,
      remedy: `Lower it, or raise the limit: sysctl net.core.somaxconn=${values.listen}`,
    },
  ]
}

function readTls(
  { tls, place }: ListenerPlan,
  startDirectory: string,
  problems: Problem[],
  warnings: Problem[],
): TlsPlan | null {
  if (tls === null) return null
  const { ciphers, clientCertRequired } = tls
  const badCiphers = ciphers === '' ? null : cipherProblem(ciphers)
  if (badCiphers) problems.push({ place, ...badCiphers })
  const clientCa = tls.clientCa === '' ? '' : readClientCa(resolve(startDirectory, tls.clientCa))
  if (typeof clientCa !== 'string') problems.push({ place, ...clientCa })
  const certificate = isSelfSigned(tls)
    ? 'self-signed'
    : readCertificate(resolve(startDirectory, tls.cert), resolve(startDirectory, tls.key))
  if (typeof certificate === 'object' && 'problem' in certificate) {
    problems.push({ place, ...certificate })
    return null
  }
  if (badCiphers || typeof clientCa !== 'string') return null
  if (certificate !== 'self-signed') {
    warnings.push(...certificate.warnings.map(problem => ({ place, problem, remedy: 'Renew it' })))
  }
  return { certificate, settings: { ciphers, clientCa, clientCertRequired } }
}

/** "ADDR,self-signed": the certificate's field says so and no key follows. */
export function isSelfSigned(tls: TlsListener): boolean {
  return tls.cert === 'self-signed' && tls.key === ''
}

function directoryProblems(path: string, place: Place): Problem[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return []
  return [{ place, problem: `there is no directory ${path}`, remedy: 'Make it, or correct the name' }]
}

// An application that runs as a daemon learns from PORT where the first node on this machine is expected to
// listen. `env` and `unenv` have the last word.
function daemonEnvironment(config: Config, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const node = config.values['http-to'].find(isOnLoopback)
  return environmentOf(config, node?.kind === 'tcp' ? { ...env, PORT: String(node.port) } : env)
}

function isOnLoopback(node: NodeAddress): boolean {
  return node.kind === 'tcp' && LOOPBACK.test(node.host)
}

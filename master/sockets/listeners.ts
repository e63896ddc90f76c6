// master/sockets/listeners.ts: which sockets to bind for the listeners of a config, and what each serves.
import { lookup } from 'node:dns/promises'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import type { ListenAddress } from '../../base/address.ts'
import type { TlsListener } from '../../config/address-kinds.ts'
import { type Config, type Place, type Problem, placeText } from '../../config/config.ts'
import { type Listener, type ListenerOption, listenersOf, withoutRepeats } from '../../config/listeners.ts'
import { type Inherited, inheritedSockets } from './activation.ts'
import { missingDirectory } from './bind-problem.ts'
import { collides } from './bind-target.ts'
import type { BindRequest, BindTarget } from './sockets.ts'

/** One listener of the config, on one of the addresses to bind. */
export interface ListenerPlan {
  readonly option: ListenerOption
  readonly place: Place
  /** Index in {@link Listeners.binds}. */
  readonly bind: number
  readonly tls: TlsListener | null
  readonly toHttps: { readonly port: string } | null
}

export interface Listeners {
  /** Two of them that are equal from one config to the next stand for the same sockets. */
  readonly binds: readonly BindRequest[]
  readonly listeners: readonly ListenerPlan[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * Makes addresses numeric and refers each "=N" to its shared socket. What is written twice is bound once; refused
 * are different words that turn out to be one address.
 *
 * @param startDirectory absolute; relative UNIX paths begin there
 * @param inherited what this process was started with; null when the config is looked at for another one
 */
export async function planListeners(
  config: Config,
  startDirectory: string,
  inherited: Inherited | null = inheritedSockets(),
): Promise<Listeners> {
  const plan: Plan = { startDirectory, inherited, binds: [], listeners: [], problems: [], warnings: [] }
  const shared: (number | null)[] = []
  for (const wanted of sharedSockets(config)) shared.push(await planBind(plan, wanted))
  for (const wanted of withoutRepeats(listenersOf(config))) {
    const { option, place, address, tls, toHttps } = wanted
    const bind = address.kind === 'shared' ? (shared[address.index] ?? null) : await planBind(plan, wanted)
    if (bind !== null) plan.listeners.push({ option, place, bind, tls, toHttps })
  }
  if (inherited !== null) plan.problems.push(...leftOver(config, inherited, plan.binds))
  return plan
}

/**
 * The socket that http-stats asks for.
 *
 * @param found what else is bound; `inherited` as for {@link planListeners}
 * @returns null for none, or one that cannot be had: `problems` tell why
 */
export async function planStats(
  { values, place }: Config,
  startDirectory: string,
  found: Pick<Listeners, 'binds'>,
  inherited: Inherited | null = inheritedSockets(),
): Promise<{ readonly bind: BindRequest | null; readonly problems: readonly Problem[] }> {
  const address = values['http-stats']
  const binds = [...found.binds]
  const plan: Plan = { startDirectory, inherited, binds, listeners: [], problems: [], warnings: [] }
  const index = address === null ? null : await planBind(plan, { place: place('http-stats'), address })
  return { bind: index === null ? null : { ...binds[index]!, inherited: null }, problems: plan.problems }
}

type Wanted = Pick<Listener, 'place' | 'address'>

interface Plan {
  readonly startDirectory: string
  readonly inherited: Inherited | null
  readonly binds: BindRequest[]
  readonly listeners: ListenerPlan[]
  readonly problems: Problem[]
  readonly warnings: Problem[]
}

// @returns the index in binds; null when it was refused, or is not known here
async function planBind(plan: Plan, { place, address }: Wanted): Promise<number | null> {
  const { binds, problems, warnings, inherited } = plan
  if (address.kind === 'fd' && inherited === null) {
    const problem = `${address.text} is known to the process that is started with it, and was not looked at`
    warnings.push({ place, problem, remedy: '' })
    return null
  }
  const target = await bindTarget(address, plan)
  if ('problem' in target) {
    problems.push({ place, ...target })
    return null
  }
  const request = {
    name: targetName(target),
    place,
    target,
    inherited: passedFor(address, target, inherited),
  }
  const rival = binds.find(bind => clashes(bind, request))
  if (rival === undefined) return binds.push(request) - 1
  const taken = `${rival.name} at ${placeText(rival.place)}`
  problems.push({
    place,
    problem: `${request.name} is taken already by ${taken}`,
    remedy: 'Keep one of the two',
  })
  return null
}

// What systemd opened is used wherever its address is written, so that a config works with and without it.
function passedFor(address: ListenAddress, target: BindTarget, inherited: Inherited | null): number | null {
  if (address.kind === 'fd') return address.fd
  const name = targetName(target)
  return inherited?.activated.find(each => targetName(each.target) === name)?.fd ?? null
}

// The kernel holds connections for whoever opened the socket, so one that nobody serves would let clients hang.
function leftOver(config: Config, inherited: Inherited, binds: readonly BindRequest[]): Problem[] {
  const place: Place = {
    file: config.pairs.find(pair => pair.place.file !== null)?.place.file ?? null,
    line: 0,
  }
  const unused = inherited.activated.filter(({ fd }) => binds.every(bind => bind.inherited !== fd))
  return [
    ...inherited.useless.map(({ problem }) => ({
      place,
      problem: `${problem}, and systemd passed it to Sluice`,
      remedy: 'Take it out of the .socket unit',
    })),
    ...unused.map(({ fd, target }) => ({
      place,
      problem: `${inherited.label(fd)}, ${targetName(target)}, which systemd opened, is used by no line`,
      remedy: `Write http = fd://${fd}, or take it out of the .socket unit`,
    })),
  ]
}

function sharedSockets({ values, place }: Config): Wanted[] {
  return values['shared-socket'].map((address, i) => ({ place: place('shared-socket', i), address }))
}

type Refusal = { readonly problem: string; readonly remedy: string }

async function bindTarget(
  address: ListenAddress,
  { startDirectory, inherited }: Plan,
): Promise<BindTarget | Refusal> {
  switch (address.kind) {
    case 'tcp':
      return isIP(address.host) ? { kind: 'tcp', host: address.host, port: address.port } : named(address)
    case 'tcp-prefix':
      return prefixed(address.prefix, address.port)
    case 'unix':
      return unix(resolve(startDirectory, address.path))
    case 'abstract':
      return { kind: 'unix', path: `\0${address.name}` }
    case 'shared':
      return { problem: `${address.text} stands for no address here`, remedy: 'Write the address itself' }
    case 'fd': {
      const found = inherited!.find(address.fd)
      return 'target' in found ? found.target : found
    }
  }
}

function unix(path: string): BindTarget | Refusal {
  const missing = missingDirectory(path)
  if (missing === null) return { kind: 'unix', path }
  const [reason, remedy] = missing
  return { problem: `cannot listen on ${path}: ${reason}`, remedy }
}

// IPv4 first, as uWSGI knows nothing else; a name is resolved once, as the socket stays.
async function named({ host, port }: { host: string; port: number }): Promise<BindTarget | Refusal> {
  try {
    const { address } = await lookup(host, { order: 'ipv4first' })
    return { kind: 'tcp', host: address, port }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return {
      problem: `the name "${host}" does not resolve (${code})`,
      remedy: 'Write an address of this machine instead, or correct the name',
    }
  }
}

function prefixed(prefix: string, port: number): BindTarget | Refusal {
  const own = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  const found = own.find(({ address }) => isIPv4(address) && address.startsWith(prefix))
  if (found) return { kind: 'tcp', host: found.address, port }
  return {
    problem: `no address of this machine begins with "${prefix}"`,
    remedy: 'See "ip address" for those there are',
  }
}

/** "0.0.0.0:80", "[::1]:80", "/run/x.sock", "@name". */
export function targetName(target: BindTarget): string {
  if (target.kind === 'unix') return target.path.replace(/^\0/, '@')
  return isIPv6(target.host) ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}

// Descriptors may share an address (systemd's ReusePort).
function clashes(a: BindRequest, b: BindRequest): boolean {
  if (a.inherited !== null && b.inherited !== null) return a.inherited === b.inherited
  return collides(a.target, b.target)
}

// master/listeners.ts: which sockets to bind for the listeners of a config, and what each serves.
import { lookup } from 'node:dns/promises'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import type { ListenAddress } from '../base/address.ts'
import type { TlsListener } from '../config/address-kinds.ts'
import { type Config, type Place, type Problem, placeText } from '../config/config.ts'
import { type Listener, type ListenerOption, listenersOf, withoutRepeats } from '../config/listeners.ts'
import { missingDirectory } from './bind-problem.ts'
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
  readonly binds: readonly BindRequest[]
  readonly listeners: readonly ListenerPlan[]
  readonly problems: readonly Problem[]
}

/**
 * Makes addresses numeric and refers each "=N" to its shared socket. What is written twice is bound once; refused
 * are different words that turn out to be one address.
 *
 * @param startDirectory absolute; relative UNIX paths begin there
 */
export async function planListeners(config: Config, startDirectory: string): Promise<Listeners> {
  const plan: Plan = { binds: [], listeners: [], problems: [] }
  const shared: (number | null)[] = []
  for (const wanted of sharedSockets(config)) shared.push(await planBind(plan, wanted, startDirectory))
  for (const wanted of withoutRepeats(listenersOf(config))) {
    const { option, place, address, tls, toHttps } = wanted
    const bind =
      address.kind === 'shared'
        ? (shared[address.index] ?? null)
        : await planBind(plan, wanted, startDirectory)
    if (bind !== null) plan.listeners.push({ option, place, bind, tls, toHttps })
  }
  return plan
}

type Wanted = Pick<Listener, 'place' | 'address'>

interface Plan {
  readonly binds: BindRequest[]
  readonly listeners: ListenerPlan[]
  readonly problems: Problem[]
}

// @returns the index in binds; null when it was refused
async function planBind(
  { binds, problems }: Plan,
  { place, address }: Wanted,
  startDirectory: string,
): Promise<number | null> {
  const target = await bindTarget(address, startDirectory)
  if ('problem' in target) {
    problems.push({ place, ...target })
    return null
  }
  const name = targetName(target)
  const rival = binds.find(bind => collides(bind.target, target))
  if (rival === undefined) return binds.push({ name, place, target }) - 1
  const taken = `${rival.name} at ${placeText(rival.place)}`
  problems.push({ place, problem: `${name} is taken already by ${taken}`, remedy: 'Keep one of the two' })
  return null
}

function sharedSockets({ values, place }: Config): Wanted[] {
  return values['shared-socket'].map((address, i) => ({ place: place('shared-socket', i), address }))
}

type Refusal = { readonly problem: string; readonly remedy: string }

async function bindTarget(address: ListenAddress, startDirectory: string): Promise<BindTarget | Refusal> {
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
    case 'fd':
      return {
        problem: `${address.text}: inherited sockets are not supported yet`,
        remedy: 'Write the address itself, so that Sluice binds it',
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

// Both would bind, as nothing listens yet, and the second to listen would fail. "[::]" beside IPv4 is bound for
// IPv6 alone (see sockets.ts).
function collides(a: BindTarget, b: BindTarget): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') return a.kind === b.kind && targetName(a) === targetName(b)
  if (a.port !== b.port || a.port === 0 || isIPv4(a.host) !== isIPv4(b.host)) return false
  const any = isIPv4(a.host) ? '0.0.0.0' : '::'
  return a.host === b.host || a.host === any || b.host === any
}

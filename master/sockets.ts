// master/sockets.ts: binds every address once and keeps it, unpolled and never listening here, for the life of
// the master. Gateways get the descriptors at spawn and listen on them, so connections made while no gateway
// lives wait in the kernel's queue, and UNIX paths survive a gateway's end.
import { lstatSync, unlinkSync } from 'node:fs'
import net from 'node:net'
import type { Problem } from '../config/config.ts'
import { bindProblem, type SystemError } from './bind-problem.ts'
import { isUnixHeld } from './holder.ts'
import { StartRefused } from './refused.ts'

/** Where to bind. `host` is numeric; `path` of an abstract socket begins with NUL. */
export type BindTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface BindRequest {
  /** Address as people write it: "0.0.0.0:8080", "/run/x.sock", "@name". */
  readonly name: string
  readonly place: Problem['place']
  readonly target: BindTarget
}

export interface BindOptions {
  /** Sockets per TCP address: 1, or one for each gateway, between which the kernel shares out connections. */
  readonly copies: number
  /** Other programs may share the address (reuse-port). Else it must be free even when copies are many. */
  readonly isShared: boolean
}

/** Milliseconds to wait for an answer on an existing UNIX socket; a full queue counts as one. */
const PROBE_MS = 1000

/** One bound address. */
export class BoundListener {
  readonly request: BindRequest
  #sockets: readonly net.BoundSocket[]

  constructor(request: BindRequest, sockets: readonly net.BoundSocket[]) {
    this.request = request
    this.#sockets = sockets
  }

  /** Descriptor for the stdio of a gateway; the same for all where the address was bound once. */
  fd(gateway: number): number {
    return this.#sockets[gateway % this.#sockets.length]!.fd()
  }

  /** The port really bound, also when 0 was asked for; 0 for UNIX sockets. */
  get port(): number {
    return boundPort(this.#sockets[0]!)
  }

  /** Frees the address and removes a UNIX path. Twice is harmless. */
  close(): void {
    for (const socket of this.#sockets) socket.close()
    this.#sockets = []
  }
}

/**
 * Binds all or nothing.
 *
 * @throws StartRefused with every address that failed, and who holds it where that can be known
 */
export async function bindAll(
  requests: readonly BindRequest[],
  options: BindOptions,
): Promise<BoundListener[]> {
  const bound: BoundListener[] = []
  const problems: Problem[] = []
  for (const request of requests) {
    try {
      bound.push(await bindOne(request, requests, options))
    } catch (error) {
      problems.push(bindProblem(request, error as SystemError))
    }
  }
  if (problems.length === 0) return bound
  for (const listener of bound) listener.close()
  throw new StartRefused('SLUICE_BIND_FAILED', problems)
}

async function bindOne(
  request: BindRequest,
  all: readonly BindRequest[],
  options: BindOptions,
): Promise<BoundListener> {
  const { target } = request
  if (target.kind === 'unix') {
    if (!target.path.startsWith('\0')) await clearPath(target.path)
    return new BoundListener(request, [bindUnix(target.path)])
  }
  return new BoundListener(
    request,
    bindTcp(target.host, target.port, ipv6Only(target.host, target.port, all), options),
  )
}

// @types/node does not know the option yet.
function bindUnix(path: string): net.BoundSocket {
  return new net.BoundSocket({ path } as net.BoundSocketOptions)
}

// "[::]:80" takes IPv4 as well, unless the config asks for that port on IPv4 by itself.
function ipv6Only(host: string, port: number, all: readonly BindRequest[]): boolean {
  return (
    host === '::' &&
    port !== 0 &&
    all.some(({ target }) => target.kind === 'tcp' && target.port === port && net.isIPv4(target.host))
  )
}

function bindTcp(
  host: string,
  port: number,
  ipv6Only: boolean,
  { copies, isShared }: BindOptions,
): net.BoundSocket[] {
  const reusePort = isShared || copies > 1
  // With reusePort a second Sluice of the same user would bind too, and take half of the traffic unseen.
  if (reusePort && !isShared) new net.BoundSocket({ host, port, ipv6Only }).close()
  const sockets: net.BoundSocket[] = []
  try {
    for (let i = 0; i < copies; i++) {
      const port_ = i === 0 ? port : boundPort(sockets[0]!)
      sockets.push(new net.BoundSocket({ host, port: port_, ipv6Only, reusePort }))
    }
    return sockets
  } catch (error) {
    for (const socket of sockets) socket.close()
    throw error
  }
}

function boundPort(socket: net.BoundSocket): number {
  const address = socket.address()
  return typeof address === 'object' && address !== null && 'port' in address ? address.port : 0
}

// A socket file that nobody answers on was left by a process that was killed. Anything else stays.
async function clearPath(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return
  if (!stat.isSocket()) throw Object.assign(new Error('not a socket'), { code: 'ENOTSOCK' })
  if (isUnixHeld(path) || (await isAnswered(path)))
    throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' })
  unlinkSync(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ path })
    const finish = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(PROBE_MS, () => finish(true))
    socket.once('connect', () => finish(true))
    socket.once('error', (error: SystemError) => finish(error.code === 'EAGAIN'))
  })
}

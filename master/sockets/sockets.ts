// master/sockets/sockets.ts: the sockets of an instance, kept, unpolled and never listening here, for the life of the master.
// Gateways get the descriptors at spawn and listen on them, so connections made while no gateway lives wait in the
// kernel's queue, and UNIX paths survive a gateway's end. A reload keeps the sockets whose address stays.
import { isIPv4 } from 'node:net'
import type { Problem } from '../../config/config.ts'
import { StartRefused } from '../refused.ts'
import { bindAlone, bindMore, bindTogether, bindUnix, type TcpTarget } from './bind.ts'
import { bindProblem, type SystemError } from './bind-problem.ts'
import { collides, isIpv6Only, isSameTarget } from './bind-target.ts'
import { type HeldSocket, PassedSocket, TcpSocket, UnixSocket } from './held-socket.ts'
import { applyRights, type SocketRights } from './socket-rights.ts'

/** Where to bind. `host` is numeric; `path` of an abstract socket begins with NUL. */
export type BindTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface BindRequest {
  /** Address as people write it: "0.0.0.0:8080", "/run/x.sock", "@name". */
  readonly name: string
  readonly place: Problem['place']
  readonly target: BindTarget
  /** Not null: the listening descriptor on that address that we were started with, used instead of a new one. */
  readonly inherited: number | null
}

export interface BindOptions {
  /** Sockets per TCP address: 1, or one for each gateway, between which the kernel shares out connections. */
  readonly copies: number
  /** Other programs may share the address (reuse-port). Else it must be free even when copies are many. */
  readonly isShared: boolean
  /** Default: `copies`. With fewer gateways than sockets, each serves several: see {@link BoundListener.more}. */
  readonly gateways?: number
  /** Of the files of UNIX sockets that we bind. */
  readonly rights?: SocketRights
}

/** A change of sockets that is prepared: one of its two ends must come. */
export interface Rebound {
  /** One for each request, in order. What stays as it was is the same object as before. */
  readonly bound: BoundListener[]
  /** Worth showing: what stays as it was although the config asks for something else. */
  readonly warnings: readonly Problem[]
  /** Closes the sockets that no request names any more. */
  commit(): void
  /** Closes what is new, and gives files their rights back. */
  undo(): void
}

/** One bound address. */
export class BoundListener {
  /** That of the latest reload. */
  request: BindRequest
  readonly sockets: readonly HeldSocket[]
  readonly gateways: number
  /** "::" that takes no IPv4. */
  readonly ipv6Only: boolean
  /**
   * The same address again, on sockets that would be left alone since there are fewer gateways than at the start: each
   * gateway listens on the descriptor of this listener and of all these.
   */
  readonly more: readonly BoundListener[]

  constructor(request: BindRequest, sockets: readonly HeldSocket[], gateways: number, ipv6Only: boolean) {
    this.request = request
    this.sockets = sockets
    this.gateways = gateways
    this.ipv6Only = ipv6Only
    this.more = rotations(sockets, gateways).map(
      rotated => new BoundListener(request, rotated, rotated.length, ipv6Only),
    )
  }

  /** Descriptor for the stdio of a gateway; the same for all where the address was bound once. */
  fd(gateway: number): number {
    return this.sockets[gateway % this.sockets.length]!.fd
  }

  /** The port really bound, also when 0 was asked for; 0 for UNIX sockets. */
  get port(): number {
    return this.sockets[0]!.port
  }

  /** Frees the address and removes a UNIX path. Twice is harmless. */
  close(): void {
    for (const socket of this.sockets) socket.close()
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
  return (await rebind([], requests, options)).bound
}

/**
 * Prepares the sockets of the next config beside those that are held, which go on as they are until commit().
 *
 * @param held not to be used or closed any more after commit(), but by those who have its descriptors already
 * @throws StartRefused with every problem; nothing is changed then
 */
export async function rebind(
  held: readonly BoundListener[],
  requests: readonly BindRequest[],
  options: BindOptions,
): Promise<Rebound> {
  const change = new Change(held, requests, options)
  for (const request of requests) await change.add(request)
  if (change.problems.length === 0) return change
  change.undo()
  throw new StartRefused('SLUICE_BIND_FAILED', change.problems)
}

class Change implements Rebound {
  readonly bound: BoundListener[] = []
  readonly warnings: Problem[] = []
  readonly problems: Problem[] = []
  readonly #held: readonly BoundListener[]
  readonly #requests: readonly BindRequest[]
  readonly #targets: readonly BindTarget[]
  readonly #options: BindOptions
  readonly #gateways: number
  readonly #unmatched: Set<BoundListener>
  readonly #fresh: HeldSocket[] = []
  readonly #restores: (() => void)[] = []

  constructor(held: readonly BoundListener[], requests: readonly BindRequest[], options: BindOptions) {
    this.#held = held
    this.#requests = requests
    this.#targets = requests.map(({ target }) => target)
    this.#options = options
    this.#gateways = options.gateways ?? options.copies
    this.#unmatched = new Set(held)
  }

  async add(request: BindRequest): Promise<void> {
    const kept = this.#take(request)
    const listener = kept ? this.#keep(kept, request) : await this.#open(request)
    if ('problem' in listener) {
      this.problems.push(listener)
      return
    }
    this.bound.push(listener)
    for (const socket of listener.sockets) if (socket instanceof UnixSocket) this.#giveRights(socket, request)
  }

  commit(): void {
    for (const [i, listener] of this.bound.entries()) listener.request = this.#requests[i]!
    const kept = new Set(this.bound.flatMap(({ sockets }) => sockets))
    for (const { sockets } of this.#held) for (const socket of sockets) if (!kept.has(socket)) socket.close()
  }

  undo(): void {
    for (const restore of this.#restores.reverse()) restore()
    for (const socket of this.#fresh) socket.close()
  }

  // A UNIX path that somebody took from under us is bound anew.
  #take(request: BindRequest): BoundListener | null {
    const found = [...this.#unmatched].find(listener => {
      return isAt(listener, request) && listener.sockets.every(isReached)
    })
    if (found === undefined) return null
    this.#unmatched.delete(found)
    return found
  }

  #keep(listener: BoundListener, request: BindRequest): BoundListener | Problem {
    const { sockets, ipv6Only } = listener
    if (ipv6Only && !isIpv6Only(request.target, this.#targets)) return fourAgain(request)
    const all = [...sockets, ...this.#grow(listener, request)]
    const isSame = all.length === sockets.length && sharesAlike(all.length, listener.gateways, this.#gateways)
    return isSame ? listener : new BoundListener(request, all, this.#gateways, ipv6Only)
  }

  // More gateways, or a first socket for each.
  #grow({ sockets, port, ipv6Only }: BoundListener, request: BindRequest): TcpSocket[] {
    const { target, name, place } = request
    const missing = this.#options.copies - sockets.length
    if (missing <= 0 || target.kind !== 'tcp' || !(sockets[0] instanceof TcpSocket)) return []
    const stays = (why: string) => {
      const problem = `the gateways go on sharing ${sockets.length === 1 ? 'the one socket' : `${sockets.length} sockets`} of ${name}: ${why}`
      this.warnings.push({ place, problem, remedy: 'Restart Sluice to give each a socket of its own' })
      return []
    }
    if (!sockets[0].isShareable) return stays('it was bound for itself alone')
    try {
      const more = bindMore({ host: target.host, port, ipv6Only }, missing)
      this.#fresh.push(...more)
      return more
    } catch (error) {
      return stays((error as SystemError).message) // not the user any more who bound the others, as a rule
    }
  }

  async #open(request: BindRequest): Promise<BoundListener | Problem> {
    const rival = this.#held.find(listener => this.#blocks(listener, request))
    if (rival) return ownRival(request, rival)
    try {
      const sockets = await this.#sockets(request)
      this.#fresh.push(...sockets)
      const ipv6Only = request.inherited === null && isIpv6Only(request.target, this.#targets)
      return new BoundListener(request, sockets, this.#gateways, ipv6Only)
    } catch (error) {
      return bindProblem(request, error as SystemError)
    }
  }

  async #sockets({ target, inherited }: BindRequest): Promise<readonly HeldSocket[]> {
    if (inherited !== null) return [new PassedSocket(inherited, target.kind === 'tcp' ? target.port : 0)]
    if (target.kind === 'unix') return [await bindUnix(target.path, this.#ownInodes())]
    const { copies, isShared } = this.#options
    const tcp: TcpTarget = { ...target, ipv6Only: isIpv6Only(target, this.#targets) }
    return isShared || copies > 1 ? bindTogether(tcp, copies, isShared) : [bindAlone(tcp)]
  }

  #blocks(listener: BoundListener, { target, inherited }: BindRequest): boolean {
    const theirs = listener.request.target
    if (inherited !== null || target.kind === 'unix' || theirs.kind === 'unix') return false
    if (target.port !== listener.port) return false
    if (collides({ ...theirs, port: listener.port }, target)) return true
    if (isIPv4(theirs.host)) return target.host === '::' && !isIpv6Only(target, this.#targets)
    return isIPv4(target.host) && theirs.host === '::' && !listener.ipv6Only
  }

  #ownInodes(): Set<string> {
    const sockets = this.#held.flatMap(({ sockets }) => sockets)
    return new Set(sockets.flatMap(socket => (socket instanceof UnixSocket ? [socket.inode] : [])))
  }

  #giveRights(socket: UnixSocket, { name }: BindRequest): void {
    if (this.#options.rights === undefined) return
    const before = applyRights(socket, name, this.#options.rights)
    if (before === null) return
    if ('problem' in before) this.problems.push(before)
    else this.#restores.push(() => void socket.setRights(before))
  }
}

function isReached(socket: HeldSocket): boolean {
  return !(socket instanceof UnixSocket) || socket.isInPlace
}

// A held ":0" is also at the port that the kernel chose for it.
function isAt({ request, port }: BoundListener, { target, inherited }: BindRequest): boolean {
  if (inherited !== null) return request.inherited === inherited
  if (isSameTarget(request.target, target)) return true
  return request.target.kind === 'tcp' && isSameTarget({ ...request.target, port }, target)
}

// Each gateway listens on its own socket and, as long as some are left over, on one more at a time.
function rotations(sockets: readonly HeldSocket[], gateways: number): HeldSocket[][] {
  const rounds = Math.ceil(sockets.length / gateways)
  return Array.from({ length: rounds - 1 }, (_, i) => {
    const start = (i + 1) * gateways
    return [...sockets.slice(start), ...sockets.slice(0, start)]
  })
}

function sharesAlike(sockets: number, before: number, after: number): boolean {
  return before === after || sockets <= Math.min(before, after)
}

function ownRival({ name, place }: BindRequest, rival: BoundListener): Problem {
  const problem = `cannot listen on ${name}: Sluice itself holds the port for ${rival.request.name}, which was bound before and serves until the change is complete`
  return { place, problem, remedy: 'Restart Sluice for this change' }
}

function fourAgain({ name, place }: BindRequest): Problem {
  const problem = `${name} was bound for IPv6 alone, beside a listener for IPv4, and cannot take IPv4 from now on`
  return { place, problem, remedy: 'Restart Sluice for this change, or keep the IPv4 listener' }
}

// master/sockets/bind.ts: binds one address anew. Nothing listens or is polled here.
import { lstatSync, unlinkSync } from 'node:fs'
import net from 'node:net'
import type { SystemError } from './bind-problem.ts'
import { TcpSocket, UnixSocket } from './held-socket.ts'
import { isUnixHeld } from './holder.ts'

export interface TcpTarget {
  readonly host: string
  readonly port: number
  /** "::" takes no IPv4. */
  readonly ipv6Only: boolean
}

/** Milliseconds to wait for an answer on an existing UNIX socket; a full queue counts as one. */
const PROBE_MS = 1000

/** One socket that nobody else may share. @throws SystemError */
export function bindAlone(target: TcpTarget): TcpSocket {
  return new TcpSocket(new net.BoundSocket({ ...target }), false)
}

/**
 * Sockets between which the kernel shares out connections.
 *
 * @param isShared other programs may share the address; else it must be free
 * @throws SystemError with nothing bound
 */
export function bindTogether(target: TcpTarget, copies: number, isShared: boolean): TcpSocket[] {
  // With reusePort a second Sluice of the same user would bind too, and take half of the traffic unseen.
  if (!isShared) bindAlone(target).close()
  const first = bindBeside(target)
  try {
    return [first, ...bindMore({ ...target, port: first.port }, copies - 1)]
  } catch (error) {
    first.close()
    throw error
  }
}

/** More of the same, beside those that there are. @throws SystemError with nothing bound */
export function bindMore(target: TcpTarget, count: number): TcpSocket[] {
  const sockets: TcpSocket[] = []
  try {
    while (sockets.length < count) sockets.push(bindBeside(target))
    return sockets
  } catch (error) {
    for (const socket of sockets) socket.close()
    throw error
  }
}

/**
 * Takes the place of a socket file that nobody answers on.
 *
 * @param path abstract ones begin with NUL
 * @param own sockets of ours, as inodes, that had this path before
 * @throws SystemError
 */
export async function bindUnix(path: string, own: ReadonlySet<string>): Promise<UnixSocket> {
  if (!path.startsWith('\0')) await clearPath(path, own)
  // @types/node does not know the option yet.
  return new UnixSocket(new net.BoundSocket({ path } as net.BoundSocketOptions), path)
}

function bindBeside(target: TcpTarget): TcpSocket {
  return new TcpSocket(new net.BoundSocket({ ...target, reusePort: true }), true)
}

// A socket file that nobody answers on was left by a process that was killed. Anything else stays.
async function clearPath(path: string, own: ReadonlySet<string>): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return
  if (!stat.isSocket()) throw Object.assign(new Error('not a socket'), { code: 'ENOTSOCK' })
  if (isUnixHeld(path, own) || (await isAnswered(path)))
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

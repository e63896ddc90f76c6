// master/sockets/holder.ts: which process holds an address that we could not bind, read from /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { type InetSocket, inetSockets, socketInode, unixSockets } from './proc-net.ts'

/** A process that listens where we wanted to. `command` is its command line, shortened. */
export interface Holder {
  readonly pid: number
  readonly command: string
}

const COMMAND_LENGTH = 80

/** @returns the listener on `port` whose address collides with `host`; null when none can be seen */
export function tcpHolder(host: string, port: number): Holder | null {
  const rivals = inetSockets('tcp').filter(
    each => each.isListening && each.port === port && collides(each, host),
  )
  return holderOf(new Set(rivals.map(({ inode }) => inode)))
}

/** @returns who receives datagrams on `port` where we wanted to; null when nobody can be seen */
export function udpHolder(host: string, port: number): Holder | null {
  const rivals = inetSockets('udp').filter(each => each.port === port && collides(each, host))
  return holderOf(new Set(rivals.map(({ inode }) => inode)))
}

/** @param path file name, or '\0name' for an abstract one */
export function unixHolder(path: string): Holder | null {
  return holderOf(unixInodes(path))
}

/**
 * Whether a living process holds a socket of this name, listening already or about to.
 *
 * @param own inodes of sockets that do not count
 */
export function isUnixHeld(path: string, own: ReadonlySet<string>): boolean {
  return [...unixInodes(path)].some(inode => !own.has(inode))
}

/** "process 4711 (nginx: master process)", or what little is known when it is hidden from us. */
export function holderText(holder: Holder | null): string {
  return holder ? `process ${holder.pid} (${holder.command})` : 'a process that we may not see'
}

function collides(listening: InetSocket, host: string): boolean {
  if (isAny(listening.host) || isAny(host)) return true
  // On one port, naming a listener on another address beats naming none.
  return isIPv6(host) || listening.host === host || listening.host === `::ffff:${host}`
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function unixInodes(path: string): Set<string> {
  const shown = path.replace(/^\0/, '@').replaceAll('\0', '@')
  return new Set(
    unixSockets().flatMap(({ isConnected, path, inode }) => {
      return !isConnected && path === shown ? [inode] : []
    }),
  )
}

// The one that runs longest: of a server with children that share the socket, mostly the one to stop. Pids do not say
// that, as they start again from the lowest. We ourselves hold the sockets that our gateways listen on, so we are no
// answer.
function holderOf(wanted: Set<string>): Holder | null {
  if (wanted.size === 0) return null
  const holders = listDirectory('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && pid !== process.pid && holdsAny(pid, wanted))
    .map(pid => ({ pid, startedAt: startTicks(pid) }))
    .sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid)
  const [first] = holders
  return first === undefined ? null : { pid: first.pid, command: commandOf(first.pid) }
}

function holdsAny(pid: number, wanted: Set<string>): boolean {
  return listDirectory(`/proc/${pid}/fd`).some(fd => wanted.has(socketInode(`/proc/${pid}/fd/${fd}`)))
}

// Field 22 of its stat. The second, its name in parentheses, may hold blanks.
function startTicks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[19])
  } catch {
    return Number.POSITIVE_INFINITY // ended meanwhile
  }
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return [] // ended meanwhile, or another user's
  }
}

function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
    const printable = words.replace(/[^\x20-\x7e]/g, '?')
    return printable.length > COMMAND_LENGTH ? `${printable.slice(0, COMMAND_LENGTH - 3)}...` : printable
  } catch {
    return 'ended meanwhile'
  }
}

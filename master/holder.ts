// master/holder.ts: which process holds an address that we could not bind, read from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isIPv6 } from 'node:net'

/** A process that listens where we wanted to. `command` is its command line, shortened. */
export interface Holder {
  readonly pid: number
  readonly command: string
}

const COMMAND_LENGTH = 80
const LISTEN = '0A' // TCP_LISTEN in /proc/net/tcp
const UNCONNECTED = '01' // SS_UNCONNECTED in /proc/net/unix: bound or listening, not an accepted connection

/** @returns the listener on `port` whose address collides with `host`; null when none can be seen */
export function tcpHolder(host: string, port: number): Holder | null {
  return holderOf(inodes(['/proc/net/tcp', '/proc/net/tcp6'], fields => listensOn(fields, host, port)))
}

/** @param path file name, or '\0name' for an abstract one */
export function unixHolder(path: string): Holder | null {
  return holderOf(unixInodes(path))
}

/** Whether a living process holds a socket of this name, listening already or about to. */
export function isUnixHeld(path: string): boolean {
  return unixInodes(path).size > 0
}

/** "process 4711 (nginx: master process)", or what little is known when it is hidden from us. */
export function holderText(holder: Holder | null): string {
  return holder ? `process ${holder.pid} (${holder.command})` : 'a process that we may not see'
}

// Fields: sl, local, remote, state, queues, timer, retransmits, uid, timeout, inode.
function listensOn(fields: readonly string[], host: string, port: number): boolean {
  const [address = '', hexPort = ''] = fields[1]?.split(':') ?? []
  if (fields[3] !== LISTEN || Number.parseInt(hexPort, 16) !== port) return false
  return /^0+$/.test(address) || isAny(host) || address.endsWith(hexAddress(host))
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

// IPv4 in the kernel's byte order; "::ffff:1.2.3.4" in tcp6 ends with the same digits. An IPv6 address is not
// compared: on one port, naming a listener on another address beats naming none.
function hexAddress(host: string): string {
  if (isIPv6(host)) return ''
  const bytes = host.split('.').map(Number)
  return bytes
    .reverse()
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}

// Fields: num, refcount, protocol, flags, type, state, inode, path ("@name" for an abstract one).
function unixInodes(path: string): Set<string> {
  const shown = path.replace(/^\0/, '@').replaceAll('\0', '@')
  return inodes(['/proc/net/unix'], f => f[5] === UNCONNECTED && f.slice(7).join(' ') === shown, 6)
}

function inodes(
  files: readonly string[],
  isWanted: (fields: readonly string[]) => boolean,
  column = 9,
): Set<string> {
  const found = new Set<string>()
  for (const line of files.flatMap(readLines)) {
    const fields = line.trim().split(/\s+/)
    const inode = fields[column]
    if (inode && inode !== '0' && isWanted(fields)) found.add(inode)
  }
  return found
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1)
  } catch {
    return [] // no /proc, or no IPv6
  }
}

// The lowest pid: of a server with children that share the socket, mostly the one to stop. We ourselves hold the
// sockets that our gateways listen on, so we are no answer.
function holderOf(wanted: Set<string>): Holder | null {
  if (wanted.size === 0) return null
  const pids = listDirectory('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && pid !== process.pid)
  for (const pid of pids.sort((a, b) => a - b)) {
    for (const fd of listDirectory(`/proc/${pid}/fd`)) {
      if (wanted.has(socketInode(`/proc/${pid}/fd/${fd}`))) return { pid, command: commandOf(pid) }
    }
  }
  return null
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return [] // ended meanwhile, or another user's
  }
}

function socketInode(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? ''
  } catch {
    return ''
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

// master/sockets/activation.ts: listening sockets that we were started with: those that systemd opened (LISTEN_FDS), and
// any other descriptor that a line names as fd://N.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { ACTIVATION } from '../environment.ts'
import { inetSockets, ownInode, unixSockets } from './proc-net.ts'
import type { BindTarget } from './sockets.ts'

const FIRST_FD = 3 // of those that systemd passes
const CLOSE_ON_EXEC = 0o2000000

/** A listening socket that somebody else opened. */
export interface InheritedSocket {
  readonly fd: number
  readonly target: BindTarget
}

/** Why a descriptor cannot be listened on. */
export interface NoListener {
  readonly problem: string
  readonly remedy: string
}

/** What this process was started with. Looked at once, before it opens sockets of its own. */
export class Inherited {
  /** Opened by systemd for us. */
  readonly activated: readonly InheritedSocket[]
  /** Opened by systemd for us, and of no use. */
  readonly useless: readonly NoListener[]
  readonly #inodes: ReadonlyMap<number, string>
  readonly #names: ReadonlyMap<number, string>

  /** @param env its LISTEN_FDS counts only if LISTEN_PID is `pid` */
  constructor(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid) {
    this.#inodes = socketsOfOurs()
    this.#names = activatedNames(env, pid)
    const found = [...this.#names.keys()].map(fd => this.find(fd))
    this.activated = found.filter(each => 'fd' in each)
    this.useless = found.filter(each => 'problem' in each)
  }

  /** The socket that fd://N means; N is at least 3. */
  find(fd: number): InheritedSocket | NoListener {
    const inode = this.#inodes.get(fd)
    if (inode === undefined || inode !== ownInode(fd)) return refusal(fd, whatElse(fd), HOW)
    const target = listeningTarget(inode)
    if (target === null) return refusal(fd, whatSocket(inode), 'Listen on it before Sluice is started')
    if (!isClosedOnExec(fd)) {
      const problem = 'would stay open in every process that Sluice starts'
      return refusal(fd, problem, 'Pass the socket under a number from 3 to 15')
    }
    return { fd, target }
  }

  /** "descriptor 3", with the name that the .socket unit gives it (FileDescriptorName). */
  label(fd: number): string {
    const name = this.#names.get(fd)
    return name ? `descriptor ${fd} ("${name}")` : `descriptor ${fd}`
  }
}

const HOW = 'Start Sluice by a .socket unit, or by another program that opens the socket and passes it on'
let seen: Inherited | null = null

/**
 * What this process was started with; the first call looks, and takes the variables of the activation out of the
 * environment. Call it before sockets are opened.
 */
export function inheritedSockets(): Inherited {
  if (seen === null) {
    seen = new Inherited()
    for (const name of ACTIVATION) delete process.env[name]
  }
  return seen
}

// A descriptor that we opened later may have the number of one that was closed: the inode tells them apart.
function socketsOfOurs(): Map<number, string> {
  const sockets = ownDescriptors().map(fd => [fd, ownInode(fd)] as const)
  return new Map(sockets.filter(([, inode]) => inode !== ''))
}

function ownDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number)
  } catch {
    return [] // no /proc
  }
}

function activatedNames(env: NodeJS.ProcessEnv, pid: number): Map<number, string> {
  if (env.LISTEN_PID !== String(pid)) return new Map()
  const names = (env.LISTEN_FDNAMES ?? '').split(':')
  const count = Number(env.LISTEN_FDS ?? 0)
  if (!Number.isInteger(count)) return new Map()
  return new Map(Array.from({ length: count }, (_, i) => [FIRST_FD + i, names[i] ?? '']))
}

function listeningTarget(inode: string): BindTarget | null {
  const inet = inetSockets('tcp').find(each => each.inode === inode)
  if (inet) return inet.isListening ? { kind: 'tcp', host: inet.host, port: inet.port } : null
  const unix = unixSockets().find(each => each.inode === inode)
  return unix?.isListening ? { kind: 'unix', path: unix.path.replace(/^@/, '\0') } : null
}

function whatSocket(inode: string): string {
  const isIt = (each: { readonly inode: string }) => each.inode === inode
  if (inetSockets('udp').some(isIt)) return 'is a UDP socket'
  if (inetSockets('tcp').some(isIt)) return 'is a TCP connection, not a listening socket'
  if (unixSockets().some(isIt)) return 'is a UNIX socket that does not listen'
  return 'is a socket that does not listen, or one of another network namespace'
}

// What it is else may well be a descriptor of Node itself.
function whatElse(fd: number): string {
  try {
    const link = readlinkSync(`/proc/self/fd/${fd}`)
    if (link.startsWith('/')) return `is the file ${link}`
  } catch {
    return 'is not open'
  }
  return 'is no socket that Sluice was started with'
}

// Node marks what it is started with, up to the first gap above 15, so that children do not get it.
function isClosedOnExec(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))
  return flags !== null && (Number.parseInt(flags[1]!, 8) & CLOSE_ON_EXEC) !== 0
}

function refusal(fd: number, what: string, remedy: string): NoListener {
  return { problem: `descriptor ${fd} ${what}`, remedy }
}

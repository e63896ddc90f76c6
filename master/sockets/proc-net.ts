// master/sockets/proc-net.ts: the kernel's lists of sockets in /proc/net, and which of them a descriptor is.
import { readFileSync, readlinkSync } from 'node:fs'
import { SocketAddress } from 'node:net'
import { endianness } from 'node:os'

const LISTEN = '0A' // TCP_LISTEN
const UNCONNECTED = '01' // SS_UNCONNECTED: bound or listening, not an accepted connection
const ACCEPTS = 0x10000 // __SO_ACCEPTCON

/** A socket of TCP or UDP, on this machine's side. */
export interface InetSocket {
  readonly inode: string
  /** As node:net writes it: "127.0.0.1", "::", "::ffff:10.0.0.1". */
  readonly host: string
  readonly port: number
  readonly isListening: boolean
}

export interface UnixSocket {
  readonly inode: string
  /** File name, "@name" for an abstract one, '' for none. */
  readonly path: string
  readonly isListening: boolean
  readonly isConnected: boolean
}

/** @returns those of IPv4 and of IPv6; empty where there is no /proc */
export function inetSockets(protocol: 'tcp' | 'udp'): InetSocket[] {
  return [protocol, `${protocol}6`].flatMap(table => lines(`/proc/net/${table}`).flatMap(inetSocket))
}

/** @returns empty where there is no /proc */
export function unixSockets(): UnixSocket[] {
  return lines('/proc/net/unix').flatMap(unixSocket)
}

/** @param link name in a /proc/PID/fd. @returns the socket's inode; '' when it is none, or is hidden from us */
export function socketInode(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? ''
  } catch {
    return ''
  }
}

/** The inode of a socket that this process holds. */
export function ownInode(fd: number): string {
  return socketInode(`/proc/self/fd/${fd}`)
}

// Fields: sl, local, remote, state, queues, timer, retransmits, uid, timeout, inode.
function inetSocket(line: string): InetSocket[] {
  const fields = line.trim().split(/\s+/)
  const [address = '', port = ''] = fields[1]?.split(':') ?? []
  const inode = fields[9] ?? '0'
  if (inode === '0') return [] // on its way out
  return [
    { inode, host: hostOf(address), port: Number.parseInt(port, 16), isListening: fields[3] === LISTEN },
  ]
}

// Num, refcount, protocol, flags, type, state, inode, path; the path may hold blanks.
function unixSocket(line: string): UnixSocket[] {
  const match = /^\S+ \S+ \S+ (\S+) \S+ (\S+) +(\d+)(?: (.*))?$/.exec(line)
  if (match === null) return []
  const [, flags = '', state, inode = '', path = ''] = match
  const isListening = (Number.parseInt(flags, 16) & ACCEPTS) !== 0
  return [{ inode, path, isListening, isConnected: state !== UNCONNECTED }]
}

// Words of 32 bits in the order of this machine's bytes.
function hostOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const words = hexWords(bytes)
  return new SocketAddress({ family: 'ipv6', address: words.join(':') }).address
}

function hexWords(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(1)
  } catch {
    return [] // no /proc, or no IPv6
  }
}

// bin/in-hand.ts: how many connections a service has in hand, as the kernel of this machine counts them.
import { readFileSync } from 'node:fs'
import type { Place } from '../subscription/connect.ts'

const LISTEN = '0A'
// ESTABLISHED, SYN_RECV, FIN_WAIT1 (an answer is still on its way), CLOSE_WAIT. Those not yet accepted are among them.
const IN_HAND = new Set(['01', '03', '04', '08'])
const ACCEPTS = 0x10000 // a flag of UNIX sockets that listen

/** @returns null when it cannot be known: no /proc, or nobody here listens there under that name */
export function connectionsInHand(place: Place): number | null {
  return 'port' in place ? tcpConnections(place.port) : unixConnections(place.path)
}

// By port alone: a service that listens on every address has connections to each of them.
function tcpConnections(port: number): number | null {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  // Number, own address as hex "ADDRESS:PORT", the other's, state, ...
  const states = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(linesOf).flatMap(line => {
    const [, own = '', , state = ''] = line.trim().split(/\s+/)
    return own.endsWith(ending) ? [state] : []
  })
  return states.includes(LISTEN) ? states.filter(state => IN_HAND.has(state)).length : null
}

// The service's end of a connection has the path that the service listens on; the other end has none.
function unixConnections(path: string): number | null {
  const name = path.startsWith('\0') ? `@${path.slice(1)}` : path
  // Number, references, protocol, flags, type, state, inode, path
  const flags = linesOf('/proc/net/unix').flatMap(line => {
    const [, flag = '', own] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +\d+ (.*)$/.exec(line) ?? []
    return own === name ? [Number.parseInt(flag, 16)] : []
  })
  const listening = flags.filter(flag => (flag & ACCEPTS) !== 0).length
  return listening === 0 ? null : flags.length - listening
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').trimEnd().split('\n').slice(1)
  } catch {
    return []
  }
}

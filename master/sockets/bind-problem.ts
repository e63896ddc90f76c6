// master/sockets/bind-problem.ts: says why an address could not be bound, who holds it, and what cures it.
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatagramAddress } from '../../base/datagram-address.ts'
import type { Place, Problem } from '../../config/config.ts'
import { type Holder, holderText, tcpHolder, udpHolder, unixHolder } from './holder.ts'
import type { BindRequest } from './sockets.ts'

/** What Node throws for a failed system call. */
export interface SystemError extends Error {
  readonly code?: string
  readonly syscall?: string
}

const STARTED_AS = process.geteuid?.()
const MAX_PATH_BYTES = 107 // sun_path holds 108 with its final NUL

/** The located text for a failed bind or listen. */
export function bindProblem({ name, place, target }: BindRequest, error: SystemError): Problem {
  const [reason, remedy] =
    target.kind === 'tcp' ? inetReason(target, error, tcpHolder) : unixReason(target.path, error)
  return { place, problem: `cannot listen on ${name}: ${reason}`, remedy }
}

/** The located text for a socket of datagrams that could not be bound, or could not join its group. */
export function datagramProblem(address: DatagramAddress, place: Place, error: SystemError): Problem {
  const [reason, remedy] = inetReason(address, error, udpHolder)
  return { place, problem: `cannot receive on ${address.text}: ${reason}`, remedy }
}

/** Whether this process was root once and is not any more. */
export function hasDropped(): boolean {
  return STARTED_AS === 0 && process.geteuid?.() !== 0
}

/** Reason and remedy when there is no directory for a UNIX path; null when there is. */
export function missingDirectory(path: string): [string, string] | null {
  if (existsSync(dirname(path))) return null
  return [`the directory ${dirname(path)} does not exist`, 'Make the directory, or choose another path']
}

function inetReason(
  { host, port }: { host: string; port: number },
  error: SystemError,
  holder: (host: string, port: number) => Holder | null,
): [string, string] {
  switch (error.code) {
    case 'EADDRINUSE':
      return [
        `it is in use by ${holderText(holder(host, port))}`,
        'Stop that process, or choose another address',
      ]
    case 'EACCES':
      return port < privilegedBelow()
        ? privileged(port)
        : [`the system forbids it (${error.message})`, 'Choose another port']
    case 'EADDRNOTAVAIL':
      return [
        'no interface of this machine has that address',
        `Choose one that "ip address" shows, or ${host.includes(':') ? '[::]' : '0.0.0.0'} for all of them`,
      ]
    case 'EAFNOSUPPORT':
      return ['this machine has IPv6 switched off', 'Choose an IPv4 address']
    default:
      return [error.message, 'Choose another address']
  }
}

function privileged(port: number): [string, string] {
  if (hasDropped()) {
    return [
      `only root may bind ports below ${privilegedBelow()}, and Sluice gave that right up`,
      'Restart it, or give it the CAP_NET_BIND_SERVICE capability (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE)',
    ]
  }
  return [
    `ports below ${privilegedBelow()} need a right that user ${process.getuid?.()} does not have`,
    `Start as root, give the CAP_NET_BIND_SERVICE capability (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; ` +
      `else: setcap cap_net_bind_service=+ep ${process.execPath}), ` +
      `or open the port to all users: sysctl net.ipv4.ip_unprivileged_port_start=${port}`,
  ]
}

function privilegedBelow(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  } catch {
    return 1024
  }
}

function unixReason(path: string, error: SystemError): [string, string] {
  const isFile = !path.startsWith('\0')
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return [
      `the path is ${Buffer.byteLength(path)} bytes long`,
      `Choose one of at most ${MAX_PATH_BYTES} bytes`,
    ]
  }
  const missing = isFile ? missingDirectory(path) : null
  if (missing !== null) return missing
  switch (error.code) {
    case 'EADDRINUSE':
      return [`it is in use by ${holderText(unixHolder(path))}`, 'Stop that process, or choose another path']
    case 'ENOTSOCK':
      return ['a file that is not a socket is there', 'Move the file away, or choose another path']
    case 'EACCES':
    case 'EPERM':
      return unwritableDirectory(dirname(path))
    default:
      return [error.message, 'Choose another path']
  }
}

function unwritableDirectory(directory: string): [string, string] {
  const reason = `user ${process.geteuid?.()} may not make or replace files in ${directory}`
  return hasDropped()
    ? [
        `${reason}, and Sluice gave the rights of root up`,
        'Restart it, or choose a directory this user may write',
      ]
    : [reason, 'Choose a directory this user may write, or start as one who may']
}

// master/sockets/bind-target.ts: when two addresses to bind are one, or stand in each other's way. Pure.
import { isIPv4, SocketAddress } from 'node:net'
import type { BindTarget } from './sockets.ts'

/** Whether a socket that is bound to one serves the other. */
export function isSameTarget(a: BindTarget, b: BindTarget): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path
  if (b.kind === 'unix') return false
  return a.port === b.port && canonical(a.host) === canonical(b.host)
}

/**
 * Whether two addresses cannot be served beside each other: both would bind, as nothing listens yet, and the second to
 * listen would fail. "[::]" beside IPv4 is bound for IPv6 alone: {@link isIpv6Only}.
 */
export function collides(a: BindTarget, b: BindTarget): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') return isSameTarget(a, b)
  if (a.port !== b.port || a.port === 0 || isIPv4(a.host) !== isIPv4(b.host)) return false
  const any = isIPv4(a.host) ? '0.0.0.0' : '::'
  return canonical(a.host) === canonical(b.host) || a.host === any || b.host === any
}

/** "[::]:80" takes IPv4 as well, unless the config asks for that port on IPv4 by itself. */
export function isIpv6Only(target: BindTarget, all: readonly BindTarget[]): boolean {
  if (target.kind !== 'tcp' || canonical(target.host) !== '::' || target.port === 0) return false
  return all.some(other => other.kind === 'tcp' && other.port === target.port && isIPv4(other.host))
}

// "0:0:0:0:0:0:0:1" is "::1".
function canonical(host: string): string {
  return isIPv4(host) ? host : new SocketAddress({ address: host, family: 'ipv6' }).address
}

// base/datagram-address.ts: reads the addresses that datagrams are received on, and those that they are sent to.
import { isIP, isIPv6 } from 'node:net'
import { type AddressProblem, parseListenAddress } from './address.ts'

/** Where datagrams are received. */
export interface DatagramAddress {
  /** Numeric; of a multicast group the group. An IPv6 address may end in a zone: "ff02::1%eth0". */
  readonly host: string
  /** 0: the kernel picks. */
  readonly port: number
  readonly isIpv6: boolean
  readonly isMulticast: boolean
  /** Canonical: equal texts are equal addresses. */
  readonly text: string
}

/** Where datagrams are sent to. */
export interface DatagramTarget {
  /** Numeric, or a name to resolve. */
  readonly host: string
  readonly port: number
  readonly text: string
}

const EXAMPLE = 'Write an address such as 127.0.0.1:4000, :4000 or [::1]:4000'
const SERVER_REMEDY = 'Write 127.0.0.1:PORT, and let the nodes on this machine announce themselves there'
const TARGET_REMEDY = 'Write HOST:PORT'

/** Reads `host:port` with a numeric host, `:port` (all IPv4 addresses), `[v6]:port`; groups of multicast, too. */
export function parseDatagramAddress(text: string): DatagramAddress | AddressProblem {
  const parsed = tcpLike(text, SERVER_REMEDY)
  if ('problem' in parsed) return parsed
  const { host, port } = parsed
  if (isIP(host) === 0)
    return {
      problem: `"${host}" is not a numeric address`,
      remedy: `${EXAMPLE}: names are not resolved here`,
    }
  if (needsZone(host)) {
    return {
      problem: `"${host}" is another address on each network of this machine`,
      remedy: `Name the network: [${host}%%eth0]:${port} in an ini file, where %% stands for %`,
    }
  }
  return { host, port, isIpv6: isIPv6(host), isMulticast: isMulticast(host), text: parsed.text }
}

/** Reads `host:port`, where the host may be a name. */
export function parseDatagramTarget(text: string): DatagramTarget | AddressProblem {
  const parsed = tcpLike(text, TARGET_REMEDY)
  if ('problem' in parsed) return parsed
  const { host, port } = parsed
  if (port === 0) return { problem: `"${text.trim()}" has no port`, remedy: EXAMPLE }
  const isNowhere = host === '0.0.0.0' || host === '::'
  return isNowhere
    ? { problem: `"${text.trim()}" names no machine`, remedy: `Write HOST:${port}` }
    : { host, port, text: parsed.text }
}

function tcpLike(
  text: string,
  remedy: string,
): { host: string; port: number; text: string } | AddressProblem {
  const parsed = parseListenAddress(text)
  if ('problem' in parsed || parsed.kind === 'tcp') return parsed
  if (parsed.kind === 'unix' || parsed.kind === 'abstract' || parsed.kind === 'shared') {
    const what = parsed.kind === 'shared' ? 'a shared socket' : 'the path of a UNIX socket'
    return {
      problem: `"${text.trim()}" is ${what}, and Node has no UNIX datagram sockets`,
      remedy,
    }
  }
  return { problem: `"${text.trim()}" is no address for datagrams`, remedy: EXAMPLE }
}

// Link-local, and groups that do not leave the link or the interface: the kernel binds none of them without knowing which.
function needsZone(host: string): boolean {
  return isIPv6(host) && !host.includes('%') && /^(?:fe[89ab][0-9a-f]|ff[0-9a-f][12]):/i.test(host)
}

function isMulticast(host: string): boolean {
  return isIPv6(host) ? /^ff/i.test(host) : /^2(2[4-9]|3\d)\./.test(host)
}

// subscription/announced-node.ts: the node that an announcement means: which address, in one spelling, and of what kind.
import { hostPort, type NodeAddress, parseNodeAddress } from '../base/address.ts'
import { type AddressKind, kindOfIp, plainIp } from './cidr.ts'
import type { Announcement } from './packet/announcement.ts'
import { type Refusal, refuse, shown } from './refusals.ts'

export interface AnnouncedNode {
  readonly address: NodeAddress
  /** Its address without the protocol, in one spelling: "10.0.0.7:3031", "/run/app.sock", "@app". */
  readonly place: string
  /** 'name': a host name, which may resolve to anything. */
  readonly kind: Exclude<AddressKind, 'wildcard' | 'nowhere'> | 'name' | 'unix'
  /** Numeric; '' for a UNIX socket, null for a name. */
  readonly ip: string | null
  /** It listens on all addresses of its machine, and the one that the datagram came from was taken. */
  readonly takesSource: boolean
}

/**
 * @param source the address that the datagram came from, numeric, in its one spelling
 * @param unsaid the protocol of a node that does not say it
 */
export function announcedNode(
  announcement: Announcement,
  source: string,
  unsaid: 'uwsgi' | 'http' = 'uwsgi',
): AnnouncedNode | Refusal {
  const proto = announcement.proto ?? unsaid
  if (proto !== 'uwsgi' && proto !== 'http') return refuse('proto-unsupported', proto)
  const written = announcement.address
  // A node that binds :3031 says so; here an empty host would mean this machine.
  const bare = /^\*?(:\d+)$/.exec(written)?.[1]
  const parsed = parseNodeAddress(`${proto}://${bare === undefined ? written : `0.0.0.0${bare}`}`)
  if ('problem' in parsed) return refuse('bad-address', shown(written))
  if (parsed.kind === 'unix') return nodeAt(parsed, 'unix', '', false)
  const ip = plainIp(parsed.host)
  if (ip === null) return named(parsed)
  const kind = kindOfIp(ip)
  if (kind === 'nowhere') return refuse('bad-address', shown(written))
  if (kind !== 'wildcard') return nodeAt(withHost(parsed, ip), kind, ip, false)
  const sourceKind = kindOfIp(source)
  if (sourceKind === 'wildcard' || sourceKind === 'nowhere') return refuse('bad-address', shown(written))
  return nodeAt(withHost(parsed, source), sourceKind, source, true)
}

type TcpAddress = Extract<NodeAddress, { kind: 'tcp' }>

function named(parsed: TcpAddress): AnnouncedNode {
  const host = parsed.host.toLowerCase()
  const isOurs = /(^|\.)localhost\.?$/.test(host)
  return nodeAt(withHost(parsed, host), isOurs ? 'loopback' : 'name', null, false)
}

function withHost(parsed: TcpAddress, host: string): TcpAddress {
  const text = hostPort(host, parsed.port)
  return { ...parsed, host, name: `${parsed.proto}://${text}` }
}

function nodeAt(
  address: NodeAddress,
  kind: AnnouncedNode['kind'],
  ip: string | null,
  takesSource: boolean,
): AnnouncedNode {
  return { address, place: address.name.slice(address.proto.length + 3), kind, ip, takesSource }
}

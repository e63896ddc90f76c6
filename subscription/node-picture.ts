// subscription/node-picture.ts: a record of the membership as gateways know it: its name, and what a picture says of it.
import type { NodeEndpoint, NodePicture } from '../base/picture.ts'
import { kindOfIp } from './cidr.ts'
import type { NodeRecord } from './membership.ts'

/** Addresses that a host name has now; none while it does not resolve. */
export type Addresses = (host: string) => readonly string[]

/** In pictures and messages: "shop.example uwsgi://10.0.0.7:3031". */
export function nodeName({ key, node }: Pick<NodeRecord, 'key' | 'node'>): string {
  return `${key} ${node.address.name}`
}

/** The record that a node's name stands for, see memberId; null for a node of no key (http-to). */
export function idOfName(name: string): string | null {
  const [, key, place] = /^([^ ]+) [a-z0-9]+:\/\/(.*)$/s.exec(name) ?? []
  return key === undefined ? null : `${key} ${place}`
}

/** The host name to be kept resolved; null: its address says it all. */
export function hostOf({ node: { address, ip } }: Pick<NodeRecord, 'node'>): string | null {
  return address.kind === 'tcp' && ip === null ? address.host : null
}

/** Where it is; null while nowhere, as its name does not resolve, or to what its sender may not announce. */
export function endpointOf(
  { node: { address, ip }, isLocal, isStatic }: Pick<NodeRecord, 'node' | 'isLocal' | 'isStatic'>,
  addresses: Addresses,
): NodeEndpoint | null {
  if (address.kind === 'unix') return { kind: 'unix', path: address.path }
  const all = ip === null ? addresses(address.host) : [ip]
  const mayBeAny = isLocal || isStatic || ip !== null
  const usable = mayBeAny ? all : all.filter(one => kindOfIp(one) === 'ordinary')
  return usable.length === 0 ? null : { kind: 'tcp', addresses: usable, port: address.port }
}

/** As a gateway's picture has it; null while it is nowhere. */
export function nodePicture(record: NodeRecord, addresses: Addresses): NodePicture | null {
  const endpoint = endpointOf(record, addresses)
  if (endpoint === null) return null
  const { weight, backup, modifier1, modifier2 } = record.announcement
  const { proto } = record.node.address
  return { name: nodeName(record), proto, endpoint, weight, backup, modifier1, modifier2 }
}

// subscription/cidr.ts: numeric addresses in one spelling each, what kind they are, and ranges of them.
import { isIP, isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { type Problem, wrong } from './problem.ts'

/** A range of addresses, as CIDR notation has it. */
export interface Cidr {
  readonly base: ipaddr.IPv4 | ipaddr.IPv6
  readonly bits: number
}

/** 'nowhere': addresses that no node can have, such as multicast; 'wildcard': all of the machine that says it. */
export type AddressKind = 'loopback' | 'link-local' | 'wildcard' | 'nowhere' | 'ordinary'

/** In its one spelling, an IPv4 address out of its IPv6 form; null when the text is no numeric address. */
export function plainIp(text: string): string | null {
  if (isIPv4(text)) return text // Node takes no other spelling
  return isIP(text) === 0 ? null : ipaddr.process(text).toString()
}

/** @param ip numeric */
export function kindOfIp(ip: string): AddressKind {
  if (isIPv4(ip)) return kindOfIpv4(ip)
  const address = ipaddr.process(ip)
  const range = address.range()
  if (range === 'loopback') return 'loopback'
  if (range === 'linkLocal') return 'link-local'
  if (range === 'multicast' || range === 'broadcast') return 'nowhere'
  // 0.1.2.3 is said to be unspecified, too, but is nothing that one can listen on.
  if (range === 'unspecified') return address.toByteArray().every(byte => byte === 0) ? 'wildcard' : 'nowhere'
  return 'ordinary'
}

// The same by its text: each announcement asks, and a restart does for all nodes at once.
function kindOfIpv4(ip: string): AddressKind {
  if (ip.startsWith('127.')) return 'loopback'
  if (ip.startsWith('169.254.')) return 'link-local'
  if (ip === '0.0.0.0') return 'wildcard'
  const first = Number.parseInt(ip, 10)
  const isMulticast = first >= 224 && first < 240
  return first === 0 || isMulticast || ip === '255.255.255.255' ? 'nowhere' : 'ordinary'
}

/** Reads `10.0.0.0/8`, `10.0.0.7`, `2001:db8::/32`. What stands behind the prefix is taken for zeros. */
export function parseCidr(text: string): Cidr | Problem {
  const [address = '', bits, more] = text.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  const isRange = isIP(address) !== 0 && !address.includes('%') && isBits(bits, most) && more === undefined
  if (!isRange)
    return wrong(
      `"${text}" is not a range of addresses`,
      'Write one such as 10.0.0.0/8, 10.0.0.7 or 2001:db8::/32',
    )
  if (ipaddr.parse(address).kind() !== ipaddr.process(address).kind())
    return wrong(`"${text}" is IPv4 in IPv6 form`, 'Write the IPv4 range')
  const length = bits === undefined ? most : Number(bits)
  const range = `${address}/${length}`
  const base =
    most === 32 ? ipaddr.IPv4.networkAddressFromCIDR(range) : ipaddr.IPv6.networkAddressFromCIDR(range)
  return { base, bits: length }
}

/** @param ip numeric, in its one spelling */
export function isWithin(ip: string, { base, bits }: Cidr): boolean {
  const address = ipaddr.parse(ip)
  return address.kind() === base.kind() && address.match(base, bits)
}

/** Who is counted as one: an IPv4 address, or the /64 that a host with IPv6 has for itself. */
export function sourceGroup(ip: string): string {
  if (isIPv4(ip)) return ip
  const address = ipaddr.process(ip)
  if (address.kind() === 'ipv4') return address.toString()
  return `${new ipaddr.IPv6([...address.toByteArray().slice(0, 8), 0, 0, 0, 0, 0, 0, 0, 0])}/64`
}

function isBits(text: string | undefined, most: number): boolean {
  return text === undefined || (/^\d{1,3}$/.test(text) && Number(text) <= most)
}

// subscription/allow-line.ts: one line of subscription-allow: who may announce which keys at which addresses.
import { type Cidr, isWithin, kindOfIp, parseCidr } from './cidr.ts'
import { matchesGlob } from './glob.ts'
import { canonicalKey } from './key.ts'
import { type Problem, wrong } from './problem.ts'

/** Of several alternatives any will do; none: whatever. */
export interface AllowLine {
  readonly sources: readonly Cidr[]
  /** Patterns of canonical keys. */
  readonly keys: readonly string[]
  readonly addresses: readonly Cidr[]
  /** `address=unix`: paths of UNIX sockets, for senders on this machine. */
  readonly unix: boolean
}

const NAMES = 'source=CIDR, key=GLOB and address=CIDR'

/** Reads `source=10.0.0.0/8,key=*.example.com,address=10.0.0.0/8`; each name may stand there several times, or not. */
export function parseAllowLine(text: string): AllowLine | Problem {
  const sources: Cidr[] = []
  const keys: string[] = []
  const addresses: Cidr[] = []
  let unix = false
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part) ?? []
    if (name === 'key') keys.push(canonicalKey(value))
    else if (name === 'address' && value === 'unix') unix = true
    else if (name === 'source' || name === 'address') {
      const cidr = parseCidr(value)
      if ('problem' in cidr) return cidr
      const list = name === 'source' ? sources : addresses
      list.push(cidr)
    } else
      return wrong(`"${part.trim()}" is not a part of such a line`, `Write some of ${NAMES}, with commas`)
  }
  return { sources, keys, addresses, unix }
}

/** Whether the line says something of this very sender. */
export function namesSource({ sources }: AllowLine, source: string): boolean {
  return sources.some(cidr => isWithin(source, cidr))
}

/** @param key canonical */
export function coversSender(line: AllowLine, source: string, key: string): boolean {
  return (
    (line.sources.length === 0 || namesSource(line, source)) &&
    (line.keys.length === 0 || line.keys.some(pattern => matchesGlob(key, pattern)))
  )
}

/** Whether it says which addresses, so that the rules without it do not count. */
export function limitsAddress({ addresses, unix }: AllowLine): boolean {
  return unix || addresses.length > 0
}

/**
 * @param address numeric; '' for a UNIX socket; null for a name, which is in no range
 * @param isLocal whether its sender is on this machine. For others loopback and link-local must be meant: 0.0.0.0/0 does
 *   not let a stranger point us at ourselves, 127.0.0.0/8 does
 */
export function coversAddress(line: AllowLine, address: string | null, isLocal: boolean): boolean {
  if (address === null) return false
  if (address === '') return line.unix && isLocal
  const kind = kindOfIp(address)
  return line.addresses.some(
    cidr =>
      isWithin(address, cidr) && (isLocal || kind === 'ordinary' || kindOfIp(cidr.base.toString()) === kind),
  )
}

/**
 * The line that would admit an announcement, as it stands in a config.
 *
 * @param address numeric, 'unix', or '' to leave it out
 */
export function allowLineFor(source: string, key: string, address: string): string {
  // A comma cannot be written in a line, and a star would admit more than was asked for: '?' stands for them.
  const parts = [`source=${source}`, `key=${key.replace(/[*,]/g, '?')}`, `address=${address}`]
  return `subscription-allow = ${(address === '' ? parts.slice(0, 2) : parts).join(',')}`
}

// gateway/proxy-protocol/v1.ts: version 1 of the PROXY protocol: one line of text, "PROXY TCP4 1.2.3.4 5.6.7.8 40001 80".
import net from 'node:net'
import { latin1 } from '../../base/latin1.ts'
import { type ProxyHeader, refused } from './header.ts'

export const V1_START = Buffer.from('PROXY ')
/** With its line end. */
const MOST_BYTES = 107
const CR = 13
const LF = 10

/** @param bytes beginning with {@link V1_START}. @returns null when the line is not whole yet */
export function parseV1(bytes: Buffer): ProxyHeader | null {
  const length = Math.min(bytes.length, MOST_BYTES)
  let end = V1_START.length
  while (end < length && isPrintable(bytes[end]!)) end++
  if (end === MOST_BYTES) return refused('PROXY line longer than 107 bytes')
  if (end === length) return null
  if (bytes[end] !== CR) return refused('PROXY line with a byte that is no text')
  if (end + 1 === MOST_BYTES) return refused('PROXY line longer than 107 bytes')
  if (end + 1 === length) return null
  if (bytes[end + 1] !== LF) return refused('PROXY line without its line end')
  return parseLine(latin1(bytes, V1_START.length, end), end + 2)
}

function parseLine(line: string, end: number): ProxyHeader {
  const words = line.split(' ')
  const [family, source = '', destination = '', sourcePort = '', destinationPort = ''] = words
  if (family === 'UNKNOWN') return { kind: 'unknown', end } // whatever follows it
  if (family !== 'TCP4' && family !== 'TCP6') return refused('PROXY line of another protocol than TCP')
  const isAddress = family === 'TCP4' ? net.isIPv4 : isPlainIPv6
  if (words.length !== 5) return refused('PROXY line without exactly two addresses and two ports')
  if (!isAddress(source) || !isAddress(destination)) return refused('PROXY line with a wrong address')
  if (!isPort(sourcePort) || !isPort(destinationPort)) return refused('PROXY line with a wrong port')
  return { kind: 'client', end, address: canonical(source), port: Number(sourcePort) }
}

// A zone ("fe80::1%eth0") means something on the proxy's machine only.
function isPlainIPv6(text: string): boolean {
  return net.isIPv6(text) && !text.includes('%')
}

// One address has one text, whoever wrote it: limits per client and lists count on that.
function canonical(address: string): string {
  return net.isIPv4(address) ? address : new net.SocketAddress({ address, family: 'ipv6' }).address
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function isPrintable(byte: number): boolean {
  return byte >= 32 && byte < 127
}

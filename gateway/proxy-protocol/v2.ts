// gateway/proxy-protocol/v2.ts: version 2 of the PROXY protocol, in binary:
//
//   | 12 bytes: start | version, command | family, transport | size of the rest | addresses | TLVs |
//   0                12                 13                  14                 16
import net from 'node:net'
import { crc32c } from './crc32c.ts'
import { type ProxyHeader, refused } from './header.ts'

export const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** The format would allow sixteen times as much; what proxies add (names, identities) is some hundred bytes. */
const MOST_BYTES = 4096
const FIXED_BYTES = 16

const LOCAL = 0x20
const PROXY = 0x21
const UNSPECIFIED = 0x00
const INET = 1
const INET6 = 2
/** Two addresses each, and two ports where the family has them. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { [INET]: 12, [INET6]: 36, 3: 216 }

const TLV_HEAD_BYTES = 3
const TLV_CRC32C = 3

/** @param bytes beginning with {@link V2_START}. @returns null when the header is not whole yet */
export function parseV2(bytes: Buffer): ProxyHeader | null {
  const command = bytes[12]
  if (command !== undefined && command !== LOCAL && command !== PROXY)
    return refused('PROXY header of another version or command')
  if (bytes.length < FIXED_BYTES) return null
  const end = FIXED_BYTES + bytes.readUInt16BE(14)
  if (end > MOST_BYTES) return refused('PROXY header longer than 4096 bytes')
  if (bytes.length < end) return null
  // Nothing but the size counts in what a proxy says of itself.
  return command === LOCAL ? { kind: 'proxy', end } : parseAddresses(bytes, bytes[13]!, end)
}

function parseAddresses(bytes: Buffer, kind: number, end: number): ProxyHeader {
  if (kind === UNSPECIFIED) return { kind: 'unknown', end }
  const [family, transport] = [kind >> 4, kind & 15]
  const size = ADDRESS_BYTES[family]
  // 1 is a stream, 2 are datagrams.
  if (size === undefined || (transport !== 1 && transport !== 2))
    return refused('PROXY header of an unknown family or transport')
  const tlvs = FIXED_BYTES + size
  if (tlvs > end) return refused('PROXY header shorter than its addresses')
  const problem = tlvProblem(bytes, tlvs, end)
  if (problem !== '') return refused(problem)
  if (family === INET) {
    const address = bytes.subarray(16, 20).join('.')
    return { kind: 'client', end, address, port: bytes.readUInt16BE(24) }
  }
  if (family === INET6)
    return { kind: 'client', end, address: ipv6Text(bytes, 16), port: bytes.readUInt16BE(48) }
  return { kind: 'unknown', end }
}

// What they say is for others; that they are whole, and the checksum, tell whether the header can be believed.
function tlvProblem(bytes: Buffer, start: number, end: number): string {
  let checksumAt = -1
  let p = start
  while (p < end) {
    if (p + TLV_HEAD_BYTES > end) return 'PROXY header with a TLV cut short'
    const value = p + TLV_HEAD_BYTES
    const size = bytes.readUInt16BE(p + 1)
    if (value + size > end) return 'PROXY header with a TLV cut short'
    if (bytes[p] === TLV_CRC32C) {
      if (size !== 4 || checksumAt >= 0) return 'PROXY header with a wrong checksum'
      checksumAt = value
    }
    p = value + size
  }
  if (checksumAt < 0) return ''
  // Computed by the sender while the field was still zero.
  const header = Buffer.from(bytes.subarray(0, end)).fill(0, checksumAt, checksumAt + 4)
  return crc32c(header) === bytes.readUInt32BE(checksumAt) ? '' : 'PROXY header with a wrong checksum'
}

function ipv6Text(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + i * 2).toString(16))
  return new net.SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}

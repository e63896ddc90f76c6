// test/fuzz/targets/proxy-protocol.ts: PROXY headers of both versions, as a connection receives them.
import { isIP } from 'node:net'
import { crc32c } from '../../../gateway/proxy-protocol/crc32c.ts'
import { parseProxyHeader } from '../../../gateway/proxy-protocol/parse.ts'
import { CHECKSUM, INET, INET6, UNIX, v2 } from '../../gateway/proxy-protocol/samples.ts'
import { SECOND_READER_EVERY, sameInPieces, type Target, wrong } from '../target.ts'

const MOST_BYTES = 4_096
const V1 =
  /^PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP[46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4}))\r\n/
const V2_START = '\r\n\r\n\0\r\nQUIT\n'

export const proxyProtocol: Target = {
  name: 'proxy-protocol',
  asserts:
    'settled within 4096 bytes; a header is accepted exactly when a second reader accepts it, with the same end, address and port; a checksum that is there is right',
  seeds: () => [
    ...[
      'TCP4 192.0.2.7 198.51.100.1 40001 443',
      'TCP6 2001:db8::7 ::1 65535 0',
      'TCP6 ::ffff:1.2.3.4 ::1 1 2',
      'UNKNOWN',
      'UNKNOWN ffff:: x 1',
    ].map(line => Buffer.from(`PROXY ${line}\r\nGET / HTTP/1.1\r\n`, 'latin1')),
    v2(),
    v2({ command: 0x20, kind: 0, addresses: Buffer.alloc(0) }),
    v2({ kind: 0, addresses: Buffer.alloc(5) }),
    v2({ kind: 0x21, addresses: INET6 }),
    v2({ kind: 0x12, addresses: INET }),
    v2({ kind: 0x31, addresses: UNIX }),
    v2({
      tlvs: [
        [4, Buffer.alloc(9)],
        [CHECKSUM, Buffer.alloc(4)],
        [0x20, Buffer.from('\x01\0\0\0\0!\0\x07TLSv1.3')],
      ],
    }),
  ],
  hostile: () => [
    Buffer.from(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    v2({ tlvs: Array.from({ length: 1_350 }, () => [4, Buffer.alloc(0)] as const) }),
    v2({
      kind: 0x21,
      addresses: INET6,
      tlvs: [
        [4, Buffer.alloc(4_030)],
        [CHECKSUM, Buffer.alloc(4)],
      ],
    }),
  ],
  dictionary: [
    ' 1',
    'TCP4 1.2.3.4 5.6.7.8 1 2','PROXY ', 'TCP4 ', 'TCP6 ', 'UNKNOWN', '\r\n', ' ', '::', ':', '1.2.3.4', '::1', '::ffff:', '%eth0', '65536', '00', V2_START, '\x21\x11', '\x20\0', '\x21\x21', '\x21\x31', '\0\x0c', '\0\x24', '\0\xd8', '\x0f\xf0', '\x0f\xf1', '\xff\xff', '\x03\0\x04', '\x04\0\0'], // biome-ignore format: one list
  mostBytes: 4_200,
  events: (bytes, cuts) => {
    for (const cut of cuts) {
      const header = parseProxyHeader(bytes.subarray(0, cut))
      if (header === null) {
        if (cut >= MOST_BYTES) wrong('not settled by 4096 bytes')
      } else if (header.kind === 'refused') return header.cause
      else if (header.kind !== 'client') return header.kind + header.end
      else return `${header.end} ${header.address} ${header.port}`
    }
    return 'more'
  },
  check(input, random) {
    const event = sameInPieces(this, input, random) as string
    if (random.below(SECOND_READER_EVERY) === 0) compare(input)
    return kindOf(event)
  },
  parse: input => void parseProxyHeader(input),
}

function kindOf(event: string): number {
  const word = event.replace(/[\d.:a-f]+ /g, '')
  return crc32c(Buffer.from(word.slice(0, 60), 'latin1'))
}

function compare(input: Buffer): void {
  const header = parseProxyHeader(input)
  const text = input.toString('latin1', 0, MOST_BYTES)
  const read = text.startsWith(V2_START) ? readV2(input) : readV1(text)
  if (header === null || header.kind === 'refused') {
    if (read !== null) wrong('not accepted although right', read)
    return
  }
  if (read === null) wrong('accepted although wrong', header)
  if (read.end !== header.end) wrong('ends elsewhere', { ours: header.end, theirs: read.end })
  if (header.kind !== 'client') {
    if (read.address !== '') wrong('an address was lost', read)
    return
  }
  const { address, port } = header
  if (port !== read.port || read.address === '') wrong('another port', { port, theirs: read.port })
  if (isIP(address) === 0 || addressBytes(address) !== addressBytes(read.address))
    wrong('another address', { address, theirs: read.address })
}

interface Read {
  readonly end: number
  /** '' when it tells of none. */
  readonly address: string
  readonly port: number
}

function readV1(text: string): Read | null {
  const match = V1.exec(text)
  if (match === null || match[0].length > 107) return null
  const [line, family = '', source = '', destination = '', from = '', to = ''] = match
  if (family === '') return { end: line.length, address: '', port: 0 }
  const version = family === 'TCP4' ? 4 : 6
  if (isIP(source) !== version || isIP(destination) !== version) return null
  if (Number(from) > 65_535 || Number(to) > 65_535) return null
  return { end: line.length, address: source, port: Number(from) }
}

function readV2(bytes: Buffer): Read | null {
  if (bytes.length < 16) return null
  const end = 16 + bytes.readUInt16BE(14)
  if (end > MOST_BYTES || bytes.length < end) return null
  if (bytes[12] === 0x20 || (bytes[12] === 0x21 && bytes[13] === 0)) return { end, address: '', port: 0 }
  const kind = bytes[13]!
  if (bytes[12] !== 0x21 || ![0x11, 0x12, 0x21, 0x22, 0x31, 0x32].includes(kind)) return null
  const size = kind < 0x20 ? 12 : kind < 0x30 ? 36 : 216
  let rest = bytes.subarray(16 + size, end)
  if (end < 16 + size) return null
  const sums: number[] = []
  for (let at = 16 + size; rest.length > 0; ) {
    if (rest.length < 3 || rest.length < 3 + rest.readUInt16BE(1)) return null
    if (rest[0] === CHECKSUM) {
      if (rest.readUInt16BE(1) !== 4) return null
      sums.push(at + 3)
    }
    at += 3 + rest.readUInt16BE(1)
    rest = rest.subarray(3 + rest.readUInt16BE(1))
  }
  if (sums.length > 1) return null
  if (sums.length === 1) {
    const copy = Buffer.from(bytes.subarray(0, end))
    const said = copy.readUInt32BE(sums[0])
    copy.writeUInt32BE(0, sums[0])
    if (crc32c(copy) !== said) return null
  }
  if (size === 216) return { end, address: '', port: 0 }
  const bytesOf = bytes.subarray(16, size === 12 ? 20 : 32)
  const address =
    size === 12 ? [...bytesOf].join('.') : bytesOf.toString('hex').replace(/(.{4})(?!$)/g, '$1:')
  return { end, address, port: bytes.readUInt16BE(size === 12 ? 24 : 48) }
}

/** In one spelling, by the URL parser. */
function addressBytes(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]/`).hostname : address
}

// test/gateway/proxy-protocol/parse.test.ts: PROXY headers of both versions, whole and byte by byte.
import fc from 'fast-check'
import t from 'tap'
import { crc32c } from '../../../gateway/proxy-protocol/crc32c.ts'
import type { ProxyHeader } from '../../../gateway/proxy-protocol/header.ts'
import { parseProxyHeader } from '../../../gateway/proxy-protocol/parse.ts'
import { CHECKSUM, INET, INET6, UNIX, v2 } from './samples.ts'

const line = (text: string): Buffer => Buffer.from(`PROXY ${text}\r\n`, 'latin1')
const client = (address: string, port: number) => ({ kind: 'client', address, port }) as const
const refusedFor = (cause: RegExp) => ({ kind: 'refused', cause })
const IPV4 = client('192.0.2.7', 40_001)
const LONGEST = `TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`
const UNKNOWN = { kind: 'unknown' }

interface Expected {
  readonly kind: string
  readonly cause?: RegExp
}
const CASES: readonly (readonly [string, Buffer, Expected])[] = [
  ['1: an IPv4 client', line('TCP4 192.0.2.7 198.51.100.1 40001 443'), IPV4],
  ['1: an IPv6 client', line('TCP6 2001:db8::7 ::1 65535 0'), client('2001:db8::7', 65_535)],
  ['1: an IPv6 client, spelled long', line('TCP6 2001:0DB8:0::0007 ::1 1 2'), client('2001:db8::7', 1)],
  ['1: an IPv4 client in IPv6', line('TCP6 ::ffff:192.0.2.7 ::1 1 2'), client('::ffff:192.0.2.7', 1)],
  ['1: nobody known', line('UNKNOWN'), UNKNOWN],
  ['1: nobody known, with more', line('UNKNOWN ffff:: 1 what ever'), UNKNOWN],
  ['1: the longest of all', line(LONGEST), client('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 65_535)],
  ['1: 107 bytes', line(`UNKNOWN ${'x'.repeat(91)}`), UNKNOWN],
  ['1: 108 bytes', line(`UNKNOWN ${'x'.repeat(92)}`), refusedFor(/longer than 107/)],
  ['1: without an end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(500)}`), refusedFor(/longer than 107/)],
  ['1: a line end of LF alone', Buffer.from('PROXY UNKNOWN\nGET / '), refusedFor(/no text/)],
  ['1: CR without LF', Buffer.from('PROXY UNKNOWN\r\r\n'), refusedFor(/line end/)],
  ['1: lower case', Buffer.from('proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n'), refusedFor(/no PROXY/)],
  ['1: another protocol', line('UDP4 1.2.3.4 1.2.3.4 1 2'), refusedFor(/protocol/)],
  ['1: nothing said', line(''), refusedFor(/protocol/)],
  ['1: an address of the other family', line('TCP4 ::1 1.2.3.4 1 2'), refusedFor(/address/)],
  ['1: and the other way round', line('TCP6 ::1 1.2.3.4 1 2'), refusedFor(/address/)],
  ['1: a leading zero in an address', line('TCP4 1.2.3.04 1.2.3.4 1 2'), refusedFor(/address/)],
  ['1: three numbers', line('TCP4 1.2.3 1.2.3.4 1 2'), refusedFor(/address/)],
  ['1: a zone', line('TCP6 fe80::1%lo ::1 1 2'), refusedFor(/address/)],
  ['1: a name', line('TCP4 localhost 1.2.3.4 1 2'), refusedFor(/address/)],
  ['1: a leading zero in a port', line('TCP4 1.2.3.4 1.2.3.4 01 2'), refusedFor(/port/)],
  ['1: a port too large', line('TCP4 1.2.3.4 1.2.3.4 1 65536'), refusedFor(/port/)],
  ['1: a port with a sign', line('TCP4 1.2.3.4 1.2.3.4 +1 2'), refusedFor(/port/)],
  ['1: no port', line('TCP4 1.2.3.4 1.2.3.4 1'), refusedFor(/exactly/)],
  ['1: a blank at the end', line('TCP4 1.2.3.4 1.2.3.4 1 2 '), refusedFor(/exactly/)],
  ['1: two blanks', line('TCP4  1.2.3.4 1.2.3.4 1 2'), refusedFor(/exactly/)],
  ['1: a tab', line('TCP4\t1.2.3.4 1.2.3.4 1 2'), refusedFor(/no text/)],
  ['2: an IPv4 client', v2(), IPV4],
  ['2: an IPv4 client by datagrams', v2({ kind: 0x12 }), IPV4],
  ['2: an IPv6 client', v2({ kind: 0x21, addresses: INET6 }), client('2001:db8::7', 65_535)],
  ['2: a UNIX client', v2({ kind: 0x31, addresses: UNIX }), UNKNOWN],
  ['2: nobody known', v2({ kind: 0, addresses: Buffer.alloc(0) }), UNKNOWN],
  ['2: nobody known, with more', v2({ kind: 0, addresses: Buffer.alloc(50) }), UNKNOWN],
  ['2: the proxy itself', v2({ command: 0x20, kind: 0, addresses: Buffer.alloc(0) }), { kind: 'proxy' }],
  ['2: the proxy, with addresses', v2({ command: 0x20, kind: 0xff }), { kind: 'proxy' }],
  [
    '2: with TLVs',
    v2({
      tlvs: [
        [1, Buffer.from('h2')],
        [0xea, Buffer.alloc(0)],
      ],
    }),
    IPV4,
  ],
  [
    '2: with a checksum',
    v2({
      tlvs: [
        [4, Buffer.alloc(9)],
        [CHECKSUM, Buffer.alloc(4)],
      ],
    }),
    IPV4,
  ],
  ['2: 4096 bytes', v2({ tlvs: [[4, Buffer.alloc(4096 - 16 - 12 - 3)]] }), IPV4],
  ['2: 4097 bytes', v2({ tlvs: [[4, Buffer.alloc(4096 - 16 - 12 - 2)]] }), refusedFor(/longer than 4096/)],
  ['2: as long as can be said', v2({ size: 65_535 }), refusedFor(/longer than 4096/)],
  ['2: a wrong checksum', v2({ tlvs: [[CHECKSUM, Buffer.from('abcd')]] }), refusedFor(/checksum/)],
  ['2: a short checksum', v2({ tlvs: [[CHECKSUM, Buffer.alloc(3)]] }), refusedFor(/checksum/)],
  [
    '2: two checksums',
    v2({
      tlvs: [
        [CHECKSUM, Buffer.alloc(4)],
        [CHECKSUM, Buffer.alloc(4)],
      ],
    }),
    refusedFor(/checksum/),
  ],
  ['2: a TLV that is cut', v2({ addresses: Buffer.concat([INET, Buffer.from([4, 0])]) }), refusedFor(/TLV/)],
  [
    '2: a TLV that reaches too far',
    v2({ addresses: Buffer.concat([INET, Buffer.from([4, 0, 2, 0])]) }),
    refusedFor(/TLV/),
  ],
  ['2: shorter than its addresses', v2({ kind: 0x21 }), refusedFor(/shorter/)],
  ['2: a UNIX client without its paths', v2({ kind: 0x31 }), refusedFor(/shorter/)],
  ['2: version 1 in binary', v2({ command: 0x11 }), refusedFor(/version or command/)],
  ['2: another command', v2({ command: 0x22 }), refusedFor(/version or command/)],
  ['2: another family', v2({ kind: 0x41 }), refusedFor(/family/)],
  ['2: a family without transport', v2({ kind: 0x10 }), refusedFor(/family/)],
  ['2: another transport', v2({ kind: 0x13 }), refusedFor(/family/)],
  ['no header: HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), refusedFor(/no PROXY/)],
  [
    'no header: HTTP with a method that begins alike',
    Buffer.from('PROPFIND / HTTP/1.1\r\n'),
    refusedFor(/no PROXY/),
  ],
  ['no header: TLS', Buffer.from([22, 3, 1, 2, 0, 1]), refusedFor(/no PROXY/)],
  ['no header: empty lines before HTTP', Buffer.from('\r\n\r\nGET / HTTP/1.1\r\n'), refusedFor(/no PROXY/)],
]

for (const [behaviour, bytes, expected] of CASES) {
  t.test(behaviour, async t => {
    const header = parseProxyHeader(bytes)
    t.match(header, expected)
    if (header?.kind !== 'refused') t.equal(header?.end, bytes.length)
    const behind = Buffer.concat([bytes, Buffer.from('\r\nGET / HTTP/1.1\r\n\r\n')])
    t.same(parseProxyHeader(behind), header, 'what follows it changes nothing')
    t.same(firstVerdict(bytes), header, 'nor does the way in which it comes')
  })
}

t.test('a header that is not whole is waited for', async t => {
  for (const [, bytes, expected] of CASES) {
    if (expected.kind === 'refused') continue
    for (let length = 0; length < bytes.length; length++)
      t.equal(parseProxyHeader(bytes.subarray(0, length)), null)
  }
})

t.test('whatever comes, the way in which it comes changes nothing, and 4096 bytes settle it', async () => {
  const parts = fc.oneof(
    fc.constantFrom(...CASES.map(([, bytes]) => bytes)),
    fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
    fc.string({ maxLength: 40 }).map(text => line(text)),
  )
  const mutated = fc
    .tuple(parts, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }), parts)
    .map(([bytes, changes, behind]) => {
      const copy = Buffer.from(bytes)
      for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte
      return Buffer.concat([copy, behind])
    })
  fc.assert(
    fc.property(mutated, bytes => {
      const whole = parseProxyHeader(bytes)
      if (whole === null && bytes.length >= 4096) return false
      return JSON.stringify(firstVerdict(bytes)) === JSON.stringify(whole)
    }),
    { numRuns: 2000 },
  )
})

t.test('every client that a proxy can name is read back', async () => {
  const ports = fc.tuple(fc.nat(65_535), fc.nat(65_535))
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), ports, (source, destination, [from, to]) => {
      const header = parseProxyHeader(line(`TCP4 ${source} ${destination} ${from} ${to}`))
      return header?.kind === 'client' && header.address === source && header.port === from
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), ports, (source, [from, to]) => {
      const rest = Buffer.alloc(20)
      rest.writeUInt16BE(from, 16)
      rest.writeUInt16BE(to, 18)
      const header = parseProxyHeader(v2({ kind: 0x21, addresses: Buffer.concat([source, rest]) }))
      if (header?.kind !== 'client' || header.port !== from) return false
      const again = parseProxyHeader(line(`TCP6 ${header.address} ::1 1 2`))
      return again?.kind === 'client' && again.address === header.address
    }),
  )
})

t.test('CRC-32C of the examples in RFC 3720', async t => {
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  t.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  t.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e)
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
})

// As a reader that gets one byte at a time.
function firstVerdict(bytes: Buffer): ProxyHeader | null {
  for (let length = 1; length <= bytes.length; length++) {
    const header = parseProxyHeader(bytes.subarray(0, length))
    if (header !== null) return header
  }
  return null
}

// test/subscription/packet/read.test.ts: what real uWSGIs send is understood, and what is wrong is refused for its reason.
import fc from 'fast-check'
import t from 'tap'
import type { Announcement } from '../../../subscription/packet/announcement.ts'
import { readPacket } from '../../../subscription/packet/read.ts'
import { REFUSALS, type RefusalReason } from '../../../subscription/refusals.ts'
import { announcement, packetWith, type Variables } from './samples.ts'
import { bytesOf, CAPTURED, MADE } from './vectors.ts'

const FIELDS: Readonly<Record<string, keyof Announcement>> = {
  sni_key: 'sniKey',
  sni_crt: 'sniCrt',
  sni_ca: 'sniCa',
}
const READ_OTHERWISE = ['inactive', 'unix', 'clear']

for (const captured of CAPTURED) {
  t.test(`captured: ${captured.name}`, async t => {
    const bytes = bytesOf(captured)
    const packet = readPacket(bytes)
    if (packet.kind === 'refused') return t.fail(packet.reason)
    const said: Record<string, unknown> = { ...packet.announcement }
    const expected: Record<string, unknown> = { ...announcement() }
    for (const [name, value] of captured.vars) {
      if (READ_OTHERWISE.includes(name)) continue
      const isNumber = typeof expected[name] === 'number'
      expected[FIELDS[name] ?? name] = isNumber ? Number(value) : value
    }
    const vars = new Map(captured.vars)
    expected.command = vars.get('clear') === '1' ? 'clear' : captured.command
    expected.weight = Math.max(1, Number(vars.get('weight')))
    t.same(said, expected)
    const { signature } = captured
    if (signature === undefined) return t.equal(packet.signature, null)
    t.equal(packet.signature?.unix, Number(vars.get('unix')))
    t.equal(packet.signature?.sign.toString('hex'), captured.sign_hex)
    const { signed_offset: from, signed_length: length } = signature
    t.same(packet.signature?.covered, bytes.subarray(from, from + length))
  })
}

const REASONS: Readonly<Record<string, RefusalReason>> = {
  'short-1': 'too-short',
  'header-only': 'key-missing',
  'truncated-key-length': 'wrong-size',
  'zero-length-var-name': 'empty-name',
  'missing-address': 'address-missing',
  'missing-key': 'key-missing',
  'key-256': 'value-too-long',
  'address-256': 'value-too-long',
  'modifier1-0': 'not-subscription',
  'datasize-mismatch': 'wrong-size',
  'modifier2-7': 'unknown-command',
  'non-numeric-weight': 'not-a-number',
}

for (const made of MADE) {
  t.test(`made by hand: ${made.name}: ${made.expected}`, async t => {
    const packet = readPacket(bytesOf(made))
    t.equal(packet.kind, made.expected.startsWith('reject') ? 'refused' : 'packet')
    if (packet.kind === 'refused') t.equal(packet.reason, REASONS[made.name])
  })
}

t.test('of a variable that comes twice the last counts', async t => {
  const twice = MADE.find(({ name }) => name === 'duplicate-var')!
  t.match(readPacket(bytesOf(twice)), { announcement: { address: '127.0.0.2:3031' } })
})

const NODE: Variables = [
  ['key', 'a'],
  ['address', 'b:1'],
]

t.test('a refusal names the key where it is known', async t => {
  t.match(readPacket(packetWith([...NODE, ['weight', 'x']])), { detail: 'key "a", weight "x"' })
  t.match(readPacket(packetWith([['weight', 'x'], ...NODE])), { detail: 'weight "x"' })
})

for (const [behaviour, bytes, reason] of [
  ['more than 4096 bytes', packetWith([...NODE, ['x', 'y'.repeat(4_080)]]), 'too-long'],
  ['an unknown name as long as it fits is skipped', packetWith([...NODE, ['x'.repeat(4_000), '']]), null],
  ['a name that objects have', packetWith([...NODE, ['__proto__', 'x'], ['toString', '1']]), null],
  ['a key of 255 bytes', packetWith([['key', 'k'.repeat(255)], NODE[1]!]), null],
  ['a blank in a key', packetWith([['key', 'a b'], NODE[1]!]), 'value-characters'],
  ['a line feed in a key', packetWith([['key', 'a\n'], NODE[1]!]), 'value-characters'],
  ['a NUL in an address', packetWith([NODE[0]!, ['address', '\0app']]), 'value-characters'],
  ['a byte beyond ASCII in a path', packetWith([...NODE, ['sni_key', '/\xe4']]), 'value-characters'],
  ['a blank in a path', packetWith([...NODE, ['sni_key', '/a b']]), null],
  ['an empty number', packetWith([...NODE, ['load', '']]), 'not-a-number'],
  ['a number below zero', packetWith([...NODE, ['weight', '-1']]), 'not-a-number'],
  ['a number with a plus', packetWith([...NODE, ['weight', '+1']]), 'not-a-number'],
  ['a number with a zero in front', packetWith([...NODE, ['weight', '01']]), 'not-a-number'],
  ['a number with a blank', packetWith([...NODE, ['weight', '1 ']]), 'not-a-number'],
  ['a number with a line feed behind', packetWith([...NODE, ['weight', '1\n']]), 'not-a-number'],
  ['a number without end', packetWith([...NODE, ['load', '9'.repeat(3_000)]]), 'not-a-number'],
  ['a modifier of 256', packetWith([...NODE, ['modifier1', '256']]), 'number-too-large'],
  ['a weight of 65536', packetWith([...NODE, ['weight', '65536']]), 'number-too-large'],
  ['a wrong number is wrong, though a right one follows', packetWith([...NODE, ['load', 'x'], ['load', '1']]), 'not-a-number'], // biome-ignore format: a row
  ['a signature without a time', packetWith([...NODE, ['sign', 'x']]), 'unix-missing'],
  ['something behind the signature', packetWith([...NODE, ['unix', '1'], ['sign', 'x'], ['weight', '9']]), 'sign-not-last'], // biome-ignore format: a row
  ['two signatures', packetWith([...NODE, ['unix', '1'], ['sign', 'x'], ['sign', 'y']]), 'sign-not-last'],
  ['a name that runs past the end', Buffer.from('e0040000ffff6b65', 'hex'), 'truncated'],
  [
    'a value that runs past the end',
    Buffer.from('e0070000030061626302000a', 'hex').fill(8, 1, 2),
    'truncated',
  ],
  ['half a size', Buffer.from('e001000003', 'hex'), 'truncated'],
  ['an empty address', packetWith([NODE[0]!, ['address', '']]), 'address-missing'],
  ['an empty address after another', packetWith([...NODE, ['address', '']]), 'address-missing'],
  ['a notify of 102 bytes', packetWith([...NODE, ['notify', `/${'n'.repeat(101)}`]]), 'value-too-long'],
] as const satisfies readonly (readonly [string, Buffer, RefusalReason | null])[]) {
  t.test(`${behaviour}: ${reason ?? 'taken'}`, async t => {
    const packet = readPacket(bytes)
    t.equal(packet.kind === 'refused' ? packet.reason : null, reason)
  })
}

for (const [sent, proto] of [
  ['', null],
  ['http', 'http'],
  ['h', 'http'],
  ['HTTP', 'http'],
  ['h2', 'h2'],
  ['https', 'https'],
  ['fastcgi', 'fastcgi'],
  ['scgi', 'scgi'],
  ['uwsgi', 'uwsgi'],
  ['anything', 'uwsgi'],
] as const) {
  t.test(`proto "${sent}" is ${proto}`, async t => {
    t.match(readPacket(packetWith([...NODE, ['proto', sent]])), { announcement: { proto } })
  })
}

t.test('whatever comes, there is a packet, or a reason out of the list in one printable line', async () => {
  const datagram = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
    fc
      .tuple(fc.constantFrom(...CAPTURED), fc.nat(), fc.nat(255))
      .map(([captured, at, byte]) => changed(bytesOf(captured), at, byte)),
    fc
      .tuple(fc.constantFrom(...CAPTURED), fc.nat())
      .map(([captured, at]) => bytesOf(captured).subarray(0, at % bytesOf(captured).length)),
  )
  fc.assert(
    fc.property(datagram, bytes => {
      const packet = readPacket(bytes)
      if (packet.kind === 'packet') return packet.announcement.key !== ''
      const { reason, detail } = packet
      return Object.hasOwn(REFUSALS, reason) && /^[ -~]*$/.test(detail) && detail.length < 400
    }),
    { numRuns: 2_000 },
  )
})

t.test('a packet that lost its end is refused, wherever it was cut', async t => {
  const whole = bytesOf(CAPTURED.find(({ name }) => name === 'signed-sha256-subscribe')!)
  for (let end = 0; end < whole.length; end++) {
    const piece = Buffer.from(whole.subarray(0, end))
    if (end >= 4) piece.writeUInt16LE(end - 4, 1) // its header tells of what is left
    const packet = readPacket(piece)
    // Between two variables a shorter packet is a whole one, but never a signed one.
    if (packet.kind === 'packet' && packet.signature !== null) t.fail(`cut at ${end}`)
  }
  t.pass('none is signed')
})

function changed(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at % copy.length] = byte
  return copy
}

// test/subscription/packet/write.test.ts: we send what uWSGI sends, byte for byte, and read what we send.
import fc from 'fast-check'
import t from 'tap'
import type { Announcement } from '../../../subscription/packet/announcement.ts'
import { readPacket } from '../../../subscription/packet/read.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import { announcement } from './samples.ts'
import { bytesOf, CAPTURED } from './vectors.ts'

// What a 2.1 always says and a 2.0 never does, or what nobody reads.
const NOT_WRITTEN = new Set(['21-vassal-subscribe', '21-clear-on-shutdown', '21-signed-sha256-subscribe'])

for (const captured of CAPTURED.filter(({ name }) => !NOT_WRITTEN.has(name))) {
  t.test(`${captured.name} is written as it was captured`, async t => {
    const bytes = bytesOf(captured)
    const packet = readPacket(bytes)
    if (packet.kind === 'refused') return t.fail(packet.reason)
    const { signature } = packet
    const vars = new Map(captured.vars)
    const nowS = (signature?.unix ?? 0) - (captured.command === 'unsubscribe' ? 1 : 0)
    const signing = signature && { nowS, sign: () => signature.sign }
    const said = { ...packet.announcement, weight: Number(vars.get('weight')) }
    t.same(writePacket(said, signing), bytes)
  })
}

t.test('the signature is made of all that stands before it', async t => {
  let covered = Buffer.alloc(0)
  const signing = {
    nowS: 1_795_000_000,
    sign: (bytes: Buffer) => {
      covered = Buffer.from(bytes)
      return Buffer.from('signed')
    },
  }
  const packet = readPacket(writePacket(announcement({ command: 'unsubscribe' }), signing))
  if (packet.kind === 'refused') return t.fail(packet.reason)
  t.same(packet.signature?.covered, covered)
  t.equal(packet.signature?.sign.toString(), 'signed')
  t.equal(packet.signature?.unix, 1_795_000_001, 'an unsubscribe says the next second')
})

t.test('what does not fit a datagram is not written', async t => {
  const signing = { nowS: 1, sign: () => Buffer.alloc(4_096) }
  t.throws(() => writePacket(announcement(), signing), /packet of \d+ bytes/)
})

t.test('what is written is read as it was meant', async () => {
  const plain = (most: number) => fc.stringMatching(new RegExp(`^[!-~]{1,${most}}$`))
  const path = (most: number) => fc.stringMatching(new RegExp(`^[ -~]{0,${most}}$`))
  const any: fc.Arbitrary<Announcement> = fc.record({
    command: fc.constantFrom('subscribe', 'unsubscribe', 'clear'),
    key: plain(255),
    address: plain(255),
    modifier1: fc.nat(255),
    modifier2: fc.nat(255),
    cores: fc.nat(),
    load: fc.nat(),
    weight: fc.integer({ min: 1, max: 65_535 }),
    backup: fc.nat(255),
    proto: fc.constantFrom(null, 'uwsgi', 'http', 'https', 'h2', 'fastcgi', 'scgi'),
    algo: fc.stringMatching(/^[!-~]{0,64}$/),
    vassal: path(255),
    notify: path(101),
    sniKey: path(255),
    sniCrt: path(255),
    sniCa: path(255),
  })
  const time = fc.option(fc.nat())
  const sign = fc.uint8Array({ maxLength: 600 })
  fc.assert(
    fc.property(any, time, sign, (said, nowS, signed) => {
      const signing = nowS === null ? null : { nowS, sign: () => Buffer.from(signed) }
      const packet = readPacket(writePacket(said, signing))
      if (packet.kind === 'refused') return false
      const isSame = Object.entries(said).every(
        ([name, value]) => packet.announcement[name as keyof Announcement] === value,
      )
      if (nowS === null) return isSame && packet.signature === null
      const unix = nowS + (said.command === 'unsubscribe' ? 1 : 0)
      return isSame && packet.signature?.unix === unix && packet.signature.sign.equals(signed)
    }),
    { numRuns: 300 },
  )
})

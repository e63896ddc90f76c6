// test/subscription/judge.test.ts: datagrams from the wire to the membership: what is forged, altered, old, from the
// future or replayed changes nothing, nor does a flood.
import fc from 'fast-check'
import t from 'tap'
import { enrol, expelUnadmitted, judgeDatagram, type SignatureTrust } from '../../subscription/judge.ts'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import { writePacket } from '../../subscription/packet/write.ts'
import { QUOTA_LIMITS, Quota } from '../../subscription/quota.ts'
import { REFUSALS } from '../../subscription/refusals.ts'
import { ReplayGuard } from '../../subscription/replay.ts'
import { readPublicKey } from '../../subscription/signature/check.ts'
import type { Digest } from '../../subscription/signature/digests.ts'
import { makeSigner } from '../../subscription/signature/make.ts'
import { linesOf } from './members.ts'
import { announcement, packetWith } from './packet/samples.ts'
import { bytesOf, CAPTURED, PUBLIC_KEY } from './packet/vectors.ts'
import { rsaPair } from './signature/keys.ts'

const AWAY = '10.0.0.7'
const HERE = '127.0.0.1'
/** When the signed packets of the vectors were captured. */
const CAPTURED_S = 1_795_228_032
const OURS = rsaPair()
const STRANGER = rsaPair()

/** A server as the master wires it. @param files public keys by file name, null: signatures are not asked for */
function start(files: Readonly<Record<string, string>> | null, digests: readonly Digest[] = ['sha256']) {
  const membership = new MemoryMembership({ origin: 'here', toleranceMs: 17_000, version: 0 })
  const quota = new Quota({ ...QUOTA_LIMITS, perMachine: 100 })
  membership.follow(change => quota.heed(change))
  const limits = { toleranceS: 86_400, skewS: 90, notBeforeS: 0, mostMarks: 1_000 }
  const replay = new ReplayGuard(limits)
  const publicKey = (name: string) => {
    const key = readPublicKey(files?.[name] ?? '')
    return 'problem' in key ? null : key
  }
  const trust: SignatureTrust | null = files === null ? null : { digests, replay, publicKey }
  const policy = { lines: [], machine: new Set<string>() }
  /** @returns the reason, or what it was */
  const receive = (bytes: Buffer, source = HERE, nowS = CAPTURED_S): string => {
    const judged = judgeDatagram(bytes, source, nowS, policy, trust)
    if (judged.kind === 'refused') return judged.reason
    return enrol(judged, membership, quota, nowS * 1_000)?.reason ?? judged.command
  }
  return { membership, receive, replay, lines: linesOf(membership) }
}

function captured(name: string): Buffer {
  return bytesOf(CAPTURED.find(each => each.name === name)!)
}

function signed(nowS: number, said = {}, { privatePem } = OURS, digest: Digest = 'sha256'): Buffer {
  const sign = makeSigner(digest, privatePem)
  if (typeof sign !== 'function') throw new Error(sign.problem)
  return writePacket(announcement(said), { nowS, sign })
}

t.test('every packet of the vectors is taken from a sender on this machine', async t => {
  for (const each of CAPTURED) {
    const { receive } = start(null)
    t.match(receive(bytesOf(each)), /^(subscribe|unsubscribe|clear)$/, each.name)
  }
})

t.test('an instance that comes and goes', async t => {
  const { receive, lines } = start(null)
  t.equal(receive(captured('plain-subscribe')), 'subscribe')
  t.equal(receive(captured('plain-subscribe'), HERE, CAPTURED_S + 1), 'subscribe', 'again after a second')
  t.equal(receive(captured('plain-unsubscribe'), HERE, CAPTURED_S + 5), 'unsubscribe')
  t.equal(receive(captured('plain-unsubscribe'), HERE, CAPTURED_S + 5), 'unsubscribe', 'twice is harmless')
  const id = 'plain.example.com 127.0.0.1:21301'
  t.same(lines, ['snapshot', `added ${id}`, `removed ${id} unsubscribed`])
})

t.test('uWSGI 2.1 takes its address back by a subscribe packet', async t => {
  const { receive, lines } = start(null)
  receive(captured('21-vassal-subscribe'))
  t.equal(receive(captured('21-clear-on-shutdown')), 'clear')
  t.match(lines[2], /^removed .* unsubscribed$/)
})

t.test('a stranger elsewhere changes nothing for others', async t => {
  const { receive, lines } = start(null)
  receive(captured('plain-subscribe'))
  t.equal(receive(captured('plain-unsubscribe'), AWAY), 'address-barred')
  t.equal(receive(writePacket(announcement({ address: '10.0.0.8:80' }), null), AWAY), 'address-not-own')
  t.equal(lines.length, 2)
})

t.test('a signature nobody asked for gives no rights', async t => {
  const { receive } = start(null)
  t.equal(receive(signed(CAPTURED_S, { address: '10.0.0.8:80' }), AWAY), 'address-not-own')
})

t.test('signed packets of a real uWSGI, in the order they came', async t => {
  const files = { 'signed.example.com_8000.pem': PUBLIC_KEY, 'signed256.example.com.pem': PUBLIC_KEY }
  const { receive, lines } = start(files, ['sha256', 'sha1'])
  t.equal(receive(captured('signed-sha1-subscribe')), 'subscribe')
  t.equal(receive(captured('signed-sha1-reannounce')), 'subscribe')
  t.equal(receive(captured('signed-sha1-unsubscribe'), HERE, CAPTURED_S + 3), 'unsubscribe')
  t.equal(receive(captured('signed-sha256-subscribe'), '203.0.113.9'), 'subscribe', 'whoever sends it')
  t.equal(lines.length, 4)
  t.equal(start(files).receive(captured('signed-sha1-subscribe')), 'bad-signature', 'SHA1 must be asked for')
})

t.test('signed: what is unsigned, forged, altered, old, future or replayed is refused', async t => {
  const { receive, lines } = start({ 'a.example.pem': OURS.publicPem })
  const right = signed(CAPTURED_S)
  t.equal(receive(writePacket(announcement(), null), AWAY), 'unsigned')
  t.equal(receive(writePacket(announcement(), null), HERE), 'unsigned', 'on this machine, too')
  t.equal(receive(signed(CAPTURED_S, {}, STRANGER), AWAY), 'bad-signature')
  t.equal(receive(signed(CAPTURED_S, { key: 'other.example' }), AWAY), 'no-public-key')
  t.equal(receive(signed(CAPTURED_S - 86_401), AWAY), 'too-old')
  t.equal(receive(signed(CAPTURED_S + 91), AWAY), 'too-new')
  t.equal(receive(altered(right), AWAY), 'bad-signature')
  t.same(lines, ['snapshot'], 'nothing of that had an effect')
  t.equal(receive(right, AWAY), 'subscribe')
  t.equal(receive(right, AWAY), 'replayed')
})

t.test('signed: a captured subscribe does not become an unsubscribe', async t => {
  const { receive, lines } = start({ 'a.example.pem': OURS.publicPem })
  const right = signed(CAPTURED_S)
  receive(right)
  const flipped = Buffer.from(right)
  flipped[3] = 1
  t.equal(receive(flipped), 'replayed')
  t.equal(lines.length, 2)
})

t.test('signed: a captured subscribe does not revive a node that left', async t => {
  const { receive, membership } = start({ 'a.example.pem': OURS.publicPem })
  const right = signed(CAPTURED_S)
  receive(right)
  t.equal(receive(signed(CAPTURED_S + 4, { command: 'unsubscribe' }), AWAY, CAPTURED_S + 4), 'unsubscribe')
  t.equal(receive(right, AWAY, CAPTURED_S + 60), 'replayed')
  t.equal(receive(signed(CAPTURED_S + 5), AWAY, CAPTURED_S + 5), 'replayed', 'the second that the leave said')
  t.equal(receive(signed(CAPTURED_S + 6), AWAY, CAPTURED_S + 6), 'subscribe')
  t.equal(membership.has('a.example 10.0.0.7:3031'), true)
})

t.test('signed: its own address cannot be left to the sender, from elsewhere', async t => {
  const { receive } = start({ 'a.example.pem': OURS.publicPem })
  t.equal(receive(signed(CAPTURED_S, { address: ':3031' }), AWAY), 'source-not-signed')
  t.equal(receive(signed(CAPTURED_S, { address: ':3031' }), HERE), 'subscribe')
})

t.test('signed: the key of a host signs for its mountpoints, in any capitals', async t => {
  const { receive } = start({ 'a.example.pem': OURS.publicPem })
  t.equal(receive(signed(CAPTURED_S, { key: 'A.Example/shop' })), 'subscribe')
  t.equal(receive(signed(CAPTURED_S, { key: 'a.example/SHOP' })), 'subscribe', 'another path is another key')
  t.equal(receive(signed(CAPTURED_S, { key: 'a.example/shop' })), 'replayed')
})

t.test('a flood from one sender fills its share and no more; honest nodes stay', async t => {
  const { receive, membership } = start(null)
  receive(captured('plain-subscribe'))
  const reasons = new Set<string>()
  for (let i = 0; i < 3_000; i++)
    reasons.add(
      receive(writePacket(announcement({ key: `k${i}.example`, address: `${AWAY}:80` }), null), AWAY),
    )
  t.same(reasons, new Set(['subscribe', 'source-full']))
  t.equal([...membership.entries()].length, 1 + QUOTA_LIMITS.perSource)
  t.equal(receive(captured('plain-subscribe')), 'subscribe')
})

t.test(
  'after a reload that asks for more, nodes that fall short leave, even the last of their key',
  async t => {
    const { receive, membership, lines } = start(null)
    receive(captured('plain-subscribe'))
    const records = Array.from(membership.entries(), ({ record }) => record)
    t.equal(expelUnadmitted(records, membership, { lines: [], machine: new Set() }, false), 0)
    t.equal(expelUnadmitted(records, membership, { lines: [], machine: new Set() }, true), 1)
    t.match(lines[2], /^removed .* unconfigured$/)
  },
)

t.test('30 % loss, doubles and reordering: one node, and at the end it is gone', async () => {
  const net = fc.array(fc.record({ lost: fc.nat(9), copies: fc.nat(2), late: fc.nat(2) }), { minLength: 12, maxLength: 40 }) // biome-ignore format: one line
  fc.assert(
    fc.property(net, fate => {
      const { receive, membership } = start({ 'a.example.pem': OURS.publicPem })
      // Packets that stay in the network for a while are overtaken by others.
      const arrivals = fate.flatMap(({ lost, copies, late }, i) =>
        lost < 3
          ? []
          : new Array(copies + 1).fill({ sentS: CAPTURED_S + i * 10, atS: CAPTURED_S + (i + late) * 10 }),
      )
      arrivals.sort((a, b) => a.atS - b.atS)
      for (const { sentS, atS } of arrivals) receive(packetOf(sentS), AWAY, atS)
      const endS = CAPTURED_S + fate.length * 10 + 30
      receive(signed(endS, { command: 'unsubscribe' }), AWAY, endS)
      for (const { sentS } of arrivals) receive(packetOf(sentS), AWAY, endS + 1)
      return [...membership.entries()].length === 0
    }),
    { numRuns: 20 },
  )
})

t.test('hostile datagrams of any kind are refused for a reason of the list, and leave nothing', async () => {
  const name = fc.constantFrom('key', 'address', 'modifier1', 'weight', 'unix', 'sign', 'proto', 'x', '')
  const value = fc.oneof(fc.constantFrom('a.example', ':80', '127.0.0.1:80', '0', '99', '/x'), fc.string())
  const datagram = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
    fc
      .tuple(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.nat(2))
      .map(([variables, command]) => packetWith(variables, command)),
  )
  const { receive, lines, replay } = start({ 'a.example.pem': OURS.publicPem })
  fc.assert(
    fc.property(datagram, fc.constantFrom(HERE, AWAY, '', '::1', 'fe80::1%lo'), (bytes, source) =>
      Object.hasOwn(REFUSALS, receive(bytes, source)),
    ),
    { numRuns: 3_000 },
  )
  t.same([lines, replay.size], [['snapshot'], 0])
})

const packets = new Map<number, Buffer>()

// Signing is dear.
function packetOf(unix: number): Buffer {
  const known = packets.get(unix) ?? signed(unix)
  packets.set(unix, known)
  return known
}

function altered(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy[copy.indexOf('3031')] = '4'.charCodeAt(0)
  return copy
}

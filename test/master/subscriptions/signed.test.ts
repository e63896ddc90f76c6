// test/master/subscriptions/signed.test.ts: signed packets through a real socket and key files: what is forged, altered, old, from the
// future or replayed changes nothing, also after a restart.
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { SubscriptionPlan } from '../../../master/subscription-plan.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import type { Digest } from '../../../subscription/signature/digests.ts'
import { makeSigner } from '../../../subscription/signature/make.ts'
import { announcement } from '../../subscription/packet/samples.ts'
import { bytesOf, CAPTURED, PUBLIC_KEY } from '../../subscription/packet/vectors.ts'
import { rsaPair } from '../../subscription/signature/keys.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { CAPTURED_S, planWith, startReceiver, stateFile, TestClock } from './receiver.ts'

const OURS = rsaPair()
const STRANGER = rsaPair()

function signed(nowS: number, said = {}, { privatePem } = OURS, digest: Digest = 'sha256'): Buffer {
  const sign = makeSigner(digest, privatePem)
  if (typeof sign !== 'function') throw new Error(sign.problem)
  return writePacket(announcement(said), { nowS, sign })
}

function flipped(packet: Buffer): Buffer {
  const bytes = Buffer.from(packet)
  bytes[3] = 1 - bytes[3]!
  return bytes
}

/** @param files public keys by name */
function signing(
  t: { teardown(fn: () => unknown): unknown },
  files: Readonly<Record<string, string>> = { 'a.example.pem': OURS.publicPem },
  digests: readonly Digest[] = ['sha256'],
): Partial<SubscriptionPlan> & { readonly directory: string } {
  const directory = join(temporaryDirectory(t), 'keys')
  mkdirSync(directory)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return { signCheck: { digests, directory }, directory }
}

/** A server that has run for long enough that its start is no matter. */
async function running(t: Parameters<typeof startReceiver>[0], changes: Partial<SubscriptionPlan>) {
  const receiver = await startReceiver(t, changes, new TestClock(CAPTURED_S - 300))
  receiver.clock.pass(300)
  return receiver
}

t.test(
  'the signed packets of a real uWSGI are taken, by the digest and key they were signed with',
  async t => {
    const all = CAPTURED.filter(each => each.signature !== undefined)
    const names = all.map(each => `${each.vars[0]![1].replace(/[^0-9A-Za-z.\-_]/g, '_')}.pem`)
    const files = Object.fromEntries(names.map(name => [name, PUBLIC_KEY]))
    for (const each of all) {
      const receiver = await running(t, signing(t, files, ['sha256', 'sha1', 'sha512']))
      t.equal(await receiver.send(bytesOf(each)), 'taken', each.name)
      await receiver.stop()
    }
  },
)

t.test('forged, altered, unsigned, old and future packets are refused', async t => {
  const { send, ids, clock } = await running(t, { ...signing(t), signToleranceS: 120 })
  const now = CAPTURED_S
  const altered = signed(now)
  altered[altered.indexOf('10.0.0.7') + 7] = 0x38
  t.equal(await send(writePacket(announcement(), null)), 'unsigned')
  t.equal(await send(signed(now, {}, STRANGER)), 'bad-signature')
  t.equal(await send(signed(now, {}, OURS, 'sha512')), 'bad-signature', 'a digest that is not asked for')
  t.equal(await send(altered), 'bad-signature')
  t.equal(await send(signed(now, { key: 'b.example' })), 'no-public-key')
  t.equal(await send(signed(now - 121)), 'too-old')
  t.equal(await send(signed(now + 91)), 'too-new')
  t.same(ids(), [])
  t.equal(await send(signed(now + 90)), 'taken', 'a clock that is ahead by the skew')
  clock.pass(1)
})

t.test('clocks that are wrong by a minute, either way', async t => {
  const { send, ids, clock, lines } = await running(t, signing(t))
  for (let second = 0; second < 60; second += 10) {
    t.equal(await send(signed(CAPTURED_S + second - 60, { address: '10.0.0.7:1' })), 'taken')
    t.equal(await send(signed(CAPTURED_S + second + 60, { address: '10.0.0.7:2' })), 'taken')
    clock.pass(10)
  }
  t.equal(ids().length, 2)
  t.equal(lines.filter(line => line.startsWith('removed')).length, 0)
})

t.test('a replay, and a subscribe that was turned into an unsubscribe, are refused', async t => {
  const { send, ids } = await running(t, signing(t))
  const first = signed(CAPTURED_S)
  t.equal(await send(first), 'taken')
  t.equal(await send(first), 'replayed')
  t.equal(await send(flipped(first)), 'replayed')
  t.same(ids().length, 1)
  t.equal(
    await send(signed(CAPTURED_S, { command: 'unsubscribe' })),
    'taken',
    'a genuine one says the next second',
  )
  t.same(ids(), [])
  t.equal(await send(first), 'replayed', 'after it left, too')
})

t.test('after a restart they are refused as before, and nodes are there at once', async t => {
  const plan = { ...signing(t), state: stateFile(t) }
  const before = await running(t, plan)
  const stays = signed(CAPTURED_S - 30, { address: '10.0.0.7:1' })
  const left = signed(CAPTURED_S - 20, { address: '10.0.0.7:2' })
  t.equal(await before.send(stays), 'taken')
  t.equal(await before.send(left), 'taken')
  t.equal(
    await before.send(signed(CAPTURED_S - 10, { address: '10.0.0.7:2', command: 'unsubscribe' })),
    'taken',
  )
  await before.stop()
  const after = await startReceiver(t, plan, new TestClock(CAPTURED_S + 5))
  t.same(after.ids(), ['a.example 10.0.0.7:1'])
  t.equal(await after.send(flipped(stays)), 'replayed')
  t.equal(await after.send(left), 'replayed')
  t.equal(
    await after.send(signed(CAPTURED_S - 5, { address: '10.0.0.7:2' })),
    'taken',
    'newer than what came',
  )
  t.ok(after.subscriptions.membership.version > before.subscriptions.membership.version, 'versions only rise')
})

t.test('without the marks of the run before, what was signed before the start is refused', async t => {
  for (const state of [{ kind: 'none' }, stateFile(t)] as const) {
    const { send, clock, log } = await startReceiver(t, { ...signing(t), state })
    t.match(log(), /packets that were signed before now are refused/)
    t.equal(await send(signed(CAPTURED_S - 1)), 'before-start')
    clock.pass(1)
    t.equal(await send(signed(CAPTURED_S)), 'taken')
  }
})

t.test('signatures that a reload asks for: unsigned nodes leave, packets of before are refused', async t => {
  const keys = signing(t)
  const { send, ids, subscriptions } = await startReceiver(t)
  t.equal(await send(writePacket(announcement(), null)), 'taken')
  const reload = await subscriptions.prepare(planWith(keys))
  reload.commit()
  t.same(ids(), [])
  t.equal(await send(signed(CAPTURED_S - 1)), 'before-start')
  t.equal(await send(signed(CAPTURED_S)), 'taken')
})

t.test('a key file is read again when it changes, and a bad one is told once', async t => {
  const keys = signing(t, { 'a.example.pem': 'no key at all' })
  const file = join(keys.directory, 'a.example.pem')
  const { send, clock, log } = await running(t, keys)
  let nowS = CAPTURED_S
  const later = (pair = OURS) => {
    clock.pass(2)
    nowS += 2
    return send(signed(nowS, {}, pair))
  }
  t.equal(await later(), 'no-public-key')
  t.equal(await later(), 'no-public-key')
  t.equal(log().match(/public key is not used/g)?.length, 1)
  t.match(log(), /it is not a public key in PEM/)
  replace(file, OURS.publicPem)
  t.equal(await later(), 'taken')
  replace(file, STRANGER.publicPem)
  t.equal(await later(), 'bad-signature', 'the old key is worth nothing any more')
  t.equal(await later(STRANGER), 'taken')
})

t.test('what lies in the directory under a name of its own is no way out of it', async t => {
  const keys = signing(t, {})
  mkdirSync(join(keys.directory, 'a.example.pem'))
  const { send, log } = await running(t, keys)
  t.equal(await send(signed(CAPTURED_S)), 'no-public-key')
  t.match(log(), /public key is not used/)
  t.equal(await send(signed(CAPTURED_S, { key: '../a.example' })), 'no-public-key')
})

// As an editor does: a new file takes the name. Its time is set, as the system's is too coarse.
function replace(file: string, text: string): void {
  writeFileSync(`${file}~`, text)
  utimesSync(`${file}~`, 1_000, text.length + text.charCodeAt(60))
  renameSync(`${file}~`, file)
}

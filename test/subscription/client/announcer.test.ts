// test/subscription/client/announcer.test.ts: what routers hear of an instance, and when; to the byte what uWSGI says.
import { createPublicKey } from 'node:crypto'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseSubscribe2, parseSubscribeTo } from '../../../config/announce-line.ts'
import { Announcer, type AnnouncerOptions } from '../../../subscription/client/announcer.ts'
import { targetsOfLine } from '../../../subscription/client/line-targets.ts'
import { plainTarget, type Target } from '../../../subscription/client/target.ts'
import { readPacket } from '../../../subscription/packet/read.ts'
import { checkSignature } from '../../../subscription/signature/check.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'
import { bytesOf, CAPTURED, type Captured } from '../packet/vectors.ts'
import { ecPair, rsaPair } from '../signature/keys.ts'
import { listen } from './listener.ts'

const LONG_MS = 600_000
const LINE = /--(subscribe-to|subscribe2) (\S+)/

for (const captured of CAPTURED.filter(isOfALine)) {
  t.test(`${captured.name} is sent for the line that made a uWSGI send it`, async t => {
    const router = await listen(t)
    const vars = new Map(captured.vars)
    const [, option, text] = LINE.exec(captured.subscriber!)!
    const written = text!.replace('SERVER', `127.0.0.1:${router.port}`)
    const line = (option === 'subscribe2' ? parseSubscribe2 : parseSubscribeTo)(written)
    if ('problem' in line) return t.fail(line.problem)
    const own = {
      sockets: [vars.get('address')!],
      sharedSockets: [vars.get('address')!],
      modifier1: null,
      notify: vars.get('notify') ?? '',
      readKeys: () => '',
    }
    const targets = targetsOfLine(line, own)
    if ('problem' in targets) return t.fail(targets.problem)
    const figures = {
      cores: Number(vars.get('cores')),
      load: Number(vars.get('load')),
      weight: Number(vars.get('weight')),
    }
    const announcer = announcerOf(t, targets, { figures: () => figures })
    announcer.start()
    await router.count(1)
    if (captured.command === 'unsubscribe') await announcer.stop()
    await router.count(captured.command === 'unsubscribe' ? 2 : 1)
    t.same(router.datagrams.at(-1), bytesOf(captured))
  })
}

t.test(
  'it announces at once, once more soon, then at each interval, and says once that it leaves',
  async t => {
    const router = await listen(t)
    const targets = ['a.example', 'b.example'].map(key => targetTo(router.port, key))
    const announcer = announcerOf(t, targets, { everyMs: 60, againMs: 20 })
    announcer.start()
    await router.count(8)
    await announcer.stop()
    await router.hears('unsubscribe b.example')
    const heard = router.heard()
    t.same(heard.slice(0, 4), [
      'subscribe a.example',
      'subscribe b.example',
      'subscribe a.example',
      'subscribe b.example',
    ])
    t.same(heard.slice(-2), ['unsubscribe a.example', 'unsubscribe b.example'])
    t.equal(heard.filter(each => each.startsWith('unsubscribe')).length, 2)
  },
)

t.test('paused it has left; started again it is there at once', async t => {
  const router = await listen(t)
  const announcer = announcerOf(t, [targetTo(router.port)])
  announcer.start()
  await router.count(1)
  await announcer.pause()
  announcer.start()
  await router.count(3)
  t.same(router.heard(), ['subscribe a.example', 'unsubscribe a.example', 'subscribe a.example'])
})

t.test('a farewell is repeated, but not into the next announcement', async t => {
  const router = await listen(t)
  const quick = { farewells: 3, farewellMs: 5, everyMs: 20 }
  const announcer = announcerOf(t, [targetTo(router.port)], quick)
  announcer.start()
  await router.count(1)
  await announcer.pause()
  await router.hears('unsubscribe a.example')
  announcer.start()
  await router.hears('subscribe a.example', router.datagrams.length)
  const left = announcer.pause()
  announcer.start() // back before the second farewell
  await left
  await router.count(router.datagrams.length + 4)
  await announcer.stop()
  const letters = () => router.heard().reduce((text, each) => text + each[0], '')
  while (!letters().endsWith('uuu')) await router.count(router.datagrams.length + 1)
  t.match(letters(), /^s+uuus+us+uuu$/)
})

t.test('blocked it says nothing, not even that it leaves', async t => {
  const router = await listen(t)
  const announcer = announcerOf(t, [targetTo(router.port)], { isBlocked: true, everyMs: 10 })
  const other = announcerOf(t, [targetTo(router.port, 'other.example')], { everyMs: 10 })
  announcer.start()
  other.start()
  await router.count(5)
  t.notOk(router.heard().includes('subscribe a.example'))
  announcer.unblock()
  await router.hears('subscribe a.example')
  announcer.block()
  await announcer.stop()
  await other.stop()
  await router.hears('unsubscribe other.example')
  t.notOk(router.heard().includes('unsubscribe a.example'))
})

t.test('while the file of check= exists nothing is sent', async t => {
  const router = await listen(t)
  const file = join(temporaryDirectory(t), 'off')
  writeFileSync(file, '')
  const checked = { ...targetTo(router.port), check: file }
  const announcer = announcerOf(t, [checked, targetTo(router.port, 'b.example')], { everyMs: 10 })
  announcer.start()
  await router.count(3)
  t.notOk(router.heard().includes('subscribe a.example'))
  rmSync(file)
  await router.hears('subscribe a.example')
  await announcer.stop()
})

for (const [kind, pair] of [
  ['RSA', rsaPair()],
  ['EC', ecPair()],
] as const) {
  t.test(`signed by ${kind}: each packet says a later second, and its signature fits`, async t => {
    const router = await listen(t)
    const file = join(temporaryDirectory(t), 'key.pem')
    writeFileSync(file, pair.privatePem)
    const signed: Target = {
      ...targetTo(router.port),
      signWith: { digest: 'sha256', file, warning: '' },
    }
    const announcer = announcerOf(t, [signed], {
      nowS: () => 1_000,
      everyMs: 20,
      farewells: 2,
      farewellMs: 5,
    })
    announcer.start()
    await router.count(3)
    await announcer.stop()
    await router.hears('unsubscribe a.example')
    await router.count(5)
    const packets = router.packets()
    const seconds = packets.map(({ signature }) => signature!.unix)
    t.same(
      seconds,
      seconds.map((_, i) => 1_000 + i),
      'a clock that stands still counts on',
    )
    const key = createPublicKey(pair.publicPem)
    for (const { signature } of packets) t.equal(checkSignature(signature!, key, ['sha256']), 'sha256')
  })
}

t.test('a key file is read for each packet: replaced it holds at once, bad it is told once', async t => {
  const router = await listen(t)
  const file = join(temporaryDirectory(t), 'key.pem')
  const [first, second] = [rsaPair(), rsaPair()]
  const troubles: string[] = []
  const told = Promise.withResolvers<void>()
  const signed: Target = { ...targetTo(router.port), signWith: { digest: 'sha256', file, warning: '' } }
  writeFileSync(file, first.privatePem)
  const onTrouble = (subject: string, problem: string) => {
    troubles.push(`${subject}: ${problem}`)
    told.resolve()
  }
  const announcer = announcerOf(t, [signed, targetTo(router.port, 'plain.example')], {
    everyMs: 10,
    onTrouble,
  })
  announcer.start()
  await router.hears('subscribe a.example')
  writeFileSync(file, 'nonsense')
  await told.promise
  const from = router.datagrams.length
  await router.count(from + 4)
  t.same(troubles, [`key file ${file}: it is not a private key in PEM`])
  const before = router.datagrams.length
  writeFileSync(file, second.privatePem)
  await router.hears('subscribe a.example', before)
  await announcer.stop()
  const packet = router
    .packets()
    .slice(before)
    .find(({ announcement }) => announcement.key === 'a.example')!
  t.equal(checkSignature(packet.signature!, createPublicKey(second.publicPem), ['sha256']), 'sha256')
  t.equal(readFileSync(file, 'latin1'), second.privatePem)
})

for (const [what, bind, host] of [
  ['an IPv6 address', '::1', '::1'],
  ['a name', '127.0.0.1', 'localhost'],
] as const) {
  t.test(`a router may be ${what}`, async t => {
    const router = await listen(t, bind)
    const announcer = announcerOf(t, [plainTarget({ host, port: router.port }, 'a.example', ':3000')])
    announcer.start()
    await router.count(1)
    await announcer.stop()
    await router.hears('unsubscribe a.example')
    t.match(router.packets()[0]?.announcement, { address: ':3000', proto: null })
  })
}

t.test('a router may be all that joined a multicast group', async t => {
  const group = '239.255.77.1'
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true }).bind(0)
  t.teardown(() => socket.close())
  await once(socket, 'listening')
  socket.addMembership(group)
  const target = plainTarget({ host: group, port: socket.address().port }, 'a.example', ':3000')
  const announcer = announcerOf(t, [target], { multicastTtl: 0 }) // no further than this machine
  announcer.start()
  const [datagram] = await once(socket, 'message')
  t.match(readPacket(datagram), { announcement: { key: 'a.example' } })
})

t.test('a router whose name is unknown is told once, and keeps nobody else from hearing', async t => {
  const router = await listen(t)
  const troubles: string[] = []
  const told = Promise.withResolvers<void>()
  const lost = plainTarget({ host: 'no-such-host.invalid', port: 4040 }, 'a.example', ':3000')
  const onTrouble = (subject: string) => {
    troubles.push(subject)
    told.resolve()
  }
  const announcer = announcerOf(t, [lost, targetTo(router.port)], { everyMs: 10, onTrouble })
  announcer.start()
  await told.promise
  await router.count(router.datagrams.length + 4)
  await announcer.stop()
  t.same(troubles, ['router no-such-host.invalid:4040'])
})

function isOfALine(captured: Captured): boolean {
  const isOurs = LINE.test(captured.subscriber ?? '') && captured.sign_hex === undefined
  return isOurs && !captured.name.startsWith('21-vassal')
}

function targetTo(port: number, key = 'a.example'): Target {
  return plainTarget({ host: '127.0.0.1', port }, key, '10.0.0.7:3031')
}

function announcerOf(
  t: Test,
  targets: readonly Target[],
  changes: Partial<AnnouncerOptions> = {},
): Announcer {
  const announcer = new Announcer({
    targets,
    everyMs: LONG_MS,
    againMs: LONG_MS,
    farewells: 1,
    multicastTtl: 1,
    figures: () => ({ cores: 1, load: 0, weight: 1 }),
    nowS: () => Math.floor(Date.now() / 1000),
    onTrouble: () => {},
    ...changes,
  })
  t.teardown(() => announcer.stop())
  return announcer
}

// test/master/subscriptions/receive.test.ts: announcements through real sockets: all that uWSGIs sent, all that is malformed, a
// flood, several addresses, multicast, and what a reload changes.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { type AllowLine, parseAllowLine } from '../../../subscription/allow-line.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import { announcement } from '../../subscription/packet/samples.ts'
import { bytesOf, CAPTURED, MADE } from '../../subscription/packet/vectors.ts'
import { until } from '../../support/processes.ts'
import { planWith, sendAll, serverAt, startReceiver } from './receiver.ts'

function packet(said: Parameters<typeof announcement>[0]): Buffer {
  return writePacket(announcement(said), null)
}

t.test('every packet that a uWSGI sent is taken', async t => {
  const receiver = await startReceiver(t)
  for (const each of CAPTURED) t.equal(await receiver.send(bytesOf(each)), 'taken', each.name)
})

t.test('malformed packets are refused, each with its reason, and change nothing', async t => {
  const receiver = await startReceiver(t)
  for (const each of MADE.filter(({ expected }) => expected.startsWith('reject')))
    t.not(await receiver.send(bytesOf(each)), 'taken', each.name)
  t.same(receiver.ids(), [])
  const { refused, refusedBySource } = receiver.subscriptions.counts
  const sum = [...refused.values()].reduce((a, b) => a + b, 0)
  t.same(refusedBySource, [{ source: '127.0.0.1', count: sum }])
})

t.test(
  'one line a source, reason and minute tells of refusals, with a count, and with the line that would admit them',
  async t => {
    const line = parseAllowLine('source=127.0.0.1,key=b.example')
    if ('problem' in line) throw new Error(line.problem)
    const receiver = await startReceiver(t, { lines: [line] })
    const refused = () => receiver.log().match(/announcement refused[^\n]*/g) ?? []
    for (let i = 0; i < 50; i++) t.equal(await receiver.send(packet({ key: 'a.example' })), 'not-allowed')
    t.equal(refused().length, 1)
    const told = receiver
      .log()
      .split('\n')
      .find(each => each.includes('announcement refused'))
    t.match(JSON.parse(told!), {
      code: 'SLUICE_SUBSCRIPTION_REFUSED',
      source: '127.0.0.1',
      count: 1,
      remedy: 'subscription-allow = source=127.0.0.1,key=a.example,address=10.0.0.7',
    })
    receiver.pass(59)
    t.equal(refused().length, 1, 'not before the minute is over')
    receiver.pass(2)
    t.equal(refused().length, 2)
    t.match(receiver.log(), /"count":49,/)
    receiver.pass(120)
    t.equal(refused().length, 2, 'nothing came: nothing is said')
  },
)

t.test('a policy that there is not is told once for each key and minute, and the node is taken', async t => {
  const receiver = await startReceiver(t)
  const told = () => receiver.log().match(/"key":"[^"]+"[^\n]*"algo":"[^"]+"/g)?.length ?? 0
  t.equal(await receiver.send(packet({ algo: 'fair', address: '10.0.0.7:1' })), 'taken')
  t.match(receiver.log(), /"key":"a\.example",.*"algo":"fair",.*the config decides/)
  t.equal(await receiver.send(packet({ algo: 'fair', address: '10.0.0.7:2' })), 'taken')
  t.equal(await receiver.send(packet({ algo: 'fair', address: '10.0.0.7:2' })), 'taken')
  t.equal(await receiver.send(packet({ algo: 'wrr', address: '10.0.0.7:3', key: 'b.example' })), 'taken')
  t.equal(told(), 1)
  await receiver.send(packet({ algo: 'Wrr', address: '10.0.0.7:3', key: 'b.example' }))
  t.equal(told(), 2, 'of another key')
  receiver.pass(61)
  await receiver.send(packet({ algo: 'fair', address: '10.0.0.7:4' }))
  t.equal(told(), 3, 'a minute later')
})

t.test('a node is gone once its lease is over, while its key has another', async t => {
  const receiver = await startReceiver(t)
  await receiver.send(packet({ address: '10.0.0.7:1' }))
  receiver.pass(20)
  await receiver.send(packet({ address: '10.0.0.8:1' }))
  receiver.pass(20)
  t.same(receiver.ids(), ['a.example 10.0.0.8:1'])
  receiver.pass(120)
  t.same(receiver.ids(), ['a.example 10.0.0.8:1'], 'the last one stays')
})

t.test('a flood of hostile datagrams costs no honest node its place, nor memory, nor the log', async t => {
  const receiver = await startReceiver(t)
  await receiver.send(packet({ address: '127.0.0.1:1' }))
  const hostile = [
    Buffer.from('nonsense'),
    Buffer.alloc(4_096, 224),
    packet({ address: '10.0.0.7:1', key: 'x'.repeat(255), modifier1: 22 }),
    packet({ address: '0.1.2.3:1' }),
  ]
  const { subscriptions } = receiver
  const bytesBefore = receiver.log().length
  for (let round = 0; round < 5; round++)
    await sendAll(
      subscriptions.ports[0]!,
      Array.from({ length: 400 }, (_, i) => hostile[i % 4]!),
    )
  await until(
    'they came',
    () => [...subscriptions.counts.refused.values()].reduce((a, b) => a + b, 0) > 1_000,
  )
  t.same(receiver.ids(), ['a.example 127.0.0.1:1'])
  t.ok(receiver.log().length - bytesBefore < 1_500, 'the log did not grow with them')
})

t.test('IPv6, and several addresses at once', async t => {
  const receiver = await startReceiver(t, { servers: [serverAt('127.0.0.1:0'), serverAt('[::1]:0')] })
  await sendAll(receiver.subscriptions.ports[1]!, [packet({ address: ':3031' })], '::1')
  await until('the node is there', () => receiver.ids().length === 1)
  t.same(receiver.ids(), ['a.example [::1]:3031'], 'a node that binds all addresses has the one it sent from')
})

// Of IPv6 the scope that never leaves the machine; the loopback interface takes no multicast there.
const zone = Object.entries(networkInterfaces()).find(([, all]) =>
  all?.some(({ address }) => address.startsWith('fe80:')),
)?.[0]
for (const [group, from] of [
  ['239.255.77.1', '127.0.0.1'],
  [`ff01::77:1%${zone}`, `::%${zone}`],
] as const) {
  const skip = group.includes('undefined') ? 'no network here has IPv6' : false
  t.test(`the group ${group} is joined`, { skip }, async t => {
    const isIpv6 = group.includes(':')
    // The sender is link-local, and anybody on the network could have that address.
    const lines = [parseAllowLine('source=fe80::/10,address=127.0.0.0/8') as AllowLine]
    const servers = [serverAt(isIpv6 ? `[${group}]:0` : `${group}:0`)]
    const receiver = await startReceiver(t, { servers, lines })
    const sender = createSocket(isIpv6 ? 'udp6' : 'udp4')
    t.teardown(() => sender.close())
    sender.bind(0)
    await once(sender, 'listening')
    sender.setMulticastInterface(from)
    sender.send(packet({ address: '127.0.0.1:3031' }), receiver.subscriptions.ports[0]!, group)
    await until('the node is there', () => receiver.ids().length === 1)
  })
}

t.test('a reload adds and removes addresses, and the others go on', async t => {
  const receiver = await startReceiver(t, { servers: [serverAt('127.0.0.1:0'), serverAt('127.0.0.2:0')] })
  const { subscriptions } = receiver
  const [first, second] = subscriptions.ports
  const reload = await subscriptions.prepare(
    planWith({ servers: [serverAt('127.0.0.3:0'), serverAt('127.0.0.1:0')] }),
  )
  reload.commit()
  t.equal(subscriptions.ports[1], first, 'the same socket')
  await sendAll(subscriptions.ports[0]!, [packet({ address: '127.0.0.1:1' })], '127.0.0.3')
  await sendAll(first!, [packet({ address: '127.0.0.1:2' })])
  await until('both came', () => receiver.ids().length === 2)
  const free = createSocket('udp4')
  t.teardown(() => free.close())
  free.bind(second, '127.0.0.2')
  await once(free, 'listening')
  t.pass('the address that was taken out is free')
})

t.test('a reload to an address that is taken is refused, and changes nothing', async t => {
  const other = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const receiver = await startReceiver(t)
  const before = receiver.subscriptions.ports
  const servers = [serverAt('127.0.0.1:0'), serverAt('127.0.0.1:0'), serverAt(`127.0.0.1:${port}`)]
  await t.rejects(receiver.subscriptions.prepare(planWith({ servers })), {
    code: 'SLUICE_BIND_FAILED',
    message: new RegExp(`a\\.ini:3: cannot receive on 127\\.0\\.0\\.1:${port}: it is in use by`),
  })
  t.same(receiver.subscriptions.ports, before)
  t.equal(await receiver.send(packet({})), 'taken')
})

t.test('nodes that a reload does not admit any more leave, the last of a key among them', async t => {
  const receiver = await startReceiver(t)
  await receiver.send(packet({ key: 'a.example', address: '127.0.0.1:1' }))
  await receiver.send(packet({ key: 'b.example', address: '127.0.0.1:1' }))
  const line = parseAllowLine('source=127.0.0.0/8,key=b.example')
  if ('problem' in line) throw new Error(line.problem)
  const reload = await receiver.subscriptions.prepare(planWith({ lines: [line] }))
  t.equal(receiver.ids().length, 2, 'not before it is sure')
  reload.commit()
  t.same(receiver.ids(), ['b.example 127.0.0.1:1'])
  const none = await receiver.subscriptions.prepare(planWith({ servers: [] }))
  none.commit()
  t.same(receiver.ids(), [], 'without a server there is nobody')
})

t.test('who may not announce a node any more does not get it back when the config lets go of it', async t => {
  const address = {
    proto: 'http',
    kind: 'tcp',
    host: '127.0.0.1',
    port: 3000,
    name: 'http://127.0.0.1:3000',
  } as const
  const backend = [{ key: 'a.example', address, weight: 1, backup: 0, limit: 0, modifier1: 0, modifier2: 0 }]
  const receiver = await startReceiver(t, { backend })
  await receiver.send(packet({ key: 'a.example', address: '127.0.0.1:3000' }))
  const line = parseAllowLine('source=127.0.0.0/8,key=b.example')
  if ('problem' in line) throw new Error(line.problem)
  for (const changes of [{ backend, lines: [line] }, { lines: [line] }]) {
    const reload = await receiver.subscriptions.prepare(planWith(changes))
    reload.commit()
  }
  t.same(receiver.ids(), [])
})

t.test('a reload looks at thousands of nodes only when others may be admitted', async t => {
  const receiver = await startReceiver(t)
  const { membership } = receiver.subscriptions
  await receiver.send(packet({ address: '127.0.0.1:1' }))
  const { record } = [...membership.entries()][0]!
  for (let i = 0; i < 10_000; i++) {
    const place = `127.0.0.1:${i + 2}`
    const announcement = { ...record.announcement, address: place }
    membership.announce({ ...record, node: { ...record.node, place }, announcement }, 0)
  }
  const line = parseAllowLine('source=127.0.0.0/8')
  if ('problem' in line) throw new Error(line.problem)
  const took = { same: Number.POSITIVE_INFINITY, other: Number.POSITIVE_INFINITY }
  for (const lines of [[], [], [], [line], [line, line], [line]]) {
    const reload = await receiver.subscriptions.prepare(planWith({ lines }))
    const began = performance.now()
    reload.commit()
    const kind = lines.length === 0 ? 'same' : 'other'
    took[kind] = Math.min(took[kind], performance.now() - began)
  }
  t.equal(receiver.ids().length, 10_001)
  t.ok(took.same < took.other / 2, `${took.same.toFixed(1)} ms, else ${took.other.toFixed(1)} ms`)
})

t.test('nodes of the config are members that no packet removes and a reload does', async t => {
  const address = {
    proto: 'http',
    kind: 'tcp',
    host: '127.0.0.1',
    port: 3000,
    name: 'http://127.0.0.1:3000',
  } as const
  const backend = [
    { key: 'a.example', address, weight: 2, backup: 0, limit: 0, modifier1: 0, modifier2: 0 },
    { key: 'a.example', address, weight: 3, backup: 0, limit: 0, modifier1: 0, modifier2: 0 },
  ]
  const receiver = await startReceiver(t, { backend })
  t.same(receiver.ids(), ['a.example 127.0.0.1:3000'])
  const [entry] = receiver.subscriptions.membership.entries()
  t.match(entry!.record, { isStatic: true, announcement: { weight: 5, proto: 'http' } })
  await receiver.send(packet({ address: '127.0.0.1:3000', command: 'unsubscribe' }))
  receiver.pass(60)
  t.same(receiver.ids(), ['a.example 127.0.0.1:3000'])
  t.notOk(receiver.subscriptions.isEmpty)
  const reload = await receiver.subscriptions.prepare(planWith())
  reload.commit()
  t.ok(receiver.subscriptions.isEmpty)
})

t.test(
  'the protocol of nodes that do not say it is that of their key, from their next announcement on',
  async t => {
    const receiver = await startReceiver(t)
    const nodes = () =>
      Array.from(
        receiver.subscriptions.membership.entries(),
        ({ record }) => `${record.key} ${record.node.address.name}`,
      )
    const announceAll = async () => {
      await receiver.send(packet({ key: 'A.shop.example', proto: null }))
      await receiver.send(packet({ key: 'b.shop.example', proto: 'uwsgi' }))
      await receiver.send(packet({ key: 'else.example', proto: null }))
    }
    await announceAll()
    const protocols = [
      { key: '*.shop.example', proto: 'http' },
      { key: '*', proto: 'uwsgi' },
    ] as const
    ;(await receiver.subscriptions.prepare({ ...receiver.plan, protocols })).commit()
    await announceAll()
    t.same(nodes(), [
      'a.shop.example http://10.0.0.7:3031',
      'b.shop.example uwsgi://10.0.0.7:3031',
      'else.example uwsgi://10.0.0.7:3031',
    ])
  },
)

t.test('lost, doubled and reordered announcements cost no node its lease', async t => {
  const receiver = await startReceiver(t, { toleranceMs: 2_000 })
  // Each announces once a second, one a second after the other. Of ten packets three are lost, two of them in a row; of
  // ten one comes twice.
  const lost = new Set([1, 4, 5])
  const nodes = ['10.0.0.7:1', '10.0.0.7:2', '10.0.0.7:3']
  for (let second = 0; second < 40; second++) {
    const sending = nodes.filter((_, i) => second >= i && !lost.has((second - i) % 10))
    for (const address of second % 2 === 0 ? sending.toReversed() : sending) {
      await receiver.send(packet({ address }))
      if (second % 10 === 7) await receiver.send(packet({ address }))
    }
    receiver.pass(1)
  }
  t.same(
    receiver.lines.filter(line => line.startsWith('removed') || line.endsWith('unheard')),
    [],
  )
  t.equal(receiver.ids().length, 3)
})

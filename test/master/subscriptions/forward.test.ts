// test/master/subscriptions/forward.test.ts: announcements are passed on (http-resubscribe): what arrives there, and no packet goes
// round for ever.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { parseDatagramTarget } from '../../../base/datagram-address.ts'
import { readPacket } from '../../../subscription/packet/read.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import { announcement } from '../../subscription/packet/samples.ts'
import { until } from '../../support/processes.ts'
import { planWith, startReceiver } from './receiver.ts'

function packet(said: Parameters<typeof announcement>[0] = {}): Buffer {
  return writePacket(announcement(said), null)
}

function target(port: number) {
  const parsed = parseDatagramTarget(`127.0.0.1:${port}`)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

/** Somebody who is announced to. */
async function startOther(t: { teardown(fn: () => unknown): unknown }) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => socket.close())
  await once(socket, 'listening')
  const packets: Buffer[] = []
  socket.on('message', bytes => packets.push(bytes))
  return { port: (socket.address() as AddressInfo).port, packets }
}

t.test('an announcement goes on as it came, and so does the end of it', async t => {
  const other = await startOther(t)
  const receiver = await startReceiver(t, { targets: [target(other.port)] })
  const came = packet({ weight: 3, proto: 'http', backup: 1 })
  const left = packet({ command: 'unsubscribe' })
  await receiver.send(came)
  await receiver.send(left)
  await until('both arrived', () => other.packets.length === 2)
  t.same(other.packets, [came, left])
})

t.test('an address that was taken from the datagram is written in', async t => {
  const other = await startOther(t)
  const receiver = await startReceiver(t, { targets: [target(other.port)] })
  await receiver.send(packet({ address: ':3031', weight: 3 }))
  await until('it arrived', () => other.packets.length === 1)
  t.match(readPacket(other.packets[0]!), {
    kind: 'packet',
    announcement: { address: '127.0.0.1:3031', weight: 3 },
  })
})

t.test(
  'what is refused does not go on, and a node that repeats itself goes on twice a second at most',
  async t => {
    const other = await startOther(t)
    const receiver = await startReceiver(t, { targets: [target(other.port)] })
    await receiver.send(packet({ modifier1: 22 }))
    for (let i = 0; i < 5; i++) await receiver.send(packet())
    receiver.clock.pass(1)
    await receiver.send(packet({ weight: 9 }))
    await until('two arrived', () => other.packets.length === 2)
    t.match(readPacket(other.packets[1]!), { announcement: { weight: 9 } })
  },
)

t.test('servers that pass on to each other come to rest', async t => {
  const first = await startReceiver(t)
  const second = await startReceiver(t, { targets: [target(first.subscriptions.ports[0]!)] })
  const reload = await first.subscriptions.prepare(
    planWith({ targets: [target(second.subscriptions.ports[0]!)] }),
  )
  reload.commit()
  await first.send(packet())
  await until('it came round', () => first.subscriptions.counts.accepted === 2)
  t.same(second.ids(), ['a.example 10.0.0.7:3031'])
  await first.send(packet({ key: 'b.example' }))
  await until('the next one came round', () => first.subscriptions.counts.accepted === 4)
  t.equal(second.subscriptions.counts.accepted, 2, 'each passed there once')
})

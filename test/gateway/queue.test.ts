// test/gateway/queue.test.ts: when every node has all it may have, requests wait in order, not too many and not too long.
import t, { type Test } from 'tap'
import type { BalancePicture } from '../../base/picture.ts'
import {
  joins,
  leaves,
  nodePicture,
  PLAIN_BALANCE,
  startGateway,
  type TestGateway,
} from '../support/gateway.ts'
import { startHolding, startNamed } from '../support/named-nodes.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import type { RawConnection } from '../support/raw-node.ts'

t.jobs = 4

const line = (changes: Partial<BalancePicture>): { balances: BalancePicture[] } => {
  return { balances: [{ ...PLAIN_BALANCE, limit: 1, ...changes }] }
}

const send = (t: Test, gateway: TestGateway, path: string): Promise<RawConnection> =>
  connectRaw(t, gateway, request(`GET /${path}`))

t.test('who waits is served in order, as soon as there is room', async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const gateway = await startGateway(t, [nodes[0]!.url], line({ queueLength: 10, queueMs: 60_000 }))
  const clients: RawConnection[] = []
  for (let i = 0; i < 5; i++) {
    clients.push(await send(t, gateway, `${i}`))
    await until('it is in hand, or waits', () => gateway.hitsOf('') === i + 1)
  }
  for (let i = 0; i < 5; i++) {
    await until('it is in hand', () => held.length === i + 1)
    await held[i]!.connection.send(answer(`${i}`))
    t.equal((await readAnswer(clients[i]!)).body, `${i}`)
  }
  t.equal(nodes[0]!.node.connections.length, 1, 'each took the connection that the one before left')
  await until('all is told', () => gateway.countersOf(nodes[0]!.url).requests === 5)
  await until('nothing is in hand', () => gateway.countersOf(nodes[0]!.url).inHand === 0)
})

t.test('beyond the length, or without a queue: 503 that says when to come again', async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const gateway = await startGateway(t, [nodes[0]!.url], line({ queueLength: 1, queueMs: 58_500 }))
  const first = await send(t, gateway, '1')
  await until('the first is in hand', () => held.length === 1)
  const second = await send(t, gateway, '2')
  await until('the second waits', () => gateway.hitsOf('') === 2)
  let refused = await readAnswer(await send(t, gateway, '3'))
  t.match(refused, { status: 503, head: /\r\nRetry-After: 59(\r|$)/ })
  await gateway.apply(line({}))
  refused = await readAnswer(await send(t, gateway, '4'))
  t.match(refused, { status: 503, head: /\r\nRetry-After: \d+(\r|$)/ })
  await held[0]!.connection.send(answer('1'))
  t.equal((await readAnswer(first)).body, '1')
  await until('who waits already is served', () => held.length === 2)
  await held[1]!.connection.send(answer('2'))
  t.equal((await readAnswer(second)).body, '2')
})

t.test('who waits too long gets 503, and no time-out before', async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const gateway = await startGateway(t, [nodes[0]!.url], {
    ...line({ queueLength: 5, queueMs: 1_200 }),
    connectTimeoutMs: 200,
    timeoutMs: 400,
  })
  await gateway.apply({ timeoutMs: 10_000 })
  await send(t, gateway, '1')
  await until('the first is in hand', () => held.length === 1)
  await gateway.apply({ timeoutMs: 400 })
  const startedAt = performance.now()
  const { status, head } = await readAnswer(await send(t, gateway, '2'))
  t.match({ status, head }, { status: 503, head: /\r\nRetry-After: 2(\r|$)/ })
  t.ok(performance.now() - startedAt > 1_000)
})

t.test('a client that leaves leaves the queue, and a body waits with its request', async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const gateway = await startGateway(t, [nodes[0]!.url], line({ queueLength: 2, queueMs: 60_000 }))
  await send(t, gateway, '1')
  await until('the first is in hand', () => held.length === 1)
  const leaver = await send(t, gateway, '2')
  await until('the second waits', () => gateway.hitsOf('') === 2)
  const poster = await connectRaw(t, gateway, request('POST /3', 'Content-Length: 200000'))
  await poster.send('x'.repeat(100_000))
  await until('the third waits', () => gateway.hitsOf('') === 3)
  t.equal((await readAnswer(await send(t, gateway, '4'))).status, 503)
  leaver.reset()
  let refused = 0
  await until('its place is free', async () => {
    const client = await send(t, gateway, '5')
    const asked = 5 + refused
    void readAnswer(client).then(
      () => refused++,
      () => {},
    )
    await until('it was looked at', () => gateway.hitsOf('') === asked)
    await gateway.apply({})
    return asked === 5 + refused
  })
  await held[0]!.connection.send(answer('1'))
  await until('the next is in hand', () => held.length === 2)
  t.match(held[1]!.connection.received, /POST \/3/)
  await poster.send('x'.repeat(100_000))
  await held[1]!.connection.bytes(200_000)
  await held[1]!.connection.send(answer('3'))
  t.equal((await readAnswer(poster)).body, '3')
})

t.test('a node that joins, or that a check finds well, takes who waits', async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const [b, c] = await startNamed(t, 'bc')
  const gateway = await startGateway(t, [], line({ queueLength: 5, queueMs: 60_000 }))
  await gateway.announce(joins('a.test', nodes[0]!.url))
  await send(t, gateway, '1')
  await until('the first is in hand', () => held.length === 1)
  const second = await send(t, gateway, '2')
  await until('the second waits', () => gateway.hitsOf('a.test') === 2)
  await gateway.announce(joins('a.test', b!.url))
  t.equal((await readAnswer(second)).body, 'b')
  await gateway.announce(leaves('a.test', b!.url), joins('a.test', c!.url))
  await gateway.judge({ name: `a.test ${c!.url}`, isWell: false })
  const third = await send(t, gateway, '3')
  await until('the third waits', () => gateway.hitsOf('a.test') === 3)
  await gateway.judge({ name: `a.test ${c!.url}`, isWell: true })
  t.equal((await readAnswer(third)).body, 'c')
})

t.test('who waits when the last node leaves gets 503', async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const gateway = await startGateway(t, [], line({ queueLength: 5, queueMs: 60_000 }))
  await gateway.announce(joins('a.test', nodes[0]!.url))
  await send(t, gateway, '1')
  await until('the first is in hand', () => held.length === 1)
  const second = await send(t, gateway, '2')
  await until('the second waits', () => gateway.hitsOf('a.test') === 2)
  await gateway.announce(leaves('a.test', nodes[0]!.url))
  t.equal((await readAnswer(second)).status, 503)
})

t.test("a node's own limit goes before that of its backend", async t => {
  const { nodes, held } = await startHolding(t, 'a')
  const gateway = await startGateway(t, [], {
    ...line({ queueLength: 5, queueMs: 60_000 }),
    nodes: [{ ...nodePicture(nodes[0]!.url), limit: 3 }],
  })
  for (let i = 0; i < 5; i++) await send(t, gateway, `${i}`)
  await until('three are in hand', () => held.length === 3)
  await gateway.apply({ nodes: [{ ...nodePicture(nodes[0]!.url), limit: 4 }] })
  await until('and now four', () => held.length === 4)
})

// test/gateway/stop.test.ts: a gateway that shall end finishes what is in hand, and one without a master ends soon.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, type RawNode, startRawNode } from '../support/raw-node.ts'

async function inHand(t: Test, gateway: TestGateway, node: RawNode): Promise<[RawConnection, RawConnection]> {
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  await connection.head()
  return [client, connection]
}

t.test('told to stop, it finishes the exchange in hand, then exits with 0', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const idle = await connectRaw(t, gateway)
  const [client, connection] = await inHand(t, gateway, node)
  const exited = once(gateway.process, 'exit')
  gateway.process.send({ kind: 'stop', graceMs: 10_000 })
  t.equal((await idle.rest()).length, 0, 'an idle connection closes at once')
  await connection.send(answer('whole'))
  const { head, body } = await readAnswer(client)
  t.equal(body, 'whole')
  t.match(head, /^Connection: close$/m)
  t.strictSame(await exited, [0, null])
})

t.test('a client who arrives meanwhile, and then asks for nothing, is not waited for', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 30_000, proxyProtocol: true })
  const late = await connectRaw(t, gateway)
  const idle = await connectRaw(t, gateway, 'PROXY UNKNOWN\r\n')
  await idle.send(request('GET /'))
  await readAnswer(idle)
  const exited = once(gateway.process, 'exit')
  const startedAt = performance.now()
  gateway.process.send({ kind: 'stop', graceMs: 30_000 })
  await idle.end() // it stops
  await late.send('PROXY UNKNOWN\r\n')
  t.strictSame(await exited, [0, null])
  t.ok(performance.now() - startedAt < 20_000)
})

t.test('an exchange that does not end in time is cut, so that nobody takes it for whole', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET / HTTP/1.0'))
  const connection = await node.next()
  await connection.head()
  await connection.send('HTTP/1.1 200 OK\r\n\r\nhel')
  await client.through('hel')
  const exited = once(gateway.process, 'exit')
  gateway.process.send({ kind: 'stop', graceMs: 200 })
  t.strictSame(await exited, [0, null])
  await client.gone()
  t.notOk(client.hasEnded, 'a reset')
})

t.test('without a master it finishes what is in hand, and is gone within four seconds', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const [client, connection] = await inHand(t, gateway, node)
  const exited = once(gateway.process, 'exit')
  gateway.process.disconnect()
  await connection.send(answer('whole'))
  t.equal((await readAnswer(client)).body, 'whole')
  t.strictSame(await exited, [0, null])
})

t.test('without a master it waits three seconds at most, with no-orphans not at all', async t => {
  const node = await startRawNode(t)
  const left: string[] = []
  const exits: Promise<unknown>[] = []
  const gateways: TestGateway[] = []
  for (const [name, noOrphans] of [
    ['patient', false],
    ['no orphan', true],
  ] as const) {
    const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 60_000 })
    await gateway.apply({ noOrphans })
    await inHand(t, gateway, node)
    exits.push(once(gateway.process, 'exit').then(() => left.push(name)))
    gateways.push(gateway)
  }
  const startedAt = performance.now()
  for (const { process } of gateways) process.disconnect()
  await Promise.all(exits)
  t.same(left, ['no orphan', 'patient'])
  t.ok(performance.now() - startedAt < 15_000, 'far from any time-out of the request')
})

t.test('signals of a terminal do not end it: the master decides', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const [client, connection] = await inHand(t, gateway, node)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) gateway.process.kill(signal)
  await connection.send(answer('whole'))
  t.equal((await readAnswer(client)).body, 'whole')
})

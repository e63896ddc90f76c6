// test/gateway/retire.test.ts: a gateway that others replace loses no request of the connections it has, and resets none.
import { once } from 'node:events'
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import type { RawConnection } from '../support/raw-node.ts'
import { standStill } from '../support/standstill.ts'
import { echoing, GRACE_MS, inHand, isLast, kept, LAST, retire } from './retiring.ts'

t.test('idle connections stay open until their next request, whose answer is the last', async t => {
  const gateway = await echoing(t)
  const used = await kept(t, gateway)
  const fresh = await connectRaw(t, gateway)
  const { exited } = await retire(t, gateway)
  for (const client of [used, fresh]) {
    t.notOk(client.hasEnded, 'nobody was closed')
    await client.send(`${request('POST /next', 'Content-Length: 2')}ab`)
    await isLast(t, client, '/next')
  }
  const { code, afterMs } = await exited
  t.equal(code, 0)
  t.ok(afterMs < GRACE_MS / 2, 'it ends when all have had theirs')
})

t.test('an old client that asked to be kept is told so, too', async t => {
  const gateway = await echoing(t)
  const client = await connectRaw(t, gateway, request('GET /1 HTTP/1.0', 'Connection: keep-alive'))
  t.match((await readAnswer(client)).head, /^Connection: keep-alive$/m)
  await retire(t, gateway)
  await client.send(request('GET /2 HTTP/1.0', 'Connection: keep-alive'))
  await isLast(t, client, '/2')
})

t.test('requests that arrive in the same instant are answered, a thousand of them', async t => {
  const gateway = await echoing(t)
  const clients: RawConnection[] = []
  for (let i = 0; i < 200; i++) clients.push(await kept(t, gateway))
  const exited = once(gateway.process, 'exit')
  const wake = await standStill(gateway.process)
  const five = request('GET /2').repeat(5)
  await Promise.all(clients.slice(0, 100).map(client => client.send(five)))
  gateway.process.send({ kind: 'retire', graceMs: GRACE_MS })
  await Promise.all(clients.slice(100).map(client => client.send(five)))
  wake()
  for (const client of clients) {
    const lasts: boolean[] = []
    for (let i = 0; i < 5; i++) lasts.push(LAST.test((await readAnswer(client)).head))
    t.strictSame(lasts, [false, false, false, false, true])
    await client.end()
    client.finish()
  }
  t.strictSame(await exited, [0, null])
})

t.test('an exchange in hand is finished, and its answer is the last', async t => {
  const { gateway, client, atNode } = await inHand(t, request('GET /'))
  const { exited } = await retire(t, gateway)
  await atNode.send(answer('whole'))
  await isLast(t, client, 'whole')
  t.equal((await exited).code, 0)
})

t.test(
  'an answer that had begun is finished; its connection, kept by its word, closes with the next',
  async t => {
    const { gateway, client, atNode } = await inHand(t, request('GET /'))
    await atNode.send('HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n')
    t.notMatch(await client.head(), LAST)
    await retire(t, gateway)
    await atNode.send('x'.repeat(2_000_000))
    t.equal((await client.bytes(2_000_000)).length, 2_000_000)
    await client.send(request('GET /2'))
    await atNode.head()
    await atNode.send(answer('second'))
    await isLast(t, client, 'second')
  },
)

t.test('pipelined requests that are here are answered, and the last one closes', async t => {
  const text = ['/1', '/2', '/3'].map(target => request(`GET ${target}`)).join('')
  const { gateway, client, atNode } = await inHand(t, text)
  await retire(t, gateway)
  for (const body of ['one', 'two']) {
    await atNode.send(answer(body))
    const { head, body: told } = await readAnswer(client)
    t.equal(told, body)
    t.notMatch(head, LAST)
    await atNode.head()
  }
  await atNode.send(answer('three'))
  await isLast(t, client, 'three')
})

t.test('pipelined requests that need no node are answered, and the last one closes', async t => {
  const gateway = await startGateway(t, [])
  const client = await connectRaw(t, gateway)
  await retire(t, gateway)
  await client.send(request('GET /none').repeat(3))
  for (const isLastOne of [false, false, true]) t.equal(LAST.test((await readAnswer(client)).head), isLastOne)
  await client.end()
})

t.test('an upload in flight is taken whole', async t => {
  const { gateway, client, atNode } = await inHand(t, request('POST /', 'Content-Length: 3000000'))
  await retire(t, gateway)
  const body = Buffer.alloc(3_000_000, 'u')
  void client.send(body)
  t.ok((await atNode.bytes(body.length)).equals(body))
  await atNode.send(answer('taken'))
  await isLast(t, client, 'taken')
})

t.test('a head that is half here is waited for', async t => {
  const gateway = await echoing(t)
  const client = await connectRaw(t, gateway, 'GET /half HTTP/1.1\r\nHo')
  await retire(t, gateway)
  await client.send('st: a\r\n\r\n')
  await isLast(t, client, '/half')
})

t.test('a client that goes on sending behind the last answer is not reset', async t => {
  const gateway = await echoing(t)
  const client = await kept(t, gateway)
  await retire(t, gateway)
  await client.send(request('GET /2'))
  t.match((await readAnswer(client)).head, LAST)
  for (let i = 0; i < 50; i++) await client.send(request('GET /lost', `X: ${'x'.repeat(10_000)}`))
  await client.end()
  t.notOk(client.isClosed, 'its own side is open until it closes')
  client.finish()
  await client.gone()
  t.ok(client.hasEnded)
})

// test/gateway/pooling.test.ts: which connections to an http node are used again, and which never.
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type Script, startRawNode } from '../support/raw-node.ts'

/** Keeps its connections and answers with the number of the connection. */
const echoIndex: Script = async (connection, index) => {
  for (;;) {
    const head = await connection.head()
    const length = /^content-length: *(\d+)/im.exec(head)
    if (length !== null) await connection.bytes(Number(length[1]))
    await connection.send(answer(String(index)))
  }
}

/** As {@link echoIndex} with more fields in its answers. */
const withFields =
  (...fields: string[]): Script =>
  async (connection, index) => {
    for (;;) {
      await connection.head()
      await connection.send(answer(String(index), ...fields))
    }
  }

t.test('two clients share one kept connection', async t => {
  const node = await startRawNode(t, { script: echoIndex })
  const gateway = await startGateway(t, [`http://${node.address}`])
  for (let i = 0; i < 3; i++) {
    const client = await connectRaw(t, gateway, request('GET /'))
    t.equal((await readAnswer(client)).body, '0')
  }
  t.equal(node.connections.length, 1)
})

t.test('requests at the same time never share one', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const one = await connectRaw(t, gateway, request('GET /1'))
  const first = await node.next()
  await first.head()
  const two = await connectRaw(t, gateway, request('GET /2'))
  const second = await node.next()
  await second.head()
  await second.send(answer('two'))
  await first.send(answer('one'))
  t.equal((await readAnswer(one)).body, 'one')
  t.equal((await readAnswer(two)).body, 'two')
})

t.test('a kept connection that the node closed is replaced without the client noticing', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /1'))
  const first = await node.next()
  await first.head()
  await first.send(answer('1'))
  t.equal((await readAnswer(client)).body, '1')
  // The node closes at the moment the next request reaches it: it leaves the bytes unread.
  await client.send(request('GET /2'))
  await first.head()
  first.reset()
  const second = await node.next()
  t.match(await second.head(), /^GET \/2 /)
  await second.send(answer('2'))
  t.equal((await readAnswer(client)).body, '2')
})

t.test('a POST on a kept connection that the node closes is not sent twice', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /1'))
  const first = await node.next()
  await first.head()
  await first.send(answer('1'))
  await readAnswer(client)
  await client.send(`${request('POST /2', 'Content-Length: 2')}hi`)
  await first.head()
  first.close()
  t.equal((await readAnswer(client)).status, 502)
  t.equal(node.connections.length, 1)
})

t.test('a POST takes no connection that was idle for more than a second, a GET does', async t => {
  const node = await startRawNode(t, { script: echoIndex })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).body, '0')
  const idleSince = performance.now()
  await until('the connection is idle for more than a second', () => performance.now() - idleSince > 1250)
  await client.send(`${request('POST /', 'Content-Length: 2')}hi`.repeat(2)) // the second follows at once
  t.equal((await readAnswer(client)).body, '1', 'a new one')
  t.equal((await readAnswer(client)).body, '1', 'the one just used')
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, '1')
  t.equal(node.connections[0]!.hasEnded, false, 'the older one is still kept')
})

t.test('bytes from an idle node connection close it, and reach no client', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /1'))
  const first = await node.next()
  await first.head()
  await first.send(answer('1'))
  await readAnswer(client)
  await first.send(answer('forged'))
  await first.end()
  await client.send(request('GET /2'))
  const second = await node.next()
  await second.head()
  await second.send(answer('2'))
  t.equal((await readAnswer(client)).body, '2')
})

t.test('bytes right behind an answer close the connection, and reach no client', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /1'))
  const first = await node.next()
  await first.head()
  await first.send(answer('1') + answer('forged'))
  t.equal((await readAnswer(client)).body, '1')
  await first.end()
  await client.send(request('GET /2'))
  const second = await node.next()
  await second.head()
  await second.send(answer('2'))
  t.equal((await readAnswer(client)).body, '2')
})

t.test('a 204 that claims a body closes its connection: the body may follow', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /1'))
  const first = await node.next()
  await first.head()
  await first.send('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n')
  t.equal((await readAnswer(client)).status, 204)
  await first.end()
})

t.test('"Keep-Alive: timeout=1" of the node is respected', async t => {
  const node = await startRawNode(t, { script: withFields('Keep-Alive: timeout=1') })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  t.notMatch((await readAnswer(client)).head, /keep-alive/i)
  const answeredAt = performance.now()
  await until('500 ms went by', () => performance.now() - answeredAt > 750)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, '1', 'a new connection')
})

t.test('"Connection: close" of the node closes its connection, not the client\'s', async t => {
  const node = await startRawNode(t, { script: withFields('Connection: close') })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway)
  for (const body of ['0', '1']) {
    await client.send(request('GET /'))
    const answered = await readAnswer(client)
    t.equal(answered.body, body)
    t.notMatch(answered.head, /^connection/im)
  }
  await node.connections[0]!.end()
})

t.test("an HTTP/1.0 answer closes the node's connection unless it says keep-alive", async t => {
  for (const [fields, second] of [
    ['', '1'],
    ['Connection: keep-alive\r\n', '0'],
  ]) {
    const node = await startRawNode(t, {
      script: async (connection, index) => {
        for (;;) {
          await connection.head()
          await connection.send(`HTTP/1.0 200 OK\r\n${fields}Content-Length: 1\r\n\r\n${index}`)
        }
      },
    })
    const gateway = await startGateway(t, [`http://${node.address}`])
    const client = await connectRaw(t, gateway, request('GET /'))
    t.equal((await readAnswer(client)).body, '0')
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, second)
  }
})

// Were it the new one that closes, a pool full of old ones would serve no request that must not be sent twice.
t.test('no more idle connections are kept than allowed: the one used last stays', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 1 })
  const clients = [
    await connectRaw(t, gateway, request('GET /')),
    await connectRaw(t, gateway, request('GET /')),
  ]
  const connections = [await node.next(), await node.next()]
  for (const connection of connections) await connection.head()
  await connections[0]!.send(answer('1'))
  await Promise.race(clients.map(client => readAnswer(client)))
  await connections[1]!.send(answer('2'))
  await connections[0]!.end()
  t.equal(connections[1]!.hasEnded, false)
})

// test/gateway/http1/expect.test.ts: who says "100 Continue", and which interim answers pass.
import t from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'

const EXPECTING = request('POST /', 'Content-Length: 2', 'Expect: 100-continue')
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

t.test('left to the node', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0, timeoutMs: 1_500 })

  t.test('Expect passes, and so does the 100 of the node', async t => {
    const client = await connectRaw(t, gateway, EXPECTING)
    const connection = await node.next()
    t.match(await connection.head(), 'Expect: 100-continue\r\n')
    await connection.send(CONTINUE)
    t.equal(await client.head(), CONTINUE)
    await client.send('hi')
    t.equal((await connection.bytes(2)).toString(), 'hi')
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('a final answer instead of 100 closes: the body may come or not', async t => {
    const client = await connectRaw(t, gateway, EXPECTING)
    const connection = await node.next()
    await connection.head()
    await connection.send('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno')
    t.equal((await readAnswer(client)).body, 'no')
    await client.end()
    await connection.end()
    t.ok(client.hasEnded)
  })

  t.test('a client that does not wait gets no 100', async t => {
    const client = await connectRaw(t, gateway, `${EXPECTING}hi`)
    const connection = await node.next()
    await connection.head()
    await connection.bytes(2)
    await connection.send(CONTINUE + answer('ok'))
    t.match(await client.head(), 'HTTP/1.1 200')
  })

  t.test('a node that says nothing is 504: the client owes nothing yet', async t => {
    const client = await connectRaw(t, gateway, EXPECTING)
    await (await node.next()).head()
    t.equal((await readAnswer(client)).status, 504)
  })

  t.test('any other expectation is 417', async t => {
    const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 2', 'Expect: tea'))
    t.equal((await readAnswer(client)).status, 417)
    await client.end()
  })

  t.test('an HTTP/1.0 client is not understood to expect', async t => {
    const client = await connectRaw(
      t,
      gateway,
      `${request('POST / HTTP/1.0', 'Content-Length: 2', 'Expect: 100-continue')}hi`,
    )
    const connection = await node.next()
    t.notMatch(await connection.head(), 'Expect')
    await connection.bytes(2)
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('102 and 103 pass to HTTP/1.1 with their fields, without those of the connection', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\nKeep-Alive: timeout=1\r\n\r\n',
    )
    t.equal(await client.head(), 'HTTP/1.1 102 Processing\r\n\r\n')
    t.equal(await client.head(), 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n')
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('a 103 and the answer in pieces of one byte are told apart', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.drip(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${answer('ok')}`)
    t.match(await client.head(), 'HTTP/1.1 103')
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('none passes to HTTP/1.0', async t => {
    const client = await connectRaw(t, gateway, request('GET / HTTP/1.0'))
    const connection = await node.next()
    await connection.head()
    await connection.send(`HTTP/1.1 103 Early Hints\r\n\r\n${answer('ok')}`)
    t.equal((await readAnswer(client)).status, 200)
  })

  t.test('a flood of them is 502', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send('HTTP/1.1 100 Continue\r\n\r\n'.repeat(100))
    t.equal((await readAnswer(client)).status, 502)
    await connection.end()
  })

  t.test('a 101 that nobody asked for is 502', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    t.equal((await readAnswer(client)).status, 502)
  })
})

t.test('managed here', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0, manageExpect: 0 })

  t.test('the client gets its 100 from us; the node hears of no expectation', async t => {
    const client = await connectRaw(t, gateway, EXPECTING)
    t.equal(await client.head(), CONTINUE)
    await client.send('hi')
    const connection = await node.next()
    t.notMatch(await connection.head(), /expect/i)
    t.equal((await connection.bytes(2)).toString(), 'hi')
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('no 100 is said when the body came along, or when there is none', async t => {
    for (const text of [`${EXPECTING}hi`, request('GET /', 'Expect: 100-continue')]) {
      const client = await connectRaw(t, gateway, text)
      const connection = await node.next()
      await connection.head()
      await connection.send(answer('ok'))
      t.match(await client.head(), 'HTTP/1.1 200')
    }
  })
})

t.test('managed here with a largest size', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { manageExpect: 10 })

  t.test('a larger body is 413, and is not asked for', async t => {
    const client = await connectRaw(
      t,
      gateway,
      request('POST /', 'Content-Length: 11', 'Expect: 100-continue'),
    )
    t.equal((await readAnswer(client)).status, 413)
    await client.end()
    t.equal(node.connections.length, 0)
  })

  t.test('a smaller one is asked for', async t => {
    const client = await connectRaw(t, gateway, EXPECTING)
    t.equal(await client.head(), CONTINUE)
  })
})

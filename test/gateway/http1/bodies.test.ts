// test/gateway/http1/bodies.test.ts: how the ends of bodies are marked, up and down, and what a limit refuses.
import t, { type Test } from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawConnection, startRawNode } from '../../support/raw-node.ts'

const CHUNKS = '5;ext=1;q="x"\r\nhello\r\n06\r\n world\r\n0;last\r\nX-Sum: 11\r\nX-More: 1\r\n\r\n'

t.test('requests', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0, maxBodyBytes: 20 })
  const ask = async (t: Test, text: string): Promise<[RawConnection, RawConnection]> => {
    const client = await connectRaw(t, gateway, text)
    return [client, await node.next()]
  }

  t.test('a sized body passes', async t => {
    const [client, connection] = await ask(t, `${request('POST /', 'Content-Length: 5')}hello`)
    t.match(await connection.head(), 'Content-Length: 5\r\n')
    t.equal((await connection.bytes(5)).toString(), 'hello')
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('a sized body that comes in pieces passes', async t => {
    const [client, connection] = await ask(t, request('POST /', 'Content-Length: 5'))
    await connection.head()
    for (const piece of ['he', 'l', 'lo']) {
      await client.send(piece)
      t.equal((await connection.bytes(piece.length)).toString(), piece)
    }
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test('an empty body leaves the next request where it is', async t => {
    const [client, connection] = await ask(t, request('POST /1', 'Content-Length: 0') + request('GET /2'))
    await connection.head()
    await connection.send(answer('1'))
    t.equal((await readAnswer(client)).body, '1')
    const second = await node.next()
    t.match(await second.head(), /^GET \/2 /)
    await second.send(answer('2'))
    t.equal((await readAnswer(client)).body, '2')
  })

  t.test('a chunked body passes unchanged, with extensions and trailers', async t => {
    const [client, connection] = await ask(t, request('POST /', 'Transfer-Encoding: chunked') + CHUNKS)
    t.match(await connection.head(), 'Transfer-Encoding: chunked\r\n')
    t.equal((await connection.bytes(CHUNKS.length)).toString(), CHUNKS)
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })

  t.test(
    'a chunked body that comes byte by byte passes unchanged, and the next request behind it',
    async t => {
      const client = await connectRaw(t, gateway)
      await client.drip(request('POST /1', 'Transfer-Encoding: chunked') + CHUNKS + request('GET /2'))
      const connection = await node.next()
      await connection.head()
      t.equal((await connection.bytes(CHUNKS.length)).toString(), CHUNKS)
      await connection.send(answer('1'))
      t.equal((await readAnswer(client)).body, '1')
      const second = await node.next()
      t.match(await second.head(), /^GET \/2 /)
      await second.send(answer('2'))
      t.equal((await readAnswer(client)).body, '2')
    },
  )

  t.test('a broken chunk is 400, and the node never sees the end of the body', async t => {
    const [client, connection] = await ask(
      t,
      `${request('POST /', 'Transfer-Encoding: chunked')}2\r\nhi\r\nnonsense\r\n`,
    )
    t.equal((await readAnswer(client)).status, 400)
    await connection.end()
    t.notMatch(connection.received, '0\r\n\r\n')
  })

  t.test('a length above the limit is 413 before a node sees it', async t => {
    const before = node.connections.length
    const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 21'))
    const { status, head } = await readAnswer(client)
    t.equal(status, 413)
    t.match(head, /^Connection: close$/m)
    t.equal(node.connections.length, before)
  })

  t.test('chunks above the limit are 413, and the node never sees their end', async t => {
    const [client, connection] = await ask(
      t,
      `${request('POST /', 'Transfer-Encoding: chunked')}14\r\n${'x'.repeat(20)}\r\n`,
    )
    await connection.through('x\r\n')
    await client.send('1\r\ny\r\n0\r\n\r\n')
    t.equal((await readAnswer(client)).status, 413)
    await connection.end()
    t.notMatch(connection.received, 'y')
  })

  t.test('a client that is still sending reads its 413', async t => {
    const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 3000000'))
    await client.send(Buffer.alloc(3_000_000))
    t.equal((await readAnswer(client)).status, 413)
    await client.end()
    t.ok(client.hasEnded, 'a FIN, not a reset')
  })
})

t.test('answers', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0 })
  const ask = async (t: Test, text: string, reply: string): Promise<[RawConnection, RawConnection]> => {
    const client = await connectRaw(t, gateway, text)
    const connection = await node.next()
    await connection.head()
    await connection.send(reply)
    return [client, connection]
  }
  const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${CHUNKS}`

  t.test('chunks pass unchanged to HTTP/1.1, with extensions and trailers', async t => {
    const [client] = await ask(t, request('GET /'), chunked)
    const head = await client.head()
    t.match(head, 'Transfer-Encoding: chunked\r\n')
    t.equal((await client.bytes(CHUNKS.length)).toString(), CHUNKS)
    await client.send(request('GET /2'))
    const second = await node.next()
    await second.head()
    await second.send(answer('2'))
    t.equal((await readAnswer(client)).body, '2', 'and the connection stays')
  })

  t.test('chunks that come byte by byte pass unchanged', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.drip(chunked)
    await client.head()
    t.equal((await client.bytes(CHUNKS.length)).toString(), CHUNKS)
  })

  t.test('chunks are taken off for HTTP/1.0, and the end closes', async t => {
    const [client] = await ask(t, request('GET / HTTP/1.0', 'Connection: keep-alive'), chunked)
    const { head, body } = await readAnswer(client)
    t.notMatch(head, /transfer-encoding/i)
    t.match(head, /^Connection: close$/m)
    t.equal(body, 'hello world')
  })

  t.test('chunks in pieces are taken off for HTTP/1.0', async t => {
    const client = await connectRaw(t, gateway, request('GET / HTTP/1.0'))
    const connection = await node.next()
    await connection.head()
    await connection.drip(chunked)
    t.equal((await readAnswer(client)).body, 'hello world')
  })

  t.test('an answer that ends with its connection becomes chunked for HTTP/1.1', async t => {
    const [client, connection] = await ask(t, request('GET /'), 'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\none ')
    await client.through('one ')
    await connection.send('two')
    await client.through('two')
    connection.finish()
    await client.through('0\r\n\r\n')
    t.match(
      client.received,
      /^HTTP\/1\.1 200 OK\r\nX-A: 1\r\n(Date: .*\r\n)?Transfer-Encoding: chunked\r\n\r\n/,
    )
    t.match(client.received, /\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n$/)
    await client.send(request('GET /2'))
    await (await node.next()).head()
    t.pass('and the connection stays')
  })

  t.test('one that ends at once, and an empty one, are framed too', async t => {
    for (const body of ['whole', '']) {
      const client = await connectRaw(t, gateway, request('GET /'))
      const connection = await node.next()
      await connection.head()
      connection.socket.end(`HTTP/1.0 200 OK\r\n\r\n${body}`)
      t.equal((await readAnswer(client)).body, body)
    }
  })

  t.test('it ends with the connection for HTTP/1.0', async t => {
    const [client, connection] = await ask(
      t,
      request('GET / HTTP/1.0', 'Connection: keep-alive'),
      'HTTP/1.1 200 OK\r\n\r\nbody',
    )
    connection.finish()
    const { head, body } = await readAnswer(client)
    t.match(head, /^Connection: close$/m)
    t.notMatch(head, /transfer-encoding/i)
    t.equal(body, 'body')
  })

  for (const [name, line, reply, wanted] of [
    ['an answer to HEAD keeps its length', 'HEAD /', answer('hello').slice(0, -5), /^Content-Length: 5$/m],
    [
      'an answer to HEAD keeps its coding',
      'HEAD /',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      /^Transfer-Encoding: chunked$/m,
    ],
    [
      'an answer to HEAD without framing gets none',
      'HEAD /',
      'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n',
      /^X-A: 1$/m,
    ],
    [
      'a 304 keeps its length',
      'GET /',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      /^Content-Length: 5$/m,
    ],
    ['a 204 has no body', 'GET /', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', /^X-A: 1$/m],
  ] as const) {
    t.test(`${name}, and the next answer is in its place`, async t => {
      const [client] = await ask(t, request(line) + request('GET /2'), reply)
      const { head } = await readAnswer(client, true)
      t.match(head, wanted)
      t.notMatch(head, /^connection/im)
      const second = await node.next()
      await second.head()
      await second.send(answer('2'))
      t.equal((await readAnswer(client)).body, '2')
    })
  }

  t.test('a length that a 204 must not have is dropped', async t => {
    const [client] = await ask(
      t,
      request('GET /'),
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-A: 1\r\n\r\n',
    )
    const { head } = await readAnswer(client)
    t.notMatch(head, /content-length/i)
    t.match(head, 'X-A: 1')
  })

  t.test('an empty sized answer is whole', async t => {
    const [client] = await ask(t, request('GET /'), answer(''))
    t.equal((await readAnswer(client)).body, '')
  })

  t.test('fields, reason and Date of the node pass as they are', async t => {
    const reply =
      'HTTP/1.1 299 Own Reason\r\nDate: X\r\nx-lower:1\r\nContent-Length: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhi'
    const [client] = await ask(t, request('GET /'), reply)
    await client.through('hi')
    t.equal(client.received, reply)
  })

  t.test("the node's connection fields stay here; a Date is added where there was none", async t => {
    const [client] = await ask(
      t,
      request('GET /'),
      'HTTP/1.1 200\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi',
    )
    await client.through('hi')
    t.match(client.received, /^HTTP\/1\.1 200 \r\nContent-Length: 2\r\nDate: [^\r]*\r\n\r\nhi$/)
  })
})

t.test('an answer before the request is whole', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 1_500 })

  t.test('reaches the client; the node that keeps its connection gets the rest', async t => {
    const client = await connectRaw(t, gateway, `${request('POST /1', 'Content-Length: 8')}half`)
    const connection = await node.next()
    await connection.through('half')
    await connection.send(answer('early'))
    t.equal((await readAnswer(client)).body, 'early')
    await client.send(`rest${request('GET /2')}`)
    t.equal((await connection.bytes(4)).toString(), 'rest')
    t.match(await connection.head(), /^GET \/2 /, 'on the same connection')
    await connection.send(answer('2', 'Connection: close'))
    t.equal((await readAnswer(client)).body, '2')
  })

  t.test('when the rest never comes the connection ends without a reset', async t => {
    const client = await connectRaw(t, gateway, `${request('POST /1', 'Content-Length: 8')}half`)
    const connection = await node.next()
    await connection.through('half')
    await connection.send(answer('early'))
    t.equal((await readAnswer(client)).body, 'early')
    await client.end()
    t.ok(client.hasEnded)
    await connection.end()
  })

  t.test('when the node closes, the client can read the answer and is then closed', async t => {
    const client = await connectRaw(t, gateway, `${request('POST /1', 'Content-Length: 1000000')}half`)
    const connection = await node.next()
    await connection.through('half')
    await connection.send('HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig')
    connection.finish()
    await client.send(Buffer.alloc(900_000))
    const { status, body } = await readAnswer(client)
    t.equal(status, 413)
    t.equal(body, 'big')
    await client.end()
    t.ok(client.hasEnded, 'a FIN, not a reset')
  })
})

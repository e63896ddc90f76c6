// test/gateway/retries.test.ts: a second try on another connection is as good, and as safe, as a first.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { nodePicture, startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { RawConnection, startRawNode } from '../support/raw-node.ts'

/** No node is there, so that every first try is refused. */
const NOWHERE = '/nowhere/to/be/found.sock'

t.test('a retry from a raw uwsgi node to an http node frames the body again', async t => {
  for (const [name, text, seen] of [
    ['no body', request('GET /public'), request('GET /public')],
    ['a length', `${request('POST /public', 'Content-Length: 2')}hi`, '\r\n\r\nhi'],
    [
      'chunks',
      `${request('POST /public', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`,
      'hi\r\n0\r\n\r\n',
    ],
  ] as const) {
    t.test(name, async t => {
      const node = await startRawNode(t)
      const gateway = await startGateway(t, [`uwsgi://${NOWHERE}`, `http://${node.address}`], {
        rawBody: true,
      })
      const client = await connectRaw(t, gateway, text + request('GET /smuggled'))
      const connection = await node.next()
      await connection.head()
      await connection.through(seen.slice(seen.indexOf('\r\n\r\n') + 4))
      await connection.send(answer('ok', 'Connection: close'))
      t.equal((await readAnswer(client)).body, 'ok')
      await connection.end()
      t.notMatch(connection.received, 'smuggled')
    })
  }
})

t.test('a retry on a kept connection has the whole http-timeout', async t => {
  const connectTimeoutMs = 200
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        const isSlow = (await connection.head()).startsWith('GET /slow')
        const askedAt = performance.now()
        if (isSlow)
          await until('a connect would have failed', () => performance.now() > askedAt + connectTimeoutMs * 4)
        await connection.send(answer('ok'))
      }
    },
  })
  // Without a rest, every second request is refused by the first of them.
  const nodes = [`http://${NOWHERE}`, `http://${node.address}`]
  const gateway = await startGateway(t, nodes, { connectTimeoutMs, graceMs: 0 })
  const client = await connectRaw(t, gateway)
  for (const target of ['/', '/', '/slow', '/slow', '/slow']) {
    await client.send(request(`GET ${target}`))
    t.equal((await readAnswer(client)).status, 200, target)
  }
  t.equal(node.connections.length, 1, 'one connection, kept')
})

t.test('a node whose name resolves to nothing is not looked for on this machine', async t => {
  const stranger = await startRawNode(t, {
    script: async connection => {
      await connection.head()
      await connection.send(answer('stranger'))
    },
  })
  const port = Number(stranger.address.split(':')[1])
  const server = await listen(t, '127.0.0.2', port)
  const node = nodePicture(`http://127.0.0.2:${port}`)
  const gateway = await startGateway(t, [], { nodes: [node] })
  const client = await connectRaw(t, gateway, request('GET /first'))
  const [socket] = (await once(server, 'connection')) as [Socket]
  const connection = new RawConnection(socket)
  await connection.head()
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
  await client.send(request('GET /second'))
  await connection.head()
  gateway.apply({ nodes: [{ ...node, endpoint: { kind: 'tcp', addresses: [], port } }] })
  await until('the name is known to be empty', async () => {
    const probe = await connectRaw(t, gateway, request('POST /probe', 'Content-Length: 0'))
    return (await readAnswer(probe)).status === 503
  })
  connection.close()
  const { status } = await readAnswer(client)
  t.equal(status, 502)
  t.equal(stranger.connections.length, 0)
})

async function listen(t: Test, host: string, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true })
  t.teardown(() => server.close())
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

// test/gateway/slow-nodes.test.ts: nodes that say nothing, say it byte by byte, or never stop: their clients are told the
// truth, and nobody else is held up.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startGateway } from '../support/gateway.ts'
import { readMemory } from '../support/memory.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { startRawNode } from '../support/raw-node.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

t.test('a node that never answers holds up its own clients only', async t => {
  const silent = await startRawNode(t)
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('ok'))
      }
    },
  })
  const gateway = await startGateway(t, [`http://${silent.address}`, `http://${node.address}`], {
    timeoutMs: 600,
    graceMs: 0, // all of its turns are the silent node's, however long the clients take to come
  })
  const statuses = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const client = await connectRaw(t, gateway, request('GET /'))
      return (await readAnswer(client)).status
    }),
  )
  t.equal(statuses.filter(status => status === 200).length, 50)
  t.equal(statuses.filter(status => status === 504).length, 50)
  for (const connection of silent.connections) await connection.end()
  t.pass('and its connections are closed')
})

t.test('an answer that comes byte by byte is the same answer', async t => {
  for (const [proto, name, reply] of [
    ['http', 'sized', answer('hello')],
    [
      'http',
      'in chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX: 1\r\n\r\n`,
    ],
    ['http', 'up to its end', `${OK}\r\nhello`],
    ['uwsgi', 'sized', answer('hello')],
    ['uwsgi', 'up to its end', 'Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nhello'],
  ] as const) {
    for (const version of ['1.1', '1.0'] as const) {
      t.test(`${name}, of a ${proto} node, for HTTP/${version}`, async t => {
        const node = await startRawNode(t)
        const gateway = await startGateway(t, [`${proto}://${node.address}`])
        const client = await connectRaw(t, gateway, request(`GET / HTTP/${version}`))
        const connection = await node.next()
        await (proto === 'http' ? connection.head() : connection.packet())
        await connection.drip(reply)
        connection.finish()
        const { status, body } = await readAnswer(client)
        t.strictSame([status, body], [200, 'hello'])
      })
    }
  }
})

t.test('an answer that never ends', async t => {
  const address = await startEndless(t)
  const gateway = await startGateway(t, [address])
  for (const [name, path, version] of [
    ['without framing', '/plain', '1.1'],
    ['without framing, for HTTP/1.0', '/plain', '1.0'],
    ['in chunks', '/chunked', '1.1'],
    ['in chunks, for HTTP/1.0', '/chunked', '1.0'],
    ['with a length', '/sized', '1.1'],
  ] as const) {
    t.test(`${name}: passes as long as its client reads, and ends with it`, async t => {
      const gone = nextEnd()
      const client = await connectRaw(t, gateway)
      let bytes = 0
      client.socket.removeAllListeners('data') // which would keep all of it
      client.socket.on('data', (piece: Buffer) => {
        bytes += piece.length
      })
      await client.send(request(`GET ${path} HTTP/${version}`))
      await until('it flows', () => bytes > 10_000_000)
      const before = readMemory(gateway.process.pid!)
      while (bytes < 100_000_000) {
        const other = await connectRaw(t, gateway, request('GET /short'))
        t.equal((await readAnswer(other)).body, 'short', 'others are served')
        other.close()
        const wanted = bytes + 20_000_000
        await until('it flows on', () => bytes > wanted)
      }
      const grown = readMemory(gateway.process.pid!) - before
      t.ok(grown < 40_000_000, `it grew by ${Math.round(grown / 1e6)} MB`)
      client.close()
      await gone
      t.pass('the node sees the end')
    })
  }
})

t.test('bytes without end behind a complete answer close the connection', async t => {
  const address = await startEndless(t)
  const gateway = await startGateway(t, [address])
  const gone = nextEnd()
  const client = await connectRaw(t, gateway, request('GET /excess'))
  t.equal((await readAnswer(client)).body, 'whole')
  await gone
  await client.send(request('GET /short'))
  t.equal((await readAnswer(client)).body, 'short', 'and the client may go on')
})

const PIECE = Buffer.alloc(65_536, 'x')
const CHUNK = Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')])
const ANSWERS: Readonly<Record<string, [head: string, piece: Buffer | null]>> = {
  '/plain': [`${OK}\r\n`, PIECE],
  '/chunked': [`${OK}Transfer-Encoding: chunked\r\n\r\n`, CHUNK],
  '/sized': [`${OK}Content-Length: 100000000000000\r\n\r\n`, PIECE],
  '/excess': [answer('whole'), PIECE],
  '/short': [answer('short'), null],
}

let ended: () => void = () => {}

/** Resolves when the next answer without end is given up by the gateway. */
function nextEnd(): Promise<void> {
  return new Promise(resolve => {
    ended = resolve
  })
}

/** A node whose answers end only when its connection does; the path chooses one. */
async function startEndless(t: Test): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      const [head, piece] = ANSWERS[bytes.toString('latin1').split(' ')[1]!]!
      socket.write(head)
      if (piece === null) return
      socket.once('close', () => ended())
      const more = (): void => {
        while (!socket.destroyed && socket.write(piece));
      }
      socket.on('drain', more)
      more()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

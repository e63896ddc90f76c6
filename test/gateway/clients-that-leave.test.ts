// test/gateway/clients-that-leave.test.ts: clients that leave while nothing moves, or stay and take nothing: the gateway
// finds out, and their nodes are free again.
import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import type { Picture, TlsPicture } from '../../base/picture.ts'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { RawConnection, type RawNode, startRawNode } from '../support/raw-node.ts'

t.jobs = 3 // mostly waiting

/** No time-out shall be what ends an exchange here, unless a test says so. */
const PATIENT: Partial<Picture> = { timeoutMs: 3_600_000, maxIdlePerNode: 0 }
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
/** More than the kernel holds back for a client that reads nothing. */
const LARGE = 'x'.repeat(8 * 1024 * 1024)

const STREAMS = [
  ['http', 'in chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n`, 'data: 1\n\n'],
  ['http', 'in chunks, nothing sent yet', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '\r\n\r\n'],
  ['http', 'up to its end', `${HEAD}\r\ndata: 1\n\n`, 'data: 1\n\n'],
  ['uwsgi', 'up to its end', `${HEAD}\r\ndata: 1\n\n`, 'data: 1\n\n'],
  ['uwsgi', 'up to its end, nothing sent yet', `${HEAD}\r\n`, '\r\n\r\n'],
] as const

/** Node has no reset for TLS. */
const WAYS = ['finish', 'close', 'reset'] as const

for (const isTls of [false, true]) {
  t.test(`an idle event stream, ${isTls ? 'https' : 'http'}`, async t => {
    const tls = isTls ? await selfSigned() : null
    for (const [proto, name, text, mark] of STREAMS) {
      t.test(`${name}, of a ${proto} node`, async t => {
        const node = await startRawNode(t)
        const gateway = await startGateway(t, [`${proto}://${node.address}`], PATIENT, { tls })
        for (const version of ['1.1', '1.0']) {
          for (const way of isTls ? WAYS.slice(0, 2) : WAYS) {
            const client = await connectTo(t, gateway, isTls)
            await client.send(request(`GET /events HTTP/${version}`))
            const connection = await node.next()
            await (proto === 'http' ? connection.head() : connection.packet())
            await connection.send(text)
            await client.through(mark)
            client[way]()
            const claim = `HTTP/${version}: the node sees that its client is gone by ${way}`
            await until(claim, () => connection.hasEnded || connection.isClosed)
          }
        }
      })
    }
  })

  t.test(`a half-close, ${isTls ? 'https' : 'http'}`, async t => {
    const node = await startRawNode(t)
    const tls = isTls ? await selfSigned() : null
    for (const proto of ['http', 'uwsgi'] as const) {
      const gateway = await startGateway(t, [`${proto}://${node.address}`], PATIENT, { tls })
      t.test(`before the head of a ${proto} node waits for the answer`, async t => {
        const [client, connection] = await inHand(t, gateway, node, proto, isTls)
        client.finish()
        await isServing(t, gateway)
        await connection.send(answer('whole', 'Connection: close'))
        t.equal((await readAnswer(client)).body, 'whole')
        await client.end()
      })
      t.test(`before the head of a ${proto} node, and a stream behind it, waits for its end`, async t => {
        const [client, connection] = await inHand(t, gateway, node, proto, isTls)
        client.finish()
        await isServing(t, gateway)
        await connection.send(`${HEAD}\r\nfirst`)
        await client.through('first')
        await connection.send('second')
        connection.finish()
        t.match((await client.rest()).toString(), 'second')
      })
      t.test(`inside an answer of a ${proto} node with a length waits for its end`, async t => {
        const [client, connection] = await inHand(t, gateway, node, proto, isTls)
        await connection.send(answer('hello').slice(0, -3))
        await client.through('he')
        client.finish()
        await isServing(t, gateway)
        await connection.send('llo')
        t.equal((await client.rest()).toString(), 'llo')
      })
    }
  })

  t.test(`who takes nothing is cut after http-timeout, ${isTls ? 'https' : 'http'}`, async t => {
    const node = await startRawNode(t)
    const tls = isTls ? await selfSigned() : null
    const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 300 }, { tls })
    const openNow = watchConnections(gateway)
    for (const [name, text] of [
      ['an answer with a length', answer(LARGE)],
      ['an answer without one', `${HEAD}\r\n${LARGE}`],
    ] as const) {
      t.test(name, async t => {
        const client = await connectTo(t, gateway, isTls)
        await until('it is in', () => openNow() === 1)
        await client.send(request('GET /'))
        const connection = await node.next()
        await connection.head()
        client.pause()
        const sending = connection.send(text)
        await until('it is cut', () => openNow() === 0)
        client.resume()
        await client.end()
        t.equal(client.hasEnded, isTls, 'by a reset; under TLS without its end mark')
        t.ok(client.received.length < LARGE.length, `${client.received.length} bytes came`)
        client.close()
        connection.close()
        await sending
      })
    }
    t.test('answers whose exchanges are over', async t => {
      const short = { timeoutMs: 300, headersTimeoutMs: 1_500, keepaliveMs: 1_500 }
      const gateway = await startGateway(t, [], short, { tls }) // answers itself
      const openNow = watchConnections(gateway)
      const accepted = (): number => gateway.batches.reduce((sum, batch) => sum + batch.accepted, 0)
      const client = await connectTo(t, gateway, isTls)
      client.pause()
      client.socket.write(request('GET /').repeat(100_000)) // answered until the kernel and we hold enough
      await until('it is in', () => accepted() === 1) // told even of one that is cut before that
      await until('it is cut', () => openNow() === 0)
      client.resume()
      await client.end()
      if (!isTls) t.notOk(client.hasEnded, 'by a reset')
      client.close()
    })
    t.test('a tunnel', async t => {
      const client = await connectTo(t, gateway, isTls)
      await until('it is in', () => openNow() === 1)
      await client.send(request('GET /', ...UPGRADE))
      const connection = await node.next()
      await connection.head()
      client.pause()
      const sending = connection.send(`${SWITCHING}${LARGE}`)
      await until('it is cut', () => openNow() === 0)
      connection.close()
      await sending
    })
  })
}

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

async function inHand(
  t: Test,
  gateway: TestGateway,
  node: RawNode,
  proto: 'http' | 'uwsgi',
  isTls: boolean,
): Promise<[RawConnection, RawConnection]> {
  const client = await connectTo(t, gateway, isTls)
  await client.send(request('GET /'))
  const connection = await node.next()
  await (proto === 'http' ? connection.head() : connection.packet())
  return [client, connection]
}

/** Shows that the gateway has seen what was sent before: it answers another client. */
async function isServing(t: Test, gateway: TestGateway): Promise<void> {
  const other = await connectTo(t, gateway, gateway.url.startsWith('https'))
  await other.send(request('TRACE /'))
  t.equal((await readAnswer(other)).status, 405)
  other.close()
}

async function connectTo(t: Test, gateway: TestGateway, isTls: boolean): Promise<RawConnection> {
  if (!isTls) return connectRaw(t, gateway)
  const options = { port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, allowHalfOpen: true }
  const socket = connectTls(options)
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return new RawConnection(socket)
}

/** @returns how many connections are open, as the gateway last said */
function watchConnections({ process }: TestGateway): () => number {
  let open = 0
  process.on('message', (message: ToMaster) => {
    if (message.kind === 'counters') open = message.counters.connections
  })
  return () => open
}

async function selfSigned(): Promise<TlsPicture> {
  const { cert, key } = await makeSelfSigned()
  return { cert, key, ciphers: '', clientCa: '', clientCertRequired: false }
}

// test/gateway/min-rate.test.ts: a client that sends or takes less than min-rate has to go; who is merely waited for stays.
import t, { type Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import type { Picture } from '../../base/picture.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, type RawNode, startRawNode } from '../support/raw-node.ts'
import { startRuled } from '../support/ruled-gateway.ts'

t.jobs = 3 // mostly waiting

const AFTER_MS = 200
/** More than the kernel holds back for a client that reads nothing. */
const LARGE = 'x'.repeat(8 * 1024 * 1024)

async function start(
  t: Test,
  minRate: number,
  changes: Partial<Picture> = {},
): Promise<[TestGateway, RawNode]> {
  const node = await startRawNode(t)
  const floor = { minRate, minRateAfterMs: AFTER_MS }
  return [await startGateway(t, [`http://${node.address}`], { ...floor, ...changes }), node]
}

/** Sends `bytes` every 20 ms until the test, or the returned function, ends it. */
function drip(t: Test, { socket }: RawConnection, bytes: string): () => void {
  const timer = setInterval(() => socket.write(bytes), 20)
  t.teardown(() => clearInterval(timer))
  return () => clearInterval(timer)
}

function passed(ms: number): Promise<void> {
  const end = performance.now() + ms
  return until('the time is over', () => performance.now() > end)
}

t.test('a head that drips too slowly is 408', async t => {
  const [gateway] = await start(t, 1_000)
  const client = await connectRaw(t, gateway, 'GET / HTTP/1.1\r\nX-Long: ')
  const stop = drip(t, client, 'x') // 50 bytes a second
  const startedAt = performance.now()
  const { status, head } = await readAnswer(client)
  stop()
  t.equal(status, 408)
  t.match(head, /^Connection: close$/m)
  t.ok(performance.now() - startedAt >= AFTER_MS, 'after it had its time')
})

t.test('a head that is fast enough is waited for', async t => {
  const [gateway] = await start(t, 50, { nodes: [] })
  const client = await connectRaw(t, gateway, 'GET / HTTP/1.1\r\nHost: a.test\r\nX-Long: ')
  const stop = drip(t, client, 'x'.repeat(20)) // a thousand
  await passed(3 * AFTER_MS)
  stop()
  await client.send('\r\n\r\n')
  t.equal((await readAnswer(client)).status, 200)
})

t.test('a connection between requests is no slow head', async t => {
  const [gateway] = await start(t, 1_000, { nodes: [] })
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).status, 200)
  await passed(3 * AFTER_MS)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).status, 200)
})

t.test('a body that drips too slowly is 408, one with chunks too', async t => {
  const [gateway, node] = await start(t, 1_000)
  for (const [field, piece] of [
    ['Content-Length: 100000', 'x'],
    ['Transfer-Encoding: chunked', '1\r\nx\r\n'],
  ] as const) {
    const client = await connectRaw(t, gateway, request('POST /', field))
    const stop = drip(t, client, piece)
    const connection = await node.next()
    t.equal((await readAnswer(client)).status, 408)
    stop()
    await connection.end()
  }
})

t.test('a body that is fast enough arrives', async t => {
  const [gateway, node] = await start(t, 50)
  const client = await connectRaw(t, gateway, request('POST /', 'Transfer-Encoding: chunked'))
  const connection = await node.next()
  const stop = drip(t, client, `14\r\n${'x'.repeat(20)}\r\n`)
  await passed(3 * AFTER_MS)
  stop()
  await client.send('0\r\n\r\n')
  await connection.through('\r\n0\r\n\r\n')
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('a body that the node does not take is not the fault of the client', async t => {
  const [gateway, node] = await start(t, 10_000_000)
  const client = await connectRaw(t, gateway, request('POST /', `Content-Length: ${LARGE.length}`))
  const connection = await node.next()
  connection.pause()
  const sent = client.send(LARGE)
  await passed(4 * AFTER_MS)
  t.equal(client.received, '')
  connection.resume()
  await sent
  await connection.head()
  await connection.bytes(LARGE.length)
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('who waits for "100 Continue" sends nothing, and may', async t => {
  const [gateway, node] = await start(t, 1_000, { minRateAfterMs: 800 })
  const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 2', 'Expect: 100-continue'))
  const connection = await node.next()
  await connection.head()
  await passed(1_800)
  await connection.send('HTTP/1.1 100 Continue\r\n\r\n')
  t.equal((await readAnswer(client)).status, 100)
  await client.send('hi')
  await connection.through('hi')
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('a client that does not take its answer is cut by a reset', async t => {
  const [gateway, node] = await start(t, 200_000)
  const client = await connectRaw(t, gateway, request('GET /'))
  client.pause()
  const connection = await node.next()
  await connection.head()
  const sending = connection.send(answer(LARGE)).catch(() => {})
  await connection.gone() // the gateway gives up
  await sending
  client.resume()
  await client.gone()
  t.notOk(client.hasEnded)
  t.ok(client.received.length < LARGE.length)
})

t.test('so is one that does not take answers whose exchanges are over', async t => {
  const [gateway] = await start(t, 1_000_000, { nodes: [] })
  let accepted = 0
  let open = 0
  gateway.process.on('message', (message: ToMaster) => {
    if (message.kind !== 'counters') return
    accepted += message.counters.accepted // told even of one that is cut before the next message
    open = message.counters.connections
  })
  const client = await connectRaw(t, gateway)
  client.pause()
  client.socket.write(request('GET /').repeat(100_000)) // answered until the kernel and we hold enough
  await until('it is in', () => accepted === 1)
  await until('it is cut', () => open === 0)
  client.resume()
  await client.gone()
  t.notOk(client.hasEnded)
})

t.test('a client that takes its answer fast enough gets it whole', async t => {
  const [gateway, node] = await start(t, 50_000)
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  await connection.head()
  void connection.send(answer(LARGE))
  // Some megabytes a second, of which the kernel shows the gateway only large steps.
  let taken = 0
  client.socket.on('data', (bytes: Buffer) => {
    taken += bytes.length
    if (taken < 65_536) return
    taken = 0
    client.pause()
    setTimeout(() => client.resume(), 20)
  })
  t.equal((await readAnswer(client)).body.length, LARGE.length)
})

t.test('an answer that the node sends slowly is not the fault of the client', async t => {
  const [gateway, node] = await start(t, 1_000_000)
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  await connection.head()
  await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl')
  await passed(4 * AFTER_MS)
  await connection.send('ow')
  t.equal((await readAnswer(client)).body, 'slow')
})

t.test('a tunnel may be as slow as it likes', async t => {
  const [gateway, node] = await start(t, 1_000_000)
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const client = await connectRaw(
    t,
    gateway,
    request('GET /', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='),
  )
  const connection = await node.next()
  await connection.head()
  await connection.send(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  await client.head()
  await passed(3 * AFTER_MS)
  await client.send('still here')
  await connection.through('still here')
})

t.test('a reload that sets a floor holds for heads and exchanges that begin from then on', async t => {
  const [gateway, node] = await start(t, 0)
  const before = await connectRaw(t, gateway, request('POST /', 'Content-Length: 10'))
  const connection = await node.next()
  await gateway.apply({ minRate: 1_000 })
  const after = await connectRaw(t, gateway, request('POST /', 'Content-Length: 10'))
  t.equal((await readAnswer(after)).status, 408)
  await before.send('0123456789')
  await connection.through('0123456789')
  await connection.send(answer('ok'))
  t.equal((await readAnswer(before)).body, 'ok')
})

t.test('a client that waits for what a rule asks owes no body yet', async t => {
  const service = await startRawNode(t)
  const node = await startRawNode(t)
  const gateway = await startRuled(
    t,
    [`route = ^/asked auth-request:url=http://${service.address}/`],
    [`http://${node.address}`],
    { minRate: 1_000, minRateAfterMs: AFTER_MS },
  )
  const head = (path: string): string => request(`POST ${path}`, 'Content-Length: 5', 'Expect: 100-continue')
  const asked = await connectRaw(t, gateway, head('/asked'))
  const asking = await service.next()
  await asking.head()
  const owing = await connectRaw(t, gateway, request('POST /', 'Content-Length: 5'))
  t.equal((await readAnswer(owing)).status, 408, 'long enough for one that owes it')
  await asking.send(answer(''))
  await node.next() // that of the one that had to go
  const connection = await node.next()
  await connection.head()
  await connection.send('HTTP/1.1 100 Continue\r\n\r\n')
  t.match(await asked.head(), /^HTTP\/1.1 100 /)
  await asked.send('hello')
  t.equal((await connection.bytes(5)).toString(), 'hello')
  await connection.send(answer('ok'))
  t.equal((await readAnswer(asked)).body, 'ok')
})

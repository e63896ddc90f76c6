// test/gateway/http1/upgrade.test.ts: WebSocket becomes a tunnel, anything else an ordinary request.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accessLogPicture, startGateway, type TestGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawConnection, type RawNode, startRawNode } from '../../support/raw-node.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

const ASK = request(
  'GET /ws',
  'Connection: keep-alive, Upgrade',
  'Upgrade: WebSocket',
  'Sec-WebSocket-Key: k',
)
const YES =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n'

async function tunnel(t: Test, gateway: TestGateway, node: RawNode): Promise<[RawConnection, RawConnection]> {
  const client = await connectRaw(t, gateway, ASK)
  const connection = await node.next()
  await connection.head()
  await connection.send(YES)
  t.match(await client.head(), 'HTTP/1.1 101 ')
  return [client, connection]
}

t.test('tunnels', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0 })

  t.test('both heads pass, with the upgrade spelled out', async t => {
    const client = await connectRaw(t, gateway, ASK)
    const connection = await node.next()
    const head = await connection.head()
    t.match(head, /^GET \/ws HTTP\/1\.1\r\n/)
    t.match(head, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
    t.match(head, '\r\nSec-WebSocket-Key: k\r\n')
    await connection.send(YES)
    const answered = await client.head()
    t.match(answered, 'Sec-WebSocket-Accept: a\r\n')
    t.match(answered, 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
  })

  t.test('bytes pass both ways as they are', async t => {
    const [client, connection] = await tunnel(t, gateway, node)
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    await client.send(bytes)
    t.strictSame(await connection.bytes(256), bytes)
    await connection.send(bytes)
    t.strictSame(await client.bytes(256), bytes)
    await client.send('GET / HTTP/1.1\r\n\r\n')
    t.equal(await connection.head(), 'GET / HTTP/1.1\r\n\r\n')
  })

  t.test('bytes right behind the heads pass', async t => {
    const client = await connectRaw(t, gateway, `${ASK}early`)
    const connection = await node.next()
    await connection.head()
    t.notMatch(connection.received, 'early', 'held until the 101')
    await client.send(' and more')
    await connection.send(`${YES}welcome`)
    await client.head()
    t.equal((await client.bytes(7)).toString(), 'welcome')
    t.equal((await connection.bytes(14)).toString(), 'early and more')
  })

  t.test('more than is held ahead waits, and passes whole', async t => {
    const early = 'e'.repeat(1_000_000)
    const client = await connectRaw(t, gateway, ASK)
    client.socket.write(early)
    const connection = await node.next()
    await connection.head()
    await connection.send(YES)
    t.equal((await connection.bytes(early.length)).toString(), early)
    await connection.send('ok')
    await client.through('ok')
  })

  t.test('a half-close of the client leaves the other direction open', async t => {
    const [client, connection] = await tunnel(t, gateway, node)
    await client.send('last')
    client.finish()
    t.equal((await connection.rest()).toString(), 'last')
    await connection.send('answer')
    connection.finish()
    t.equal((await client.rest()).toString(), 'answer')
    await client.gone()
  })

  t.test('a half-close of the node leaves the other direction open', async t => {
    const [client, connection] = await tunnel(t, gateway, node)
    await connection.send('last')
    connection.finish()
    t.equal((await client.rest()).toString(), 'last')
    await client.send('answer')
    client.finish()
    t.equal((await connection.rest()).toString(), 'answer')
    await connection.gone()
    await client.gone()
  })

  t.test('the last bytes of either side arrive however much waits', async t => {
    const much = 'm'.repeat(8_000_000)
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const sides = await tunnel(t, gateway, node)
      sides[to].pause()
      sides[from].socket.end(much)
      sides[to].finish()
      sides[to].resume()
      t.equal((await sides[to].rest()).length, much.length)
    }
  })

  t.test("a reset of the client closes the node's side", async t => {
    const [client, connection] = await tunnel(t, gateway, node)
    client.reset()
    await connection.end()
  })

  t.test("a node that goes closes the client's side", async t => {
    const [client, connection] = await tunnel(t, gateway, node)
    connection.reset()
    await client.end()
  })

  t.test('an answer that is no 101 passes and closes: what followed is no request', async t => {
    const client = await connectRaw(t, gateway, ASK + request('GET /smuggled'))
    const connection = await node.next()
    await connection.head()
    await connection.send(answer('no'))
    const { head, body } = await readAnswer(client)
    t.equal(body, 'no')
    t.match(head, /^Connection: close$/m)
    await client.end()
    t.notMatch(connection.received, 'smuggled')
  })

  t.test('a 101 to something else is 502', async t => {
    const client = await connectRaw(t, gateway, ASK)
    const connection = await node.next()
    await connection.head()
    await connection.send('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
    t.equal((await readAnswer(client)).status, 502)
  })

  for (const [name, text] of [
    ['h2c', request('GET /', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x')],
    [
      'WebSocket in a POST',
      `${request('POST /', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 2')}hi`,
    ],
    ['an Upgrade that Connection does not name', request('GET /', 'Upgrade: websocket')],
    ['a list of protocols', request('GET /', 'Connection: Upgrade', 'Upgrade: h2c, websocket')],
  ] as const) {
    t.test(`${name} is an ordinary request`, async t => {
      const client = await connectRaw(t, gateway, text)
      const connection = await node.next()
      t.notMatch(await connection.head(), /upgrade|http2/i)
      await connection.send(answer('ok'))
      const { head, body } = await readAnswer(client)
      t.equal(body, 'ok')
      t.notMatch(head, /^connection/im)
    })
  }
})

t.test('bytes behind an upgrade that we answer ourselves are no request', async t => {
  const hangsUp = await startRawNode(t, {
    script: async connection => {
      await connection.head()
      connection.close()
    },
  })
  for (const [status, nodes] of [
    [503, ['http:///nowhere/to/be/found.sock']],
    [502, [`http://${hangsUp.address}`]],
  ] as const) {
    const gateway = await startGateway(t, nodes, { keepaliveMs: 500 })
    const client = await connectRaw(t, gateway, ASK + request('GET /smuggled'))
    const { status: answered, head } = await readAnswer(client)
    t.equal(answered, status)
    t.match(head, /^Connection: close$/m)
    t.equal((await client.rest()).toString(), '', `one answer: ${status}`)
  }
  t.notOk(hangsUp.connections.some(({ received }) => received.includes('smuggled')))
})

t.test('a tunnel is over, and in the log, once both sides ended, whichever was first', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], {
    accessLog: accessLogPicture(file, 'json'),
  })
  for (const isNodeFirst of [true, false]) {
    const [client, connection] = await tunnel(t, gateway, node)
    const [first, second] = isNodeFirst ? [connection, client] : [client, connection]
    first.finish()
    await second.end()
    second.finish()
  }
  await until('both stand in the log', () => readFileSync(file, 'utf8').split('"status":101').length === 3)
})

t.test('a tunnel in which nothing moves is closed', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 1_000 })
  const [client, connection] = await tunnel(t, gateway, node)
  await Promise.all([client.gone(), connection.end()])
})

t.test('with websockets off it is an ordinary request, the last of its connection', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { websockets: false })
  const client = await connectRaw(t, gateway, ASK)
  const connection = await node.next()
  t.notMatch(await connection.head(), /upgrade/i)
  await client.send(request('GET /smuggled')) // for all we know a tunnel's first bytes
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
  await client.end()
  t.ok(client.hasEnded)
  t.notMatch(connection.received, /smuggled/)
})

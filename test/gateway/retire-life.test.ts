// test/gateway/retire-life.test.ts: how long a retired gateway lives, and for whom: tunnels, handshakes, idle clients.
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
// sleeps: a gateway that would not wait has to be given the time to end
import { setTimeout as pause } from 'node:timers/promises'
import { type ConnectionOptions, connect } from 'node:tls'
import t, { type Test } from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { RawConnection, startRawNode } from '../support/raw-node.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import { echo, echoing, GRACE_MS, inHand, isLast, kept, retire } from './retiring.ts'

const TLS = { ...(await makeSelfSigned()), ciphers: '', clientCa: '', clientCertRequired: false }

t.test('a tunnel lives on, until the grace is over', async t => {
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  const { gateway, client, atNode } = await inHand(t, request('GET /', ...upgrade, key))
  const fields = ['Upgrade: websocket', 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']
  await atNode.send(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${fields.join('\r\n')}\r\n\r\n`,
  )
  t.equal((await readAnswer(client)).status, 101)
  const { exited } = await retire(t, gateway, 1_500)
  for (let i = 0; i < 10; i++) {
    await client.send('ping')
    t.equal((await atNode.bytes(4)).toString(), 'ping')
    await atNode.send('pong')
    t.equal((await client.bytes(4)).toString(), 'pong')
  }
  const { code, afterMs } = await exited
  t.equal(code, 0)
  t.ok(afterMs >= 1_400, `after ${afterMs} ms`)
  await client.gone()
})

t.test('who stays idle is closed by a FIN when the grace is over', async t => {
  const gateway = await echoing(t)
  const client = await kept(t, gateway)
  const { exited } = await retire(t, gateway, 500)
  t.notOk(client.hasEnded)
  const { code, afterMs } = await exited
  t.equal(code, 0)
  t.ok(afterMs >= 450, `after ${afterMs} ms`)
  await client.end()
  t.ok(client.hasEnded)
})

t.test('told to stop after that, it waits for nobody who is idle', async t => {
  const gateway = await echoing(t)
  const client = await kept(t, gateway)
  const { exited } = await retire(t, gateway)
  gateway.process.send({ kind: 'stop', graceMs: GRACE_MS / 2 })
  await client.end()
  t.ok(client.hasEnded)
  const { code, afterMs } = await exited
  t.equal(code, 0)
  t.ok(afterMs < GRACE_MS / 2)
})

t.test('with a successor on the same socket no fresh connection is lost', async t => {
  const node = await startRawNode(t, { script: echo })
  const nodes = [`http://${node.address}`]
  const old = await startGateway(t, nodes)
  const next = await startGateway(t, nodes, {}, {}, { bound: old.bound })
  let isOver = false
  let served = 0
  const visit = async (): Promise<void> => {
    while (!isOver) {
      const client = await connectRaw(t, old, request('GET /visit', 'Connection: close'))
      if ((await readAnswer(client)).body !== '/visit') throw new Error('another answer')
      client.close()
      served++
    }
  }
  const visitors = Promise.all(Array.from({ length: 20 }, visit))
  await until('they are at it', () => served > 300)
  const exited = once(old.process, 'exit')
  old.process.send({ kind: 'retire', graceMs: GRACE_MS })
  t.strictSame(await exited, [0, null])
  const before = served
  await until('they still are', () => served > before + 300)
  isOver = true
  await visitors
  t.equal(next.process.exitCode, null)
})

t.test('over a UNIX socket', async t => {
  const path = join(temporaryDirectory(t), 'gateway.sock')
  const node = await startRawNode(t, { script: echo })
  const gateway = await startGateway(t, [`http://${node.address}`], {}, {}, { path })
  const client = await connectRaw(t, { path }, request('GET /1'))
  t.equal((await readAnswer(client)).body, '/1')
  const { exited } = await retire(t, gateway, GRACE_MS, await connectRaw(t, { path }))
  await client.send(request('GET /2'))
  await isLast(t, client, '/2')
  t.equal((await exited).code, 0)
})

t.test('under TLS, also with a handshake under way', async t => {
  const node = await startRawNode(t, { script: echo })
  const gateway = await startGateway(t, [`http://${node.address}`], {}, { tls: TLS })
  const idle = await connectSecure(t, gateway)
  await idle.send(request('GET /1'))
  t.equal((await readAnswer(idle)).body, '/1')
  // The client's first bytes are here, the rest comes when the gateway retires already.
  const relay = await startSlowRelay(t, gateway.port)
  const late = connectSecure(t, { ...gateway, port: relay.port })
  late.catch(() => {}) // it may fail before it is awaited
  await relay.hasBegun
  const { exited } = await retire(t, gateway, GRACE_MS, await connectSecure(t, gateway))
  await idle.send(request('GET /2'))
  await isLast(t, idle, '/2')
  await idle.gone()
  await pause(200)
  t.equal(gateway.process.exitCode, null, 'it waits for the handshake')
  relay.release()
  const client = await late
  await client.send(request('GET /3'))
  await isLast(t, client, '/3')
  t.equal((await exited).code, 0)
})

async function connectSecure(t: Test, gateway: TestGateway): Promise<RawConnection> {
  // The types of Node do not know allowHalfOpen here.
  const options = { port: gateway.port, rejectUnauthorized: false, allowHalfOpen: true }
  const socket = connect(options as ConnectionOptions)
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return new RawConnection(socket)
}

/** Passes on ten bytes of the client, and the rest once it is released. */
async function startSlowRelay(t: Test, port: number) {
  const begun = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const server = createServer(client => {
    const gateway = connectTcp(port, '127.0.0.1')
    gateway.pipe(client)
    gateway.on('error', () => client.destroy())
    gateway.on('close', () => client.destroy())
    client.once('data', (bytes: Buffer) => {
      client.pause()
      gateway.write(bytes.subarray(0, 10), () => begun.resolve())
      void released.promise.then(() => {
        gateway.write(bytes.subarray(10))
        client.pipe(gateway)
      })
    })
    t.teardown(() => [client, gateway].map(socket => socket.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    hasBegun: begun.promise,
    release: () => released.resolve(),
  }
}

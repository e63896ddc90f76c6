// test/gateway/http1/keep-alive.test.ts: when a client's connection stays, and in which order its requests are answered.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ToMaster } from '../../../base/messages.ts'
import { startGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request, type Where } from '../../support/raw-client.ts'
import { type Script, startRawNode } from '../../support/raw-node.ts'
import { standStill } from '../../support/standstill.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

/** Answers every request on a connection with its target. */
const echoTarget: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    const length = /^content-length: *(\d+)/im.exec(head)
    if (length !== null) await connection.bytes(Number(length[1]))
    await connection.send(answer(head.split(' ')[1]!))
  }
}

t.test('with keep-alive', async t => {
  const node = await startRawNode(t, { script: echoTarget })
  const gateway = await startGateway(t, [`http://${node.address}`])

  t.test('a second request goes over the same connection', async t => {
    const client = await connectRaw(t, gateway)
    for (const target of ['/1', '/2', '/3']) {
      await client.send(request(`GET ${target}`))
      const { head, body } = await readAnswer(client)
      t.equal(body, target)
      t.notMatch(head, /^connection:/im)
    }
  })

  t.test('pipelined requests are answered in order', async t => {
    const targets = Array.from({ length: 30 }, (_, i) => `/${i}`)
    const client = await connectRaw(t, gateway, targets.map(target => request(`GET ${target}`)).join(''))
    for (const target of targets) t.equal((await readAnswer(client)).body, target)
  })

  t.test('pipelined requests cut anywhere are answered in order', async t => {
    const client = await connectRaw(t, gateway)
    const text = `${request('GET /a') + request('POST /b', 'Content-Length: 3')}xyz${request('GET /c')}`
    await client.drip(text)
    for (const target of ['/a', '/b', '/c']) t.equal((await readAnswer(client)).body, target)
  })

  t.test('more pipelined requests than are held ahead, bodies among them, are all answered', async t => {
    const padding = `X-Padding: ${'p'.repeat(900)}`
    const targets = Array.from({ length: 300 }, (_, i) => `/${i}`)
    const text = targets.map((target, i) =>
      i % 2 === 0
        ? request(`GET ${target}`, padding)
        : request(`POST ${target}`, padding, 'Content-Length: 500') + 'b'.repeat(500),
    )
    const client = await connectRaw(t, gateway)
    client.socket.write(text.join(''))
    for (const target of targets) {
      const { body } = await readAnswer(client)
      if (body !== target) t.equal(body, target)
    }
    t.pass('300 answers in order')
  })

  t.test('Connection: close is honoured and said', async t => {
    const client = await connectRaw(t, gateway, request('GET /x', 'Connection: close'))
    const { head, body } = await readAnswer(client)
    t.equal(body, '/x')
    t.match(head, /^Connection: close$/m)
    await client.end()
    t.ok(client.hasEnded, 'a FIN, not a reset')
  })

  t.test('what comes behind a request that closes is not answered', async t => {
    const client = await connectRaw(t, gateway, request('GET /x', 'Connection: close') + request('GET /y'))
    t.equal((await readAnswer(client)).body, '/x')
    t.equal((await client.rest()).length, 0)
  })

  t.test('HTTP/1.0 closes', async t => {
    const client = await connectRaw(t, gateway, request('GET /x HTTP/1.0'))
    t.match((await readAnswer(client)).head, /^Connection: close$/m)
    await client.end()
  })

  t.test('HTTP/1.0 that asks to be kept is kept, and told so', async t => {
    const client = await connectRaw(t, gateway)
    for (const target of ['/1', '/2']) {
      await client.send(request(`GET ${target} HTTP/1.0`, 'Connection: Keep-Alive'))
      const { head, body } = await readAnswer(client)
      t.match(head, /^Connection: keep-alive$/m)
      t.equal(body, target)
    }
  })

  t.test('an empty line between requests is ignored', async t => {
    const client = await connectRaw(t, gateway, `${request('GET /1')}\r\n${request('GET /2')}`)
    t.equal((await readAnswer(client)).body, '/1')
    t.equal((await readAnswer(client)).body, '/2')
  })
})

t.test('keep-alive off: every answer closes', async t => {
  const node = await startRawNode(t, { script: echoTarget })
  const gateway = await startGateway(t, [`http://${node.address}`], { keepaliveMs: 0 })
  const client = await connectRaw(t, gateway, request('GET /x'))
  t.match((await readAnswer(client)).head, /^Connection: close$/m)
  await client.end()
})

t.test('a kept connection that stays silent is closed without a word', async t => {
  const node = await startRawNode(t, { script: echoTarget })
  const gateway = await startGateway(t, [`http://${node.address}`], { keepaliveMs: 200 })
  const client = await connectRaw(t, gateway, request('GET /x'))
  await readAnswer(client)
  t.equal((await client.rest()).length, 0)
})

t.test('an answer that its client has not read yet outlives the keep-alive time', async t => {
  const path = join(temporaryDirectory(t), 'gateway.sock')
  const node = await startRawNode(t, {
    script: async connection => {
      const size = Number((await connection.head()).split(' ')[1]!.slice(1))
      await connection.send(answer('x'.repeat(size)))
    },
  })
  const picture = { keepaliveMs: 200, maxIdlePerNode: 0 }
  await startGateway(t, [`http://${node.address}`], picture, {}, { path })
  // The kernel holds some 200 KB for a UNIX client. Of one of these answers the gateway holds just the rest.
  const sizes = Array.from({ length: 12 }, (_, i) => 60_000 + i * 30_000)
  const clients = await Promise.all(sizes.map(size => connectRaw(t, { path }, request(`GET /${size}`))))
  for (const client of clients) client.pause()
  // Others whose keep-alive time ends tell that theirs is over too.
  for (const _ of [1, 2]) await (await connectRaw(t, { path }, request('GET /1'))).rest()
  for (const [i, client] of clients.entries()) {
    client.resume()
    t.equal((await readAnswer(client)).body.length, sizes[i])
  }
})

t.test('an answer that its client has not read yet outlives the half-close of the client', async t => {
  const path = join(temporaryDirectory(t), 'gateway.sock')
  const node = await startRawNode(t, {
    script: async connection => {
      const size = Number((await connection.head()).split(' ')[1]!.slice(1))
      await connection.send(answer('x'.repeat(size)))
    },
  })
  await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0 }, {}, { path })
  for (let size = 60_000; size < 400_000; size += 30_000) {
    for (const fields of [[], ['Connection: close']]) {
      const client = await connectRaw(t, { path })
      client.pause()
      await client.send(request(`GET /${size}`, ...fields))
      await roundTrips(t, { path }, 3)
      client.finish()
      await roundTrips(t, { path }, 3)
      client.resume()
      t.equal((await readAnswer(client)).body.length, size)
    }
  }
})

t.test(
  'nor is it lost when the client half-closes inside a body that the answer did not wait for',
  async t => {
    const path = join(temporaryDirectory(t), 'gateway.sock')
    const node = await startRawNode(t)
    await startGateway(t, [`http://${node.address}`], {}, {}, { path })
    const welcome = await startGateway(t, [])
    let handedOver = 0
    for (let size = 60_000; size < 400_000; size += 30_000) {
      const client = await connectRaw(t, { path })
      client.pause()
      await client.send(`${request('POST /', 'Content-Length: 9')}half`)
      const connection = await node.next()
      await connection.through('half')
      await connection.send(answer('x'.repeat(size), 'Connection: close'))
      // The gateway closes the node's connection once it has the whole answer: with larger ones it cannot.
      const isHandedOver = await Promise.race([
        connection.end().then(() => true),
        roundTrips(t, welcome, size < 200_000 ? 3_000 : 30).then(() => false),
      ])
      if (!isHandedOver) break
      handedOver++
      client.finish()
      await roundTrips(t, welcome, 10)
      client.resume()
      t.equal((await readAnswer(client)).body.length, size)
    }
    t.ok(handedOver > 3, `${handedOver} sizes`)
  },
)

t.test('a client that sends requests and reads no answers stops being read', async t => {
  const gateway = await startGateway(t, []) // answers itself: 404, larger than its request
  const client = await connectRaw(t, gateway)
  client.pause()
  const text = request('GET /1').repeat(10_000)
  let taken = 0
  let isTaking = true
  while (isTaking && taken < 50) {
    isTaking = await Promise.race([
      client.send(text).then(() => true),
      roundTrips(t, gateway, 20).then(() => false),
    ])
    taken++
  }
  t.notOk(isTaking, `it took ${taken} times 10,000 requests`)
  client.resume()
  for (let i = 0; i < 10_000; i++) {
    const { status } = await readAnswer(client)
    if (status !== 404) t.equal(status, 404)
  }
})

t.test('a flood of pipelined requests leaves room for other clients', async t => {
  const gateway = await startGateway(t, []) // answers itself, without a pause for any node
  const flooding = await connectRaw(t, gateway, request('GET /1'))
  await readAnswer(flooding)
  // Both wait for the gateway when it wakes, the flood in front.
  const wake = await standStill(gateway.process)
  await flooding.send(request('GET /1').repeat(1_500))
  const other = await connectRaw(t, gateway, request('GET /1'))
  wake()
  await other.head()
  const before = flooding.received.split('HTTP/1.1 404').length - 2
  t.ok(before < 1_500, `${before} answers of the flood came before the other's`)
  for (let i = 0; i < 1_500; i++) await readAnswer(flooding)
})

/** Time enough for the gateway to do whatever it had to do: it serves so many others, one after the other. */
async function roundTrips(t: Test, to: Where, count: number): Promise<void> {
  const client = await connectRaw(t, to)
  for (let i = 0; i < count; i++) {
    await client.send(request('GET /1'))
    await readAnswer(client)
  }
  client.close()
}

t.test(
  'a client that goes on sending where connections are not kept still gets its answer whole',
  async t => {
    const node = await startRawNode(t)
    const gateway = await startGateway(t, [`http://${node.address}`], { keepaliveMs: 0 })
    let requests = 0
    gateway.process.on('message', (message: ToMaster) => {
      if (message.kind === 'counters') requests += message.counters.requests
    })
    const client = await connectRaw(t, gateway)
    client.pause() // what the kernel holds for it, a reset would throw away
    await client.send(request('GET /1'))
    const connection = await node.next()
    await connection.head()
    await connection.send(answer('x'.repeat(1_000_000)))
    await until('the gateway is done with it', () => requests === 1)
    await client.send(request('GET /2'))
    client.resume()
    t.equal((await readAnswer(client)).body.length, 1_000_000)
    await client.end()
    t.ok(client.hasEnded, 'by a FIN')
  },
)

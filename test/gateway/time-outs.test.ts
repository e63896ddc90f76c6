// test/gateway/time-outs.test.ts: what happens when a client, a node or a connect takes too long.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, startRawNode } from '../support/raw-node.ts'

t.jobs = 4 // mostly waiting

t.test('the head has an absolute deadline, however its bytes drip', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 400 })
  const client = await connectRaw(t, gateway, 'GET / HTTP/1.1\r\nHost: a\r\n')
  const startedAt = performance.now()
  const dripping = setInterval(() => client.socket.write('X-More: 1\r\n'), 20)
  t.teardown(() => clearInterval(dripping))
  const { status, head } = await readAnswer(client)
  clearInterval(dripping)
  t.equal(status, 408)
  t.match(head, /^Connection: close$/m)
  t.ok(performance.now() - startedAt < 9_000, 'not moved by what came')
})

t.test('the second head on a connection has one too', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 300 })
  const client = await connectRaw(t, gateway, `${request('GET /')}GET / HT`)
  t.equal((await readAnswer(client)).status, 200)
  t.equal((await readAnswer(client)).status, 408)
})

t.test('a connection that never sends anything is closed without a word', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 200 })
  const client = await connectRaw(t, gateway)
  t.equal((await client.rest()).length, 0)
})

t.test('a body that stops is 408', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 300 })
  const client = await connectRaw(t, gateway, `${request('POST /', 'Content-Length: 5')}he`)
  const connection = await node.next()
  t.equal((await readAnswer(client)).status, 408)
  await connection.end()
})

t.test('a body that goes on slowly is waited for', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 2_000 })
  const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 8'))
  const connection = await node.next()
  await connection.head()
  const startedAt = performance.now()
  for (let i = 1; i <= 8; i++) {
    await until('the next part is due', () => performance.now() - startedAt > i * 300)
    await client.send('x')
  }
  await connection.bytes(8)
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('a node that says nothing is 504', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 300 })
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  t.equal((await readAnswer(client)).status, 504)
  await connection.end()
  t.equal(node.connections.length, 1, 'it may have had an effect: not sent again')
})

t.test('a node that stops inside its head is 504', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 300 })
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  await connection.send('HTTP/1.1 200 OK\r\nX-')
  t.equal((await readAnswer(client)).status, 504)
})

t.test('a node that stops inside its body cuts the answer', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { timeoutMs: 300 })
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  await connection.head()
  await connection.send(answer('hello').slice(0, -2))
  await client.gone()
  t.notOk(client.hasEnded, 'by a reset')
})

t.test('a connect that takes too long is 504', async t => {
  const address = await fullNode(t)
  const gateway = await startGateway(t, [address], { connectTimeoutMs: 300 })
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).status, 504)
})

t.test('a connect that takes too long goes on to the next node, with the body', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [await fullNode(t), `http://${node.address}`], {
    connectTimeoutMs: 300,
  })
  const client = await connectRaw(t, gateway, `${request('POST /', 'Content-Length: 2')}hi`)
  const connection = await node.next()
  await connection.through('hi')
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('such a node costs one connect for each of its rests, however many clients there are', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('ok'))
      }
    },
  })
  const full = await fullNode(t)
  const changes = { connectTimeoutMs: 300, graceMs: 500, mostGraceMs: 500 }
  const gateway = await startGateway(t, [full, `http://${node.address}`], changes)
  const rests = (): number => gateway.events.filter(({ text }) => text === 'node rests').length
  const bodies = new Set<string>()
  const clients = Array.from({ length: 8 }, () => connectRaw(t, gateway))
  const ask = async (client: RawConnection): Promise<void> => {
    await client.send(request('GET /'))
    bodies.add((await readAnswer(client)).body)
  }
  await ask(await clients[0]!)
  t.equal(rests(), 1)
  const asking = clients.map(async client => {
    while (rests() < 3) await ask(await client)
  })
  await Promise.all(asking)
  t.same([...bodies], ['ok'])
  await until('all is told', () => gateway.countersOf(full).failures >= 3)
  t.equal(gateway.countersOf(full).requests, 3)
})

const NEVER_ACCEPTS = `
import socket, sys
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(0)
print(listening.getsockname()[1], flush=True)
sys.stdin.read()
`

/** A node whose queue of connections is full, so that the kernel drops each further SYN. @returns its address */
async function fullNode(t: Test): Promise<string> {
  const child = spawn('/usr/bin/python3', ['-c', NEVER_ACCEPTS], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  t.teardown(async () => {
    for (const filler of fillers) filler.destroy()
    child.stdin.end()
    await once(child, 'exit')
  })
  await Promise.race(fillers.map(filler => once(filler, 'connect')))
  return `http://127.0.0.1:${port}`
}

// test/gateway/node-failures.test.ts: nodes that refuse or close: who is tried next, and what the client is told.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { nodePicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, type RawAnswer, readAnswer, request } from '../support/raw-client.ts'
import { type RawNode, type Script, startRawNode } from '../support/raw-node.ts'
import { temporaryDirectory } from '../support/tmp.ts'

t.jobs = 3 // mostly waiting

/** Answers each request of a connection with `name`. */
const say =
  (name: string): Script =>
  async connection => {
    for (;;) {
      await connection.head()
      await connection.send(answer(name))
    }
  }

/** Closes each connection once a request is there, without a byte. */
const hangUp: Script = async connection => {
  await connection.head()
  connection.close()
}

/** An address that nothing listens at. */
async function refusing(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

const address = (node: RawNode): string => `http://${node.address}`

async function get(t: Test, gateway: TestGateway, text = request('GET /')): Promise<RawAnswer> {
  return readAnswer(await connectRaw(t, gateway, text))
}

t.test('a node that refuses is left out for its rest, then asked again', async t => {
  const dead = await refusing()
  const node = await startRawNode(t, { script: say('alive') })
  const gateway = await startGateway(t, [dead, address(node)], { graceMs: 2_000 })
  for (let i = 0; i < 6; i++) t.equal((await get(t, gateway)).body, 'alive')
  const back = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write(answer('back')))
  })
  t.teardown(() => back.close())
  back.listen(nodePort(dead), '127.0.0.1')
  await once(back, 'listening')
  t.equal((await get(t, gateway)).body, 'alive', 'it rests')
  await until('the node that came back is asked', async () => (await get(t, gateway)).body === 'back')
})

t.test('a refused POST goes to the next node with its body: nothing of it was seen', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [await refusing(), address(node)])
  const client = await connectRaw(t, gateway, `${request('POST /', 'Transfer-Encoding: chunked')}2\r\nhi\r\n`)
  const connection = await node.next()
  await connection.through('hi\r\n')
  await client.send('0\r\n\r\n')
  await connection.through('0\r\n\r\n')
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('when all refuse the answer is 503', async t => {
  const gateway = await startGateway(t, [await refusing(), await refusing()])
  for (let i = 0; i < 3; i++) t.equal((await get(t, gateway)).status, 503)
  const told = gateway.events.map(({ text, fields }) => [text, fields.cause])
  t.same(told, [
    ['node rests', 'ECONNREFUSED'],
    ['node rests', 'ECONNREFUSED'],
    ['answered with an error', 'ECONNREFUSED'],
  ])
  t.match(gateway.events.at(-1)!.fields, { status: 503, tries: 2 })
})

t.test('the only node is tried even while it rests, and serves the moment it is back', async t => {
  const dead = await refusing()
  const gateway = await startGateway(t, [dead], { graceMs: 60_000 })
  t.equal((await get(t, gateway)).status, 503)
  const back = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end(answer('back')))
  })
  t.teardown(() => back.close())
  back.listen(nodePort(dead), '127.0.0.1')
  await once(back, 'listening')
  t.equal((await get(t, gateway)).body, 'back')
})

t.test('a UNIX socket that is missing is a refusal like any other', async t => {
  const node = await startRawNode(t, { script: say('alive') })
  const gateway = await startGateway(t, ['http:///nowhere/to/be/found.sock', address(node)])
  for (let i = 0; i < 4; i++) t.equal((await get(t, gateway)).body, 'alive')
})

t.test('fallback nodes serve while no other can', async t => {
  const dead = await refusing()
  const node = await startRawNode(t, { script: say('fallback') })
  const gateway = await startGateway(t, [dead], { fallbackNodes: [nodePicture(address(node))] })
  for (let i = 0; i < 3; i++) t.equal((await get(t, gateway)).body, 'fallback')
  const alive = await startRawNode(t, { script: say('alive') })
  gateway.apply({ nodes: [nodePicture(address(alive))] })
  await until('the nodes proper serve', async () => (await get(t, gateway)).body === 'alive')
})

t.test('a GET whose node closes without a byte is tried on another node, once', async t => {
  const one = await startRawNode(t, { script: hangUp })
  const two = await startRawNode(t, { script: hangUp })
  const gateway = await startGateway(t, [address(one), address(two)])
  t.equal((await get(t, gateway)).status, 502)
  t.equal(one.connections.length + two.connections.length, 2)
  const three = await startRawNode(t, { script: say('alive') })
  gateway.apply({ nodes: [one, three].map(node => nodePicture(address(node))) })
  await until('the new node is known', async () => (await get(t, gateway)).status === 200)
  for (let i = 0; i < 6; i++) t.equal((await get(t, gateway)).body, 'alive')
})

t.test('a POST whose node closes without a byte is 502, and no other node sees it', async t => {
  const one = await startRawNode(t, { script: hangUp })
  const two = await startRawNode(t, { script: hangUp })
  const gateway = await startGateway(t, [address(one), address(two)])
  t.equal((await get(t, gateway, request('POST /', 'Content-Length: 0'))).status, 502)
  t.equal(one.connections.length + two.connections.length, 1)
})

t.test('retries of what nodes may have worked on are bounded', async t => {
  const nodes = [await startRawNode(t, { script: hangUp }), await startRawNode(t, { script: hangUp })]
  const gateway = await startGateway(t, nodes.map(address))
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 300; i++) {
    await client.send(request('GET /'))
    await readAnswer(client)
  }
  const tries = nodes[0]!.connections.length + nodes[1]!.connections.length
  t.ok(
    tries > 400 && tries < 500,
    `300 requests, a hundred retries in hand and a fifth earned each: ${tries}`,
  )
})

t.test('connects that are refused are not: they burden nobody', async t => {
  const node = await startRawNode(t, { script: say('alive') })
  const gateway = await startGateway(t, [await refusing(), address(node)], { graceMs: 0 })
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 600; i++) {
    await client.send(request('GET /'))
    const { body } = await readAnswer(client)
    if (body !== 'alive') t.equal(body, 'alive', `request ${i}`)
  }
  t.pass('600 requests, half of them refused at first')
})

t.test('every address of a node has its turn within one request', async t => {
  const node = await startRawNode(t, { script: say('alive') })
  const picture = nodePicture(address(node))
  const { port } = picture.endpoint as { port: number }
  const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.1'] // the node listens on the last alone
  const gateway = await startGateway(t, [], {
    nodes: [{ ...picture, endpoint: { kind: 'tcp', addresses, port } }],
    maxIdlePerNode: 0,
  })
  for (let i = 0; i < 4; i++) t.equal((await get(t, gateway)).body, 'alive')
  const clients = await Promise.all(Array.from({ length: 20 }, () => get(t, gateway)))
  t.ok(
    clients.every(({ body }) => body === 'alive'),
    'also many at once',
  )
})

t.test('many requests at once all find the address that works', async t => {
  const node = await startRawNode(t, { script: say('alive') })
  const picture = nodePicture(address(node))
  const { port } = picture.endpoint as { port: number }
  const gateway = await startGateway(t, [], {
    nodes: [{ ...picture, endpoint: { kind: 'tcp', addresses: ['127.0.0.2', '127.0.0.1'], port } }],
    maxIdlePerNode: 0,
  })
  const answers = await Promise.all(Array.from({ length: 20 }, () => get(t, gateway)))
  t.strictSame([...new Set(answers.map(({ body }) => body))], ['alive'])
})

t.test('a node whose name resolves to nothing is 503', async t => {
  const picture = nodePicture('http://127.0.0.1:1')
  const gateway = await startGateway(t, [], {
    nodes: [{ ...picture, endpoint: { kind: 'tcp', addresses: [], port: 1 } }],
  })
  t.equal((await get(t, gateway)).status, 503)
})

t.test('nodes are reached over UNIX sockets and IPv6', async t => {
  const unix = await startRawNode(t, { listen: 'unix', script: say('unix') })
  const ipv6 = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end(answer('ipv6')))
  })
  t.teardown(() => ipv6.close())
  await new Promise<void>(resolve => ipv6.listen(0, '::1', resolve))
  const { port } = ipv6.address() as { port: number }
  const gateway = await startGateway(t, [`http://${unix.address}`, `http://[::1]:${port}`])
  const bodies = [await get(t, gateway), await get(t, gateway)].map(({ body }) => body)
  t.strictSame(bodies.sort(), ['ipv6', 'unix'])
})

function nodePort(node: string): number {
  return Number(new URL(node).port)
}

t.test('a node whose queue is full is waited for, and does not rest', async t => {
  const path = join(temporaryDirectory(t), 'full.sock')
  const node = await startReluctant(t, path)
  const gateway = await startGateway(t, [`http://${path}`], { graceMs: 30_000 })
  const answers = Array.from({ length: 12 }, () => get(t, gateway))
  await until('its queue is full', async () => (await connectCode(path)) === 'EAGAIN')
  node.accept()
  t.same(
    (await Promise.all(answers)).map(({ body }) => body),
    Array(12).fill('late'),
  )
  t.equal((await get(t, gateway)).body, 'late', 'no rest was taken')
})

t.test('a queue that stays full for the time to connect is a 503', async t => {
  const path = join(temporaryDirectory(t), 'full.sock')
  await startReluctant(t, path)
  const gateway = await startGateway(t, [`http://${path}`], { connectTimeoutMs: 300, timeoutMs: 2_500 })
  const answers = await Promise.all(Array.from({ length: 4 }, () => get(t, gateway)))
  t.same(answers.map(({ status }) => status).sort(), [503, 503, 504, 504], 'two found room, and no answer')
})

t.test('waiting for a full queue slows down', async t => {
  const path = join(temporaryDirectory(t), 'full.sock')
  await startReluctant(t, path)
  const env = { NODE_OPTIONS: `--import=${new URL('tell-connects.ts', import.meta.url)}` }
  const gateway = await startGateway(t, [`http://${path}`], { connectTimeoutMs: 2_000 }, {}, { env })
  await until('we have filled its queue', async () => (await connectCode(path)) === 'EAGAIN')
  t.equal((await get(t, gateway)).status, 503)
  const looks = gateway.events.filter(({ text }) => text === 'connects').length
  t.ok(looks > 3 && looks < 20, `in two seconds it looked ${looks} times`)
})

/** A node with room for two connections, which accepts none until told to. */
async function startReluctant(t: Test, path: string): Promise<{ accept(): void }> {
  const child = spawn('/usr/bin/python3', ['-u', '-c', RELUCTANT, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  return { accept: () => void child.stdin.write('now\n') }
}

// Node accepts by itself as soon as it listens; this takes its time.
const RELUCTANT = `
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
print('listening')
sys.stdin.readline()
while True:
    client = listener.accept()[0]
    head = b''
    while b'\\r\\n\\r\\n' not in head:
        piece = client.recv(65536)
        if not piece: break
        head += piece
    if head: client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nlate')
    client.close()
`

function connectCode(path: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve('')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })
}

t.test('a gateway out of descriptors says so, and does not blame the node', async t => {
  const node = await startRawNode(t, { script: say('alive') })
  const gateway = await startGateway(t, [address(node)], { graceMs: 30_000, connectTimeoutMs: 300 })
  const client = await connectRaw(t, gateway, request('TRACE /'))
  t.equal((await readAnswer(client)).status, 405, 'the client is accepted, and no node is connected')
  const pid = gateway.process.pid!
  await until(
    'its descriptors stand still',
    standstill(() => lowestFreeDescriptor(pid)),
  )
  limitFiles(pid, `${lowestFreeDescriptor(pid)}:`)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).status, 503)
  await until('it is told', () => gateway.events.length > 1)
  t.match(gateway.events, [
    { text: 'no descriptor is free', fields: { code: 'EMFILE' } },
    { text: 'answered with an error', fields: { cause: 'EMFILE' } },
  ])
  t.equal(gateway.events.length, 2, 'nothing of a rest')
  limitFiles(pid, '1024:')
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'alive')
})

// What a start opens for a moment, such as the self-test's sockets, would be free again below the limit.
function standstill(read: () => number): () => boolean {
  let last = -1
  let looks = 0
  return () => {
    const now = read()
    looks = now === last ? looks + 1 : 0
    last = now
    return looks === 10
  }
}

function lowestFreeDescriptor(pid: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let free = 0
  while (open.has(free)) free++
  return free
}

function limitFiles(pid: number, soft: string): void {
  execFileSync('/usr/bin/prlimit', ['--pid', String(pid), `--nofile=${soft}`])
}

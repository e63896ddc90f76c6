// test/gateway/in-hand.test.ts: what counters tell of nodes and keys, and that every exchange that began at a node ends there.
import t, { type Test } from 'tap'
import { joins, nodePicture, PLAIN_BALANCE, startGateway, type TestGateway } from '../support/gateway.ts'
import { startNamed } from '../support/named-nodes.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type Script, startRawNode } from '../support/raw-node.ts'

t.jobs = 4

t.test('bytes, requests and hits are told, and nothing of nodes that did nothing', async t => {
  const [a, idle, rest] = await startNamed(t, 'air')
  const gateway = await startGateway(t, [rest!.url])
  await gateway.announce(joins('a.test', a!.url), joins('idle.test', idle!.url))
  const client = await connectRaw(t, gateway)
  for (const path of ['/', '/x']) {
    await client.send(`${request(`POST ${path}`, 'Content-Length: 5')}hello`)
    t.equal((await readAnswer(client)).body, 'a')
  }
  await client.send(request('GET /', 'Host: other.test'))
  t.equal((await readAnswer(client)).body, 'r')
  const name = `a.test ${a!.url}`
  await until('all is told', () => gateway.countersOf(name).requests === 2)
  const { connections } = a!.node
  t.equal(gateway.countersOf(name).rx, connections[0]!.received.length)
  t.equal(gateway.countersOf(name).tx, 2 * answer('a').length)
  await until('hits are told', () => gateway.hitsOf('a.test') === 2 && gateway.hitsOf('') === 1)
  const named = new Set(gateway.batches.flatMap(({ nodes }) => nodes).map(node => node.name))
  t.same([...named].sort(), [name, rest!.url].sort())
})

t.test('a node is told again when what it has in hand changes', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const name = `http://${node.address}`
  const client = await connectRaw(t, gateway, request('GET /'))
  const held = await node.next()
  await held.head()
  await until('one is in hand', () => gateway.countersOf(name).inHand === 1)
  const told = gateway.batches.length
  await held.send(answer('ok'))
  await readAnswer(client)
  await until('none is', () => gateway.countersOf(name).inHand === 0 && gateway.batches.length > told)
  t.equal(gateway.countersOf(name).requests, 1)
  t.equal(gateway.countersOf(name).tx, answer('ok').length)
})

// A storm: each ending there is, many times, in any order; then no node may have anything in hand.
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const behave: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    const kind = /^\w+ \/(\w+)/.exec(head)?.[1] ?? ''
    if (kind === 'hang') continue
    if (kind === 'close') return connection.close()
    if (kind === 'reset') return connection.reset()
    if (kind === 'nonsense') await connection.send('nonsense\r\n\r\n')
    else if (kind === 'cut') {
      await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      return connection.close()
    } else if (kind === 'tunnel') {
      const switching =
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
      await connection.send(switching)
      await connection.end()
      return connection.close()
    } else if (kind === 'early') {
      await connection.send(answer('early'))
      return connection.close()
    } else if (kind === 'error') await connection.send(answer('bad').replace('200', '503'))
    else await connection.send(answer('ok'))
  }
}

const KINDS = [
  ...['ok', 'ok', 'ok', 'close', 'reset', 'nonsense', 'cut', 'error', 'leave', 'tunnel', 'early', 'post'],
  ...['huge', 'bad', 'hang', 'expect', 'pipelined'],
]

async function one(t: Test, gateway: TestGateway, kind: string, i: number): Promise<void> {
  const client = await connectRaw(t, gateway)
  if (kind === 'leave') {
    await client.send(request(i % 2 === 0 ? 'GET /hang' : 'GET /ok'))
    client.reset()
  } else if (kind === 'tunnel') {
    await client.send(request('GET /tunnel', ...UPGRADE, 'Sec-WebSocket-Version: 13'))
    await client.head().catch(() => '')
    if (i % 2 === 0) client.finish()
    else client.reset()
  } else if (kind === 'early') await client.send(`${request('POST /early', 'Content-Length: 9')}some`)
  else if (kind === 'post') await client.send(`${request('POST /ok', 'Content-Length: 4')}some`)
  else if (kind === 'huge')
    await client.send(`${request('POST /ok', 'Transfer-Encoding: chunked')}ffffff\r\n`)
  else if (kind === 'bad') await client.send(`${request('POST /ok', 'Transfer-Encoding: chunked')}oops\r\n`)
  else if (kind === 'expect')
    await client.send(request('POST /ok', 'Content-Length: 4', 'Expect: 100-continue'))
  else if (kind === 'pipelined')
    await client.send(request('GET /ok') + request('GET /close') + request('GET /ok'))
  else await client.send(request(`GET /${kind}`))
  if (kind !== 'leave' && kind !== 'tunnel') {
    await readAnswer(client).catch(() => {})
    client.close()
  }
}

for (const [title, changes] of [
  ['smooth turns', {}],
  ['fewest requests, a limit, a queue', { policy: 'lrc' as const, limit: 2, queueLength: 8, queueMs: 300 }],
  ['times of answers, cookies', { policy: 'ewma' as const, sticky: 'r' }],
] as const) {
  t.test(`after a storm of every kind of ending nothing is in hand: ${title}`, async t => {
    const nodes = await Promise.all([1, 2, 3].map(() => startRawNode(t, { script: behave })))
    const full = await startRawNode(t, { listen: 'unix', script: behave })
    const urls = [
      ...nodes.map(({ address }) => `http://${address}`),
      `http://${full.address}`,
      'http://127.0.0.1:1',
    ]
    const gateway = await startGateway(t, [], {
      nodes: urls.map(nodePicture),
      timeoutMs: 400,
      graceMs: 100,
      mostGraceMs: 100,
      maxBodyBytes: 10_000,
      balances: [{ ...PLAIN_BALANCE, ...changes }],
    })
    for (let round = 0; round < 6; round++)
      await Promise.all(KINDS.map((kind, i) => one(t, gateway, kind, i + round)))
    // Who sent more than was read is given five seconds to read its answer.
    await until('no connection is left', () => gateway.batches.at(-1)?.connections === 0)
    for (const url of urls)
      await until(`nothing is in hand of ${url}`, () => gateway.countersOf(url).inHand === 0)
    t.ok(urls.every(url => gateway.countersOf(url).requests > 0))
    t.notOk(gateway.events.some(({ text }) => text === 'defect'))
  })
}

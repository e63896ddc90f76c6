// test/gateway/table.test.ts: nodes that announced themselves serve beside those of the picture, by every kind of key.
import t, { type Test } from 'tap'
import { joins, leaves, nodePicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { startNamed } from '../support/named-nodes.ts'
import { until } from '../support/processes.ts'
import { connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, startRawNode } from '../support/raw-node.ts'

t.jobs = 4

async function ask(client: RawConnection, host: string, path = '/', ...fields: string[]): Promise<string> {
  await client.send(request(`GET ${path}`, `Host: ${host}`, ...fields))
  const { status, body } = await readAnswer(client)
  return status === 200 ? body : String(status)
}

async function once(t: Test, gateway: TestGateway, host: string, path?: string): Promise<string> {
  return ask(await connectRaw(t, gateway), host, path)
}

t.test('a gateway listens with the table it was told before its picture', async t => {
  const [a, b] = await startNamed(t, 'ab')
  const before = [
    { kind: 'table', keys: [joins('a.test', a!.url)] },
    { kind: 'table', keys: [joins('b.test', b!.url), joins('a.test', b!.url)] },
    { kind: 'verdicts', verdicts: [{ name: `a.test ${a!.url}`, isWell: false }] },
  ] as const
  const gateway = await startGateway(t, [], {}, {}, { before })
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 3; i++) t.equal(await ask(client, 'a.test'), 'b', 'a was found unwell')
  t.equal(await ask(client, 'B.test'), 'b')
  t.equal(await ask(client, 'c.test'), '404')
})

t.test('nodes come and go under a connection that stays', async t => {
  const [a, b, r] = await startNamed(t, 'abr')
  const gateway = await startGateway(t, [r!.url])
  const client = await connectRaw(t, gateway)
  t.equal(await ask(client, 'a.test'), 'r')
  await gateway.announce(joins('a.test', a!.url))
  t.equal(await ask(client, 'a.test'), 'a')
  await gateway.announce(joins('a.test', b!.url), joins('b.test', b!.url))
  t.same([await ask(client, 'a.test'), await ask(client, 'a.test')].sort(), ['a', 'b'])
  await gateway.announce(leaves('a.test', a!.url))
  for (let i = 0; i < 3; i++) t.equal(await ask(client, 'a.test'), 'b')
  await gateway.announce(leaves('a.test', b!.url))
  t.equal(await ask(client, 'a.test'), 'r')
  t.equal(await ask(client, 'b.test'), 'b')
  await Promise.all(a!.node.connections.map(connection => connection.end()))
  t.pass('no idle connection is kept to a node that left')
})

t.test('a node that leaves finishes what it has in hand', async t => {
  const [b] = await startNamed(t, 'b')
  const slow = await startRawNode(t)
  const url = `http://${slow.address}`
  const gateway = await startGateway(t, [])
  await gateway.announce(joins('a.test', url))
  const client = await connectRaw(t, gateway, request('GET /', 'Host: a.test'))
  const held = await slow.next()
  await held.head()
  await gateway.announce(joins('a.test', b!.url), leaves('a.test', url))
  t.equal(await once(t, gateway, 'a.test'), 'b')
  await held.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold')
  t.equal((await readAnswer(client)).body, 'old')
  await held.end()
  await until('all is told', () => gateway.countersOf(`a.test ${url}`).inHand === 0)
  t.equal(gateway.countersOf(`a.test ${url}`).requests, 1)
})

t.test('a static node stands first, and for an announced one of its name', async t => {
  const [a, b] = await startNamed(t, 'ab')
  const named = { ...nodePicture(a!.url), name: `k.test ${a!.url}` }
  const backends = [{ key: 'k.test', nodes: [{ ...named, weight: 3 }] }]
  const gateway = await startGateway(t, [], { backends })
  const count = async (): Promise<string> => {
    const client = await connectRaw(t, gateway)
    let seen = ''
    for (let i = 0; i < 8; i++) seen += await ask(client, 'k.test')
    return [...seen].sort().join('')
  }
  await gateway.announce(joins('k.test', a!.url, b!.url))
  t.equal(await count(), 'aaaaaabb', 'the weight of the config')
  await gateway.apply({ backends: [] })
  t.equal(await count(), 'aaaabbbb', 'the one of its announcement')
  await gateway.announce(leaves('k.test', a!.url))
  t.equal(await count(), 'bbbbbbbb')
})

t.test('wildcards, ports, paths: the closest key serves', async t => {
  const [w, p, n, x, y] = await startNamed(t, 'wpnxy')
  const gateway = await startGateway(t, [])
  await gateway.announce(
    joins('.shop.test', w!.url),
    joins('a.shop.test', n!.url),
    joins('a.shop.test:81', p!.url),
    joins('a.shop.test/api', x!.url),
    joins('a.shop.test/api/v2', y!.url),
  )
  const client = await connectRaw(t, gateway)
  for (const [host, path, name] of [
    ['b.shop.test', '/api', 'w'],
    ['c.b.shop.test:9', '/', 'w'],
    ['shop.test', '/', '404'],
    ['a.shop.test', '/', 'n'],
    ['A.Shop.test:82', '/apis', 'n'],
    ['a.shop.test:81', '/api', 'p'],
    ['a.shop.test', '/api', 'x'],
    ['a.shop.test', '/api?q=/v2', 'x'],
    ['a.shop.test', '/%61pi/v1', 'x'],
    ['a.shop.test', '/api/v2/', 'y'],
    ['a.shop.test', '/x/../api/./v2', 'y'],
    ['a.shop.test', '/api/../v2', 'n'],
  ] as const)
    t.equal(await ask(client, host, path), name, `${host}${path}`)
})

t.test('the fallback key serves who has no key, and whose nodes are all away', async t => {
  const [f, r] = await startNamed(t, 'fr')
  const dead = 'http://127.0.0.1:1'
  const gateway = await startGateway(t, [r!.url], { fallbackKey: 'spare.test' })
  t.equal(await once(t, gateway, 'any.test'), 'r')
  await gateway.announce(joins('spare.test', f!.url), joins('a.test', dead))
  const client = await connectRaw(t, gateway)
  t.equal(await ask(client, 'any.test'), 'f')
  t.equal(await ask(client, 'a.test'), '503', 'its node is found dead')
  t.equal(await ask(client, 'a.test'), 'f')
})

t.test('a host that nobody serves: 404, or 503 where nodes announce themselves', async t => {
  const [a] = await startNamed(t, 'a')
  const gateway = await startGateway(t, [], { awaitsNodes: true })
  const client = await connectRaw(t, gateway, request('GET /', 'Host: a.test'))
  t.match(await readAnswer(client), { status: 503, head: /\r\nRetry-After: 1(\r|$)/ }, 'no welcome page')
  await gateway.announce(joins('b.test', a!.url))
  await client.send(request('GET /', 'Host: a.test'))
  t.match(await readAnswer(client), { status: 503, head: /\r\nRetry-After: 1(\r|$)/ })
  await gateway.apply({ awaitsNodes: false })
  t.equal(await ask(client, 'a.test'), '404')
})

t.test('a picture that changes other things leaves turns and rests, of http-to too', async t => {
  const [a, b, c] = await startNamed(t, 'abc')
  const dead = 'http://127.0.0.1:1'
  const gateway = await startGateway(t, [dead, a!.url, b!.url, c!.url])
  const client = await connectRaw(t, gateway)
  let seen = ''
  for (let i = 0; i < 12; i++) {
    seen += await ask(client, 'x.test')
    await gateway.apply({ keepaliveMs: 10_000 + i, fallbackNodes: [nodePicture('http://127.0.0.1:2')] })
  }
  t.match(seen, /^(abc|bca|cab)\1\1\1$/)
  t.equal(gateway.countersOf(dead).failures, 1, 'the dead one was tried once')
})

t.test('a large table is taken in while traffic flows', async t => {
  const [a, n] = await startNamed(t, 'an')
  const gateway = await startGateway(t, [])
  await gateway.announce(joins('a.test', a!.url))
  const many = Array.from({ length: 3_000 }, (_, i) => ({
    ...joins(`k${i}.test`),
    nodes: ['x', 'y'].map(id => ({ ...nodePicture(n!.url), name: `k${i}.test ${id}` })),
  }))
  gateway.process.send({ kind: 'table', keys: many })
  gateway.process.send({
    kind: 'table',
    keys: [{ ...joins('k2999.test'), gone: ['k2999.test x', 'k2999.test y'] }],
  })
  const client = await connectRaw(t, gateway)
  await until('the last key but one is served', async () => {
    t.equal(await ask(client, 'a.test'), 'a')
    return (await ask(client, 'k2998.test')) === 'n'
  })
  await until(
    'the last was there and left, in order',
    async () => (await ask(client, 'k2999.test')) === '404',
  )
  t.equal(await ask(client, 'k0.test'), 'n')
})

// test/gateway/asks/mirror.test.ts: copies of requests for other nodes, and targets that hang, refuse, or drown in them.
import t, { type Test } from 'tap'
import { nodePicture } from '../../support/gateway.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawNode, startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'

const RULES = [
  'route = ^/copy mirror:shadow.test',
  'route = ^/set addheader:X-A: 1',
  'route = ^/set mirror:shadow.test',
]

const backend = (key: string, name: string) => ({
  key,
  nodes: [{ ...nodePicture(name), name: `${key} ${name}` }],
})

/** Answers each request; a body of `size` bytes comes with it. */
const startOwn = (t: Test): Promise<RawNode> =>
  startRawNode(t, {
    async script(connection) {
      for (;;) {
        const head = await connection.head()
        await connection.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
        await connection.send(answer('own'))
      }
    },
  })

async function setUp(t: Test, shadow: string, rules = RULES) {
  const own = await startOwn(t)
  const gateway = await startRuled(t, rules, [`http://${own.address}`], {
    backends: [backend('shadow.test', shadow)],
  })
  const client = await connectRaw(t, gateway)
  const ask = async (text: string) => {
    await client.send(text)
    return readAnswer(client)
  }
  return { own, gateway, ask }
}

t.test('a copy goes to the other node, with its body; what it answers reaches nobody', async t => {
  const shadow = await startRawNode(t)
  const { ask, own } = await setUp(t, `http://${shadow.address}`)
  t.match(await ask(request('GET /copy/a?b')), { status: 200, body: 'own' })
  const first = await shadow.next()
  const head = await first.head()
  t.match(head, /^GET \/copy\/a\?b HTTP\/1\.1\r\n/)
  t.match(head, /\r\nConnection: close\r\n/)
  await first.send('HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno')
  first.finish()
  t.match(await ask(`${request('POST /copy', 'Content-Length: 5')}hello`), { status: 200, body: 'own' })
  const second = await shadow.next()
  await second.head()
  t.equal((await second.bytes(5)).toString(), 'hello')
  await second.send('garbage')
  t.match(await ask(request('GET /other')), { status: 200 })
  t.equal(shadow.connections.length, 2)
  t.equal(own.connections.length, 1)
})

t.test('a body that comes in pieces is copied whole; a long or chunked one is not copied', async t => {
  const shadow = await startRawNode(t)
  const { ask, gateway } = await setUp(t, `http://${shadow.address}`)
  const client = await connectRaw(t, gateway)
  await client.send(`${request('POST /copy', 'Content-Length: 10')}01234`)
  await client.send('56789')
  t.match(await readAnswer(client), { status: 200 })
  const copy = await shadow.next()
  await copy.head()
  t.equal((await copy.bytes(10)).toString(), '0123456789')
  const long = 'x'.repeat(65_537)
  t.match(await ask(request('POST /copy', `Content-Length: ${long.length}`) + long), { status: 200 })
  t.match(await ask(request('GET /copy')), { status: 200 })
  await shadow.next()
  t.equal(shadow.connections.length, 2, 'the long one has none')
  await until('it is told', () => gateway.events.some(({ fields }) => fields.cause === 'long body'))
})

t.test('a target that never answers costs the requests nothing, and is not drowned', async t => {
  const shadow = await startRawNode(t)
  const { ask } = await setUp(t, `http://${shadow.address}`)
  for (let i = 0; i < 400; i++) t.match(await ask(request(`GET /copy/${i}`)), { status: 200, body: 'own' })
  await until('some came', () => shadow.connections.length > 0)
  t.ok(shadow.connections.length <= 128, `${shadow.connections.length} connections`)
})

t.test('nor is it by many bodies that are whole at once', async t => {
  const shadow = await startRawNode(t)
  const { own, gateway } = await setUp(t, `http://${shadow.address}`)
  const clients = await Promise.all(
    Array.from({ length: 160 }, () =>
      connectRaw(t, gateway, `${request('POST /copy', 'Content-Length: 2')}a`),
    ),
  )
  await until('all are on their way', () => own.connections.length === clients.length)
  for (const client of clients) client.socket.write('b')
  for (const client of clients) t.equal((await readAnswer(client)).body, 'own')
  await until('some were dropped', () =>
    gateway.events.some(({ fields }) => fields.cause === 'too many copies in hand'),
  )
  t.ok(shadow.connections.length <= 128, `${shadow.connections.length} copies`)
})

t.test('a target that is not there costs the requests nothing', async t => {
  const { ask, gateway } = await setUp(t, `http://127.0.0.1:${await freePort()}`)
  const told = () => gateway.events.filter(({ text }) => text === 'mirror: a copy of a request was dropped')
  for (let i = 0; i < 50; i++) t.match(await ask(request('GET /copy')), { status: 200, body: 'own' })
  await until('it is told', () => told().length > 0)
  t.match(told()[0]!.fields, { to: 'shadow.test', node: /^shadow\.test http/, cause: 'ECONNREFUSED' })
  await ask(`${request('POST /copy', 'Content-Length: 70000')}${'x'.repeat(70_000)}`)
  await until('another cause is told', () => told().some(({ fields }) => fields.cause === 'long body'))
  t.equal(told().length, 2, 'the target once')
})

t.test('a key that nobody serves costs the requests nothing', async t => {
  const { ask } = await setUp(t, 'http://127.0.0.1:9', ['route-run = mirror:nobody.test'])
  t.match(await ask(request('GET /')), { status: 200, body: 'own' })
})

t.test('a request whose body never comes whole has no copy', async t => {
  const shadow = await startRawNode(t)
  const { ask, gateway } = await setUp(t, `http://${shadow.address}`)
  const client = await connectRaw(t, gateway)
  await client.send(`${request('POST /copy', 'Content-Length: 10')}01234`)
  client.close()
  await ask(request('GET /copy/last'))
  t.match(await (await shadow.next()).head(), /^GET \/copy\/last/)
})

t.test('uwsgi nodes get copies, too', async t => {
  const shadow = await startRawNode(t)
  const { ask } = await setUp(t, `uwsgi://${shadow.address}`)
  t.match(await ask(request('GET /copy')), { status: 200, body: 'own' })
  const packet = await (await shadow.next()).packet()
  t.match(JSON.stringify(packet), /\/copy/)
})

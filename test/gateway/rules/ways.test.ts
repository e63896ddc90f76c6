// test/gateway/rules/ways.test.ts: which nodes rules lead to, how long they may take, and what waits for an answer meanwhile.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import t, { type Test } from 'tap'
import { nodePicture } from '../../support/gateway.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawNode, startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

const startSaying = (t: Test, text: string): Promise<RawNode> =>
  startRawNode(t, {
    async script(connection) {
      for (;;) {
        await connection.head()
        await connection.send(answer(text))
      }
    },
  })

const backend = (key: string, { address }: RawNode) => ({
  key,
  nodes: [{ ...nodePicture(`http://${address}`), name: `${key} http://${address}` }],
})

t.test('key: chooses the backend, whatever the Host says', async t => {
  const [own, other] = [await startSaying(t, 'own'), await startSaying(t, 'other')]
  const gateway = await startRuled(
    t,
    ['route = ^/o key:other.test', 'route = ^/n key:nobody.test', 'route = ^/q key:${qs[k]}'],
    [`http://${own.address}`],
    { backends: [backend('other.test', other)] },
  )
  const client = await connectRaw(t, gateway)
  const ask = async (path: string) => {
    await client.send(request(`GET ${path}`))
    return readAnswer(client)
  }
  t.match(await ask('/'), { status: 200, body: 'own' })
  t.match(await ask('/o'), { status: 200, body: 'other' })
  t.match(await ask('/q?k=OTHER.test'), { status: 200, body: 'other' })
  t.match(await ask('/n'), { status: 503 })
  await until('why is told', () =>
    gateway.events.some(({ fields }) => String(fields.cause).includes('nobody.test')),
  )
})

t.test(
  'http: and uwsgi: lead to nodes of their own, with the Host and the target that they name',
  async t => {
    const node = await startRawNode(t)
    const uwsgi = await startRawNode(t)
    const gateway = await startRuled(
      t,
      [
        `route = ^/h/(.*) http:${node.address},other.host,/new/$1`,
        `route = ^/u uwsgi:${uwsgi.address},5,7,app`,
      ],
      [],
      { awaitsNodes: true },
    )
    const client = await connectRaw(t, gateway, request('GET /h/x'))
    const connection = await node.next()
    t.match(await connection.head(), /^GET \/new\/x HTTP\/1.1\r\nHost: other.host\r\n/)
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).status, 200)
    await client.send(request('GET /u'))
    const packets = await uwsgi.next()
    const { modifier1, modifier2, vars } = await packets.packet()
    t.same([modifier1, modifier2], [5, 7])
    t.equal(Object.fromEntries(vars).UWSGI_APPID, 'app')
    await packets.send(answer('ok'))
    t.equal((await readAnswer(client)).status, 200)
  },
)

t.test('a named node that is dead is a 502, again and again, and the error chain hears of it', async t => {
  const gateway = await startRuled(
    t,
    [`route-run = http:127.0.0.1:${await freePort()}`, 'error-route-status = 502 addheader:X-Dead: yes'],
    [],
  )
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 3; i++) {
    await client.send(request('GET /'))
    t.match(await readAnswer(client), { status: 502, head: /X-Dead: yes/ })
  }
})

t.test('a node gets as long as harakiri: says', async t => {
  const node = await startRawNode(t)
  const gateway = await startRuled(t, ['route = ^/slow harakiri:1'], [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /slow'))
  const connection = await node.next()
  await connection.head()
  t.equal((await readAnswer(client)).status, 504)
  await connection.end()
  await client.send(request('GET /slow'))
  const second = await node.next()
  await second.head()
  await second.send(answer('in time'))
  t.match(await readAnswer(client), { status: 200, body: 'in time' })
})

// A password that takes a while: what waits for it is what is tested.
t.test('what a client sends while a rule waits is held', async t => {
  const node = await startRawNode(t)
  const gateway = await startRuled(t, slow(t), [`http://${node.address}`])
  const client = await connectRaw(t, gateway, `${request('POST /a', 'Content-Length: 5', RIGHT)}hel`)
  await client.send(`lo${request('GET /b', RIGHT)}`)
  const connection = await node.next()
  t.match(await connection.head(), 'POST /a HTTP/1.1\r\n')
  t.equal((await connection.bytes(5)).toString(), 'hello')
  await connection.send(answer('a'))
  t.match(await connection.head(), 'GET /b HTTP/1.1\r\n')
  await connection.send(answer('b'))
  t.equal((await readAnswer(client)).body, 'a')
  t.equal((await readAnswer(client)).body, 'b')
})

t.test('an answer that comes too late is not taken for that of the next request', async t => {
  const node = await startSaying(t, 'in')
  const gateway = await startRuled(t, slow(t, 13), [`http://${node.address}`], { timeoutMs: 100 })
  const client = await connectRaw(t, gateway, request('GET /', RIGHT))
  t.equal((await readAnswer(client)).status, 504)
  await client.send(request('GET /', WRONG))
  t.not((await readAnswer(client)).status, 200)
  t.equal(node.connections.length, 0)
})

t.test('a client that leaves while a rule waits leaves nothing behind', async t => {
  const node = await startSaying(t, 'in')
  const gateway = await startRuled(t, slow(t), [`http://${node.address}`])
  for (let i = 0; i < 5; i++) {
    const client = await connectRaw(t, gateway, request('GET /', RIGHT))
    client.reset()
  }
  const client = await connectRaw(t, gateway, request('GET /', RIGHT))
  t.equal((await readAnswer(client)).body, 'in')
  await until('they are gone', () => gateway.batches.at(-1)?.connections === 1)
  t.same(
    gateway.events.filter(({ text }) => text === 'defect'),
    [],
  )
})

t.test('an exchange ends with the rules it began with', async t => {
  const node = await startRawNode(t)
  const gateway = await startRuled(t, ['add-header = X-A: 1'], [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await node.next()
  await connection.head()
  await gateway.apply({ rules: 0 })
  await connection.send(answer('ok'))
  t.match((await readAnswer(client)).head, 'X-A: 1')
  await client.send(request('GET /'))
  await connection.head()
  await connection.send(answer('ok'))
  t.notMatch((await readAnswer(client)).head, 'X-A')
  await t.rejects(gateway.apply({ rules: 7 }), /nobody told of/)
})

const RIGHT = `Authorization: Basic ${btoa('kate:secret')}`
const WRONG = `Authorization: Basic ${btoa('kate:guess')}`

/** @param rounds bcrypt's: each doubles the time, 10 take some 60 ms */
function slow(t: Test, rounds = 10): readonly string[] {
  const file = join(temporaryDirectory(t), 'htpasswd')
  writeFileSync(file, `kate:${hashSync('secret', rounds)}\n`)
  return [`route-run = basicauth:Staff,${file}`]
}

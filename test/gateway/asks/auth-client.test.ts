// test/gateway/asks/auth-client.test.ts: services that decide about requests: what they are sent, and what becomes of those that
// hang, die, or answer garbage.
import t from 'tap'
import { AuthClient } from '../../../gateway/asks/auth-client.ts'
import type { AuthAnswer } from '../../../routing/rules/asked.ts'
import { until } from '../../support/processes.ts'
import { type RawConnection, startRawNode } from '../../support/raw-node.ts'
import type { Test } from '../../support/tmp.ts'

type Script = (connection: RawConnection) => Promise<void>

async function setUp(t: Test, script: Script) {
  const node = await startRawNode(t, { script })
  const told: Record<string, string | number>[] = []
  const client = new AuthClient({ report: (_kind, _text, fields) => told.push(fields) })
  t.teardown(() => client.close())
  const ask = (timeoutMs = 5_000, origin = `http://${node.address}`): Promise<AuthAnswer> =>
    client.ask({ origin, path: '/auth?a=1', fields: ['Cookie', 'id=1', 'X-Original-URI', '/x'], timeoutMs })
  return { node, told, client, ask }
}

const answering =
  (text: string): Script =>
  async connection => {
    for (;;) {
      await connection.head()
      await connection.send(text)
    }
  }

t.test('it is asked by GET with the fields given, over a connection that is kept', async t => {
  const { ask, node } = await setUp(
    t,
    answering('HTTP/1.1 204 No Content\r\nX-User: ann\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n'),
  )
  for (let i = 0; i < 3; i++) {
    const answer = await ask()
    if (answer.kind !== 'answered') throw new Error(answer.why)
    t.equal(answer.status, 204)
    t.same(answer.fields.get('x-user'), ['ann'])
    t.same(answer.fields.get('set-cookie'), ['a', 'b'])
  }
  t.ok(node.connections.length <= 2)
  t.match(node.connections[0]!.received, /^GET \/auth\?a=1 HTTP\/1\.1\r\n/)
  t.match(node.connections[0]!.received, /\r\nCookie: id=1\r\n/)
  t.notMatch(node.connections[0]!.received, /content-length|transfer-encoding/i)
})

t.test('a redirect is an answer, and is not followed', async t => {
  const { ask, node } = await setUp(
    t,
    answering('HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 2\r\n\r\nhi'),
  )
  t.match(await ask(), { kind: 'answered', status: 302 })
  t.match(await ask(), { kind: 'answered', status: 302 })
  t.notMatch(node.connections[0]!.received, /login/)
})

for (const [what, script] of [
  ['hangs', async connection => void (await connection.head())],
  [
    'hangs within its head',
    async connection => {
      await connection.head()
      await connection.send('HTTP/1.1 200 OK\r\nX-')
    },
  ],
  [
    'closes',
    async connection => {
      await connection.head()
      connection.close()
    },
  ],
  [
    'resets',
    async connection => {
      await connection.head()
      connection.reset()
    },
  ],
  ['answers garbage', answering('\x16\x03\x01 who are you\r\n\r\n')],
  [
    'frames its answer in two ways',
    answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  ],
  ['has no end of fields', answering(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(10_000)}\r\n`)],
] as const satisfies readonly (readonly [string, Script])[])
  t.test(`a service that ${what} has said no`, async t => {
    const { ask, told } = await setUp(t, script)
    t.match(await ask(300), { kind: 'failed' })
    t.equal(told.length, 1)
    t.ok(told[0]!.cause)
  })

t.test('a service that is not there has said no', async t => {
  const { ask, node } = await setUp(t, async () => {})
  await node.stop()
  t.match(await ask(), { kind: 'failed', why: 'ECONNREFUSED' })
})

t.test('one that comes back is asked again', async t => {
  let isBad = true
  const { ask } = await setUp(t, async connection => {
    await connection.head()
    if (isBad) return connection.reset()
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  t.match(await ask(), { kind: 'failed' })
  isBad = false
  t.match(await ask(), { kind: 'answered', status: 200 })
})

t.test('a body without end holds up nobody', async t => {
  const { ask, node } = await setUp(t, async connection => {
    await connection.head()
    await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    for (let i = 0; i < 100 && !connection.isClosed; i++) await connection.send(chunk)
  })
  t.match(await ask(), { kind: 'answered', status: 200 })
  await until('the connection is given up', () => node.connections[0]!.isClosed)
})

t.test('a hundred at once take few connections; beyond what may wait the answer is no', async t => {
  const { ask, node } = await setUp(t, async connection => void (await connection.head()))
  const asked = Array.from({ length: 600 }, () => ask(1_500))
  const refused = await Promise.race(asked)
  t.match(refused, { kind: 'failed', why: /requests wait/ })
  await until('connections', () => node.connections.length === 32)
  const answers = await Promise.all(asked)
  t.ok(answers.every(({ kind }) => kind === 'failed'))
})

t.test('a service that could not be made ready makes room for others, and harms nobody', async t => {
  const { ask } = await setUp(t, answering('HTTP/1.1 204 No Content\r\n\r\n'))
  const unhandled: unknown[] = []
  const note = (error: unknown): number => unhandled.push(error)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  t.match(await ask(100, 'nonsense'), { kind: 'failed' })
  for (let i = 0; i < 64; i++) t.match(await ask(100, `nonsense${i}`), { kind: 'failed' })
  t.match(await ask(), { kind: 'answered', status: 204 })
  t.same(unhandled, [])
})

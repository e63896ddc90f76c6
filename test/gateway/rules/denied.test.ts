// test/gateway/rules/denied.test.ts: what comes with a denied request, in it or behind it, reaches no node as something else;
// and what a rule counts is given back, however a request ends.
import t, { type Test } from 'tap'
import type { Picture } from '../../../base/picture.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawConnection, startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'

const DENY = ['route = ^/admin return:403']
const HIDDEN = request('GET /hidden')
const CHUNKS = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`
const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** A gateway before a node that notes the targets of its requests. */
async function guarded(
  t: Test,
  lines = DENY,
  changes: Partial<Picture> = {},
): Promise<{ client: RawConnection; seen: string[] }> {
  const seen: string[] = []
  const node = await startRawNode(t, {
    async script(connection) {
      for (;;) {
        seen.push((await connection.head()).split(' ')[1]!)
        await connection.send(answer('fine'))
      }
    },
  })
  const gateway = await startRuled(t, lines, [`http://${node.address}`], changes)
  return { client: await connectRaw(t, gateway), seen }
}

for (const [what, text] of [
  ['a request as its body', request('POST /admin', `Content-Length: ${HIDDEN.length}`) + HIDDEN],
  ['a request as its chunk', request('POST /admin', 'Transfer-Encoding: chunked') + CHUNKS],
  ['less of a body than it says', request('POST /admin', `Content-Length: ${HIDDEN.length + 9}`) + HIDDEN],
  ['a body where none is usual', request('GET /admin', `Content-Length: ${HIDDEN.length}`) + HIDDEN],
  [
    'a body that it did not wait for',
    request('POST /admin', `Content-Length: ${HIDDEN.length}`, 'Expect: 100-continue') + HIDDEN,
  ],
  ['an upgrade, and a request behind it', request('GET /admin', ...WEBSOCKET) + HIDDEN],
  [
    'a body in HTTP/1.0',
    request('POST /admin HTTP/1.0', 'Connection: keep-alive', `Content-Length: ${HIDDEN.length}`) + HIDDEN,
  ],
] as const)
  t.test(`a denied request with ${what} ends the connection`, async t => {
    const { client, seen } = await guarded(t)
    await client.send(text)
    t.match(await readAnswer(client), { status: 403, body: 'Forbidden', head: /^Connection: close$/m })
    t.equal((await client.rest()).length, 0)
    t.same(seen, [])
  })

t.test('what is pipelined around denied requests is answered in its order', async t => {
  const { client, seen } = await guarded(t)
  const denied = request('GET /admin')
  await client.send([request('GET /1'), denied, denied, request('HEAD /admin'), request('GET /2')].join(''))
  const statuses: number[] = []
  for (const isHead of [false, false, false, true, false])
    statuses.push((await readAnswer(client, isHead)).status)
  t.same(statuses, [200, 403, 403, 403, 200])
  t.same(seen, ['/1', '/2'])
})

t.test('requests in hand are counted off, however they end', async t => {
  const node = await startRawNode(t)
  const gateway = await startRuled(t, ['route-run = max-inflight:max=1'], [`http://${node.address}`])
  const whole = request('GET /')
  for (const [how, text] of [
    ['before its answer', whole],
    ['in the middle of its body', `${request('POST /', 'Content-Length: 9')}body`],
    ['in a tunnel', request('GET /', ...WEBSOCKET)],
    ['with another one behind it', whole + whole],
  ] as const) {
    const client = await connectRaw(t, gateway, text)
    const served = await node.next()
    const head = await served.head()
    if (/upgrade/i.test(head)) {
      const fields = WEBSOCKET.slice(0, 2).join('\r\n')
      await served.send(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`)
      await client.head()
    }
    const other = await connectRaw(t, gateway, whole)
    t.equal((await readAnswer(other)).status, 429, `one that is served counts, which ends ${how}`)
    client.reset()
    await until('there is room again', async () => {
      const before = node.connections.length
      const next = await connectRaw(t, gateway, request('GET /', 'Connection: close'))
      const first = await Promise.race([
        readAnswer(next),
        until('it came', () => node.connections.length > before),
      ])
      if (typeof first === 'object' && first.status === 429) return false
      const connection = await node.next()
      await connection.head()
      await connection.send(answer('fine', 'Connection: close'))
      return true
    })
  }
})

t.test('deny looks at the client itself, whatever http-var tells nodes of it', async t => {
  const changes = { vars: ['REMOTE_ADDR=192.0.2.1'] }
  const { client, seen } = await guarded(t, ['route-run = deny:127.0.0.0/8'], changes)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).status, 403)
  t.same(seen, [])
})

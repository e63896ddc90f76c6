// test/gateway/uwsgi/real-modes.test.ts: the real uWSGI with chunked and raw bodies, WebSockets, Expect, and a crowd.
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { startUwsgi } from '../../support/uwsgi.ts'
import { ask, dial, readAnswer, requestText } from './http-client.ts'

const KINDS = ['tcp', 'unix'] as const

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')
const json = (body: Buffer): { vars: Record<string, string>; length: number; sha256: string } =>
  JSON.parse(body.toString())

const RAW = `
import select, uwsgi

def application(environ, start_response):
    return raw(start_response)

# Bytes that come with the packet are uWSGI's own; those that come later are here.
def raw(start_response):
    fd = uwsgi.connection_fd()
    start_response("200 OK", [])
    yield b"ready "
    while True:
        select.select([fd], [], [])
        piece = uwsgi.recv(fd, 4096)
        if not piece:
            break
        yield piece
`

t.test('a chunked body is read by the application where that is on, else refused', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`], { chunkedInput: true })
  const body = randomBytes(200_000)
  let text = ''
  for (let at = 0, size = 1; at < body.length; at += size, size = Math.min(size * 3, 60_000)) {
    const piece = body.subarray(at, at + size)
    text += `${piece.length.toString(16)}\r\n${piece.toString('latin1')}\r\n`
  }
  const chunked = 'Transfer-Encoding: chunked'
  const answer = await ask(t, gateway.port, 'POST', '/echo', chunked, `${text}0\r\n\r\n`)
  t.match(json(answer.body), { length: body.length, sha256: sha256(body) })
  const other = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  t.equal((await ask(t, other.port, 'POST', '/echo', chunked, '5\r\nhello\r\n0\r\n\r\n')).status, 411)
})

t.test('with http-raw-body all that the client sends reaches the application', async t => {
  const uwsgi = await startUwsgi(t, { app: RAW })
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`], { rawBody: true })
  const client = dial(t, gateway.port)
  await client.send(requestText('POST', '/raw'))
  await client.through('ready ')
  for (const text of ['some bytes', 'GET / HTTP/1.1\r\n\r\n']) {
    await client.send(text)
    await client.through(text)
  }
  client.finish()
  await client.through('\r\n0\r\n\r\n')
})

t.test('a WebSocket to the application, whose first frame came with the handshake', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const client = dial(t, gateway.port)
  const fields =
    'Upgrade: websocket\nConnection: keep-alive, Upgrade\nSec-WebSocket-Version: 13\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  await client.send(requestText('GET', '/websocket', fields) + frame('early'))
  const head = await client.head()
  t.match(head, /^HTTP\/1\.1 101 /)
  t.match(head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i)
  t.match(head, /\r\nUpgrade: websocket\r\n/i)
  t.match(head, /\r\nConnection: Upgrade\r\n/i)
  t.equal((await client.bytes(7)).toString('latin1', 2), 'early')
  for (const text of ['one', 'two', 'three']) {
    await client.send(frame(text))
    t.equal((await client.bytes(2 + text.length)).toString('latin1', 2), text)
  }
  client.finish()
  await client.gone()
  const other = await startGateway(t, [`uwsgi://${uwsgi.address}`], { websockets: false })
  t.equal((await ask(t, other.port, 'GET', '/echo', fields)).status, 200, 'off: an ordinary request')
})

t.test('"Expect: 100-continue" is answered when the node is there, and hidden from it', async t => {
  const uwsgi = await startUwsgi(t)
  for (const manageExpect of [-1, 0, 100]) {
    const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`], { manageExpect })
    const client = dial(t, gateway.port)
    await client.send(requestText('POST', '/echo', 'Content-Length: 5\nExpect: 100-continue'))
    t.equal(await client.head(), 'HTTP/1.1 100 Continue\r\n\r\n')
    await client.send('hello')
    const { status, body } = await readAnswer(client)
    t.equal(status, 200)
    t.match(json(body), { length: 5, vars: { HTTP_EXPECT: undefined } })
    if (manageExpect < 100) continue
    await client.send(requestText('POST', '/echo', 'Content-Length: 101\nExpect: 100-continue'))
    t.equal((await readAnswer(client)).status, 413)
  }
  await uwsgi.stop()
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const client = dial(t, gateway.port)
  await client.send(requestText('POST', '/echo', 'Content-Length: 5\nExpect: 100-continue'))
  t.equal((await readAnswer(client)).status, 503, 'no node: the body is not asked for')
})

for (const listen of KINDS) {
  t.test(`two hundred clients at once, over ${listen}`, async t => {
    const uwsgi = await startUwsgi(t, { listen, args: ['--processes=2', '--master', '--listen=250'] })
    const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`], { backlog: 511 })
    const statuses = new Map<number, number>()
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const client = dial(t, gateway.port)
        for (let j = 0; j < 5; j++) {
          await client.send(requestText('GET', `/echo?${i}-${j}`))
          const { status, body } = await readAnswer(client)
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          if (status === 200 && json(body).vars.QUERY_STRING !== `${i}-${j}`) t.fail("another's answer")
        }
        client.close()
      }),
    )
    t.strictSame([...statuses], [[200, 1000]])
  })
}

// --- a masked text frame of a client (RFC 6455 section 5.2), its mask all zero
function frame(text: string): string {
  return `\x81${String.fromCharCode(0x80 + text.length)}\0\0\0\0${text}`
}

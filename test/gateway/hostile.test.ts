// test/gateway/hostile.test.ts: whatever is thrown at a gateway, the next request is served, and its node saw no harm.
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type Script, startRawNode } from '../support/raw-node.ts'

const seen: string[] = []
const record: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    seen.push(head.split('\r\n')[0]!)
    const length = /^content-length: *(\d+)/im.exec(head)
    if (length !== null) await connection.bytes(Number(length[1]))
    if (/^transfer-encoding/im.test(head)) await connection.through('0\r\n\r\n')
    await connection.send(answer('ok'))
  }
}

const post = (...fields: string[]): string => request('POST /x', ...fields)
const SMUGGLED = request('GET /smuggled')

/** Each is refused, or closed; none makes the node see /smuggled. */
const INPUTS: readonly (readonly [name: string, bytes: string | Buffer])[] = [
  ['random bytes', randomBytes(5000)],
  ['zeros', Buffer.alloc(100_000)],
  ['line feeds only', '\n'.repeat(100_000)],
  ['empty lines without an end', '\r\n'.repeat(60_000)],
  ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['an endless method', 'A'.repeat(100_000)],
  ['an endless target', `GET /${'a'.repeat(100_000)}`],
  ['an endless name', `GET / HTTP/1.1\r\n${'a'.repeat(100_000)}`],
  ['an endless value', `GET / HTTP/1.1\r\nX: ${'a'.repeat(100_000)}`],
  ['endless fields', `GET / HTTP/1.1\r\n${'X: 1\r\n'.repeat(20_000)}`],
  ['length and coding', `${post('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n${SMUGGLED}`],
  ['two lengths', `${post('Content-Length: 0', 'Content-Length: 5')}hello${SMUGGLED}`],
  ['a list of lengths', `${post('Content-Length: 0, 5')}hello${SMUGGLED}`],
  ['a negative length', `${post('Content-Length: -1')}${SMUGGLED}`],
  ['a length in hexadecimal', `${post('Content-Length: 0x5')}hello${SMUGGLED}`],
  ['a disguised coding', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n${SMUGGLED}`],
  ['a coding behind a tab', `${post('Transfer-Encoding:\x0bchunked')}0\r\n\r\n${SMUGGLED}`],
  ['a coding with a blank before the colon', `${post('Transfer-Encoding : chunked')}0\r\n\r\n${SMUGGLED}`],
  ['two codings', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n${SMUGGLED}`],
  ['a folded coding', `${post('Transfer-Encoding:\r\n chunked')}0\r\n\r\n${SMUGGLED}`],
  ['a chunk size beyond all', `${post('Transfer-Encoding: chunked')}fffffffffffffffff\r\n${SMUGGLED}`],
  ['a signed chunk size', `${post('Transfer-Encoding: chunked')}-1\r\n${SMUGGLED}`],
  ['a bare LF behind a chunk size', `${post('Transfer-Encoding: chunked')}1\nx\r\n0\r\n\r\n${SMUGGLED}`],
  ['an endless chunk extension', `${post('Transfer-Encoding: chunked')}1;${'x'.repeat(100_000)}`],
  ['endless trailers', `${post('Transfer-Encoding: chunked')}0\r\n${'X: 1\r\n'.repeat(20_000)}`],
  ['a bare CR in a field', `GET / HTTP/1.1\r\nHost: a\r\nX: 1\rContent-Length: 5\r\n\r\n${SMUGGLED}`],
  ['a NUL in a field', `GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n${SMUGGLED}`],
  ['a Host with a path', `GET / HTTP/1.1\r\nHost: a/../b\r\n\r\n${SMUGGLED}`],
  ['two Hosts', `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${SMUGGLED}`],
  ['a target that injects a line', `GET /\r\nX: 1 HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`],
  [
    'an upgrade with a request behind it',
    `${request('GET /x', 'Connection: Upgrade', 'Upgrade: websocket')}${SMUGGLED}`,
  ],
]

t.test('hostile inputs', async t => {
  const node = await startRawNode(t, { script: record })
  const gateway = await startGateway(t, [`http://${node.address}`])
  for (const [name, bytes] of INPUTS) {
    t.test(name, async t => {
      const client = await connectRaw(t, gateway)
      client.socket.write(bytes as string, 'latin1')
      client.finish()
      await client.gone()
      t.ok(client.received.split('HTTP/1.1 200').length <= 2, 'one answer at most')
      t.notOk(seen.some(line => line.includes('smuggled')))
      const next = await connectRaw(t, gateway, request('GET /normal'))
      t.equal((await readAnswer(next)).body, 'ok', 'the next request is served')
      next.close()
    })
  }

  t.test('many that leave at once', async t => {
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => connectRaw(t, gateway, request('GET /x'))),
    )
    for (const [i, client] of clients.entries()) i % 2 === 0 ? client.reset() : client.close()
    const next = await connectRaw(t, gateway, request('GET /normal'))
    t.equal((await readAnswer(next)).body, 'ok')
  })

  t.test('no defect of ours was met on the way', async t => {
    t.strictSame(
      gateway.events.filter(({ level }) => level === 'error'),
      [],
    )
    t.equal(gateway.process.exitCode, null)
  })
})

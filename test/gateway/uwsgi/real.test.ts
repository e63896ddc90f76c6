// test/gateway/uwsgi/real.test.ts: the real uWSGI behind the gateway: what its application sees, and what clients get.

import { createHash, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { freePort } from '../../support/ports.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { startUwsgi } from '../../support/uwsgi.ts'
import { ask, dial, readAnswer, requestText } from './http-client.ts'

const KINDS = ['tcp', 'unix'] as const

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')
const json = (body: Buffer): { vars: Record<string, string>; length: number; sha256: string } =>
  JSON.parse(body.toString())

for (const listen of KINDS) {
  t.test(`bodies arrive whole, over ${listen}`, async t => {
    const uwsgi = await startUwsgi(t, { listen })
    const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
    for (const size of [0, 1, 16_000, 16_385, 70_000, 3_000_000]) {
      const body = randomBytes(size)
      const answer = await ask(t, gateway.port, 'POST', '/echo?a=b', '', body.toString('latin1'))
      const { length, sha256: sum, vars } = json(answer.body)
      t.strictSame([answer.status, length, sum], [200, size, sha256(body)])
      t.equal(vars.CONTENT_LENGTH ?? '', size === 0 ? '' : String(size))
    }
  })

  t.test(`answers arrive whole, with a length and without, over ${listen}`, async t => {
    const uwsgi = await startUwsgi(t, { listen })
    const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
    const block = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i))
    for (const size of [0, 1, 16_000, 16_385, 70_000, 3_000_000]) {
      const expected = sha256(Buffer.alloc(size, block))
      const sized = await ask(t, gateway.port, 'GET', `/sized?bytes=${size}`)
      t.strictSame([sized.status, sized.framing, sha256(sized.body)], [200, 'length', expected])
      const open = await ask(t, gateway.port, 'GET', `/sized?bytes=${size}&length=no`)
      t.strictSame([open.status, sha256(open.body)], [200, expected])
      t.ok(['length', 'chunked'].includes(open.framing), 'the connection can be used again')
      if (size > 16_384) t.equal(open.framing, 'chunked')
      const old = dial(t, gateway.port)
      await old.send(`GET /sized?bytes=${size}&length=no HTTP/1.0\r\n\r\n`)
      const closed = await readAnswer(old)
      t.strictSame(
        [closed.framing, closed.fields.connection, sha256(closed.body)],
        ['close', 'close', expected],
      )
    }
  })
}

t.test("the application sees what it sees behind uWSGI's own router, but for the fixes", async t => {
  const router = await freePort()
  const uwsgi = await startUwsgi(t, { args: ['--plugin=http', `--http=127.0.0.1:${router}`] })
  const gateway = await startGateway(
    t,
    [`uwsgi://${uwsgi.address}`],
    { hostName: hostname() },
    { portText: String(router) },
  )
  for (const [name, method, target, fields, body, fixes] of [
    ['a plain request', 'GET', '/', 'Accept: */*\nUser-Agent: x', '', {}],
    ['a query', 'GET', '/a%20b/./c?d=%20e&f', '', '', {}],
    ['a body', 'POST', '/echo', 'Content-Type: text/plain', 'hello', {}],
    [
      'other fields',
      'PUT',
      '/x',
      'X-A: 1\nX-B: \xe4\nx-a: 2\nAuthorization: Basic eDp5\nRange: bytes=0-',
      '',
      {},
    ],
    ['cookies', 'GET', '/', 'Cookie: a=1\nCookie: b=2', '', { HTTP_COOKIE: 'a=1; b=2' }],
    ['encoded dots', 'GET', '/a/%2e%2e/b', '', '', { PATH_INFO: '/b' }],
    [
      'a client that lies',
      'GET',
      '/',
      'Proxy: evil\nX-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https\nX_Forwarded_Ssl: on',
      '',
      {
        HTTP_PROXY: undefined,
        HTTP_X_FORWARDED_FOR: undefined,
        HTTP_X_FORWARDED_PROTO: undefined,
        HTTP_X_FORWARDED_SSL: undefined,
        'wsgi.url_scheme': 'http',
      },
    ],
    [
      "the connection's own fields",
      'GET',
      '/',
      'Connection: X-A\nX-A: 1\nKeep-Alive: 5\nTE: trailers',
      '',
      { HTTP_CONNECTION: undefined, HTTP_X_A: undefined, HTTP_KEEP_ALIVE: undefined, HTTP_TE: undefined },
    ],
  ] as const) {
    const theirs = json((await ask(t, router, method, target, fields, body)).body)
    const ours = json((await ask(t, gateway.port, method, target, fields, body)).body)
    const expected: Record<string, string | undefined> = { ...theirs.vars, ...fixes }
    const got: Record<string, string | undefined> = { ...ours.vars }
    for (const key of Object.keys(fixes)) expected[key] ??= undefined
    for (const vars of [expected, got]) {
      delete vars.REMOTE_PORT // two connections, and uWSGI swaps its bytes
      for (const key of Object.keys(vars)) if (vars[key] === undefined) delete vars[key]
    }
    t.strictSame(got, expected, name)
    t.strictSame([ours.length, ours.sha256], [theirs.length, theirs.sha256])
  }
})

t.test('a piece reaches the client before the next is made', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const gate = join(temporaryDirectory(t), 'open')
  const client = dial(t, gateway.port)
  await client.send(requestText('GET', `/gated?until=${encodeURIComponent(gate)}`))
  await client.through('piece 0\n')
  t.notOk(existsSync(gate))
  writeFileSync(gate, '')
  await client.through('piece 1\n')
  await client.through('0\r\n\r\n')
  t.match(client.received, /^HTTP\/1.1 200 OK\r\n[\s\S]*\r\nTransfer-Encoding: chunked\r\n/)
})

t.test('a small answer without a length leaves with one: its end is here with it', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const framings = []
  for (let i = 0; i < 30; i++) framings.push((await ask(t, gateway.port, 'GET', '/stream?pieces=3')).framing)
  t.ok(framings.filter(framing => framing === 'length').length >= 3, framings.join())
})

t.test('answers without a body, and the next request on the same connection', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const client = dial(t, gateway.port)
  for (const [method, target, status, length] of [
    ['HEAD', '/sized?bytes=5', 200, '5'],
    ['HEAD', '/sized?bytes=5&length=no', 200, undefined],
    ['GET', '/status?line=204+No+Content', 204, undefined],
    ['GET', '/status?line=304+Not+Modified&ETag=x', 304, undefined],
    ['GET', '/status?line=304+Not+Modified&Content-Length=7', 304, '7'],
    ['GET', '/status?line=500+Oh+dear&Content-Length=0', 500, '0'],
    ['GET', '/sized?bytes=5', 200, '5'],
  ] as const) {
    await client.send(requestText(method, target))
    const answer = await readAnswer(client, method)
    t.strictSame([answer.status, answer.fields['content-length']], [status, length], `${method} ${target}`)
    t.equal(answer.fields.connection, undefined)
  }
})

t.test('cgi-mode answers become HTTP', async t => {
  const uwsgi = await startUwsgi(t, { args: ['--cgi-mode'] })
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const missing = await ask(t, gateway.port, 'GET', '/status?line=404+Nothing+here&X-A=1')
  t.match(missing, { status: 404, fields: { 'x-a': '1', status: undefined } })
  for (const [query, framing] of [
    ['bytes=70000', 'length'],
    ['bytes=70000&length=no', 'chunked'],
  ] as const) {
    const answer = await ask(t, gateway.port, 'GET', `/sized?${query}`)
    t.strictSame([answer.status, answer.framing, answer.body.length], [200, framing, 70_000])
  }
  const client = dial(t, gateway.port)
  await client.send(requestText('GET', '/status?line=404+Nothing+here&Content-Length=0'))
  t.match(await client.head(), /^HTTP\/1\.1 404 Nothing here\r\n/)
})

t.test('many requests on one connection', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const client = dial(t, gateway.port)
  for (let i = 0; i < 100; i++) {
    await client.send(requestText('POST', `/echo?${i}`, 'Content-Length: 4', 'body'))
    const { vars, length } = json((await readAnswer(client)).body)
    if (vars.QUERY_STRING !== String(i) || length !== 4) t.fail(`request ${i} got another's answer`)
    await client.send(requestText('GET', `/stream?pieces=${i}`))
    const { body } = await readAnswer(client)
    if (body.toString().split('\n').length !== i + 1) t.fail(`request ${i} got another's answer`)
  }
  const pipelined = Array.from({ length: 20 }, (_, i) => requestText('GET', `/sized?bytes=${i}`)).join('')
  await client.send(pipelined)
  for (let i = 0; i < 20; i++) t.equal((await readAnswer(client)).body.length, i)
})

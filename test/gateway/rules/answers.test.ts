// test/gateway/rules/answers.test.ts: answers that route rules make, and what they make of a node's.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accessLogPicture } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { connectRaw, type RawAnswer, readAnswer, request } from '../../support/raw-client.ts'
import { type RawConnection, type Script, startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

/** A node that gives this answer to each request. */
const gives =
  (answer: string): Script =>
  async connection => {
    for (;;) {
      await connection.head()
      await connection.send(answer)
    }
  }

const PLAIN = 'HTTP/1.1 200 OK\r\nDate: today\r\nX-Node: 1\r\nServer: n\r\nContent-Length: 4\r\n\r\nbody'

async function ruled(
  t: Test,
  lines: readonly string[],
  answer = PLAIN,
  changes = {},
): Promise<RawConnection> {
  const node = await startRawNode(t, { script: gives(answer) })
  const gateway = await startRuled(t, lines, [`http://${node.address}`], changes)
  return connectRaw(t, gateway)
}

async function ask(client: RawConnection, text: string): Promise<RawAnswer> {
  await client.send(text)
  return readAnswer(client, text.startsWith('HEAD'))
}

t.test('rules answer themselves, and the connection goes on', async t => {
  const client = await ruled(t, [
    'route = ^/gone return:410',
    'route = ^/to redirect:/there',
    'route = ^/odd return:299',
    'route = ^/bare break:404 Lost It',
  ])
  const gone = await ask(client, request('GET /gone'))
  t.match(gone, { status: 410, body: 'Gone', head: /^HTTP\/1.1 410 Gone\r\n/ })
  t.match(gone.head, 'Content-Type: text/plain')
  t.match(gone.head, /^Date: \w/m)
  t.match(await ask(client, request('HEAD /gone')), { status: 410, head: /Content-Length: 4/, body: '' })
  const redirect = await ask(client, request('GET /to'))
  t.match(redirect, { status: 302, head: /Location: \/there\r\n/ })
  t.match((await ask(client, request('GET /odd'))).head, /^HTTP\/1.1 299 Unknown\r\n/)
  t.match(await ask(client, request('GET /else')), { status: 200, body: 'body' })
  const bare = await ask(client, request('GET /bare'))
  t.match(bare, { status: 404, body: '', head: /^HTTP\/1.1 404 Lost It\r\n/ })
  t.match(bare.head, 'Connection: close')
  await client.end()
})

t.test('break: alone closes without a byte', async t => {
  const client = await ruled(t, ['route = ^/no break:'])
  t.equal((await ask(client, request('GET /'))).status, 200)
  await client.send(request('GET /no'))
  t.equal((await client.rest()).length, 0)
})

t.test('a line end never leaves a head that rules wrote', async t => {
  const client = await ruled(t, [
    'route = ^/loc/([^?]*) redirect:/$1',
    'route = ^/add/([^?]*) addheader:X-A: $1',
    'route = ^/name/([^?]*) addheader:$1: v',
  ])
  const location = await ask(client, request('GET /loc/x%0d%0aSet-Cookie:%20a=b'))
  t.match(location, { status: 302, head: /Location: \/x%0D%0ASet-Cookie:%20a=b\r\n/ })
  for (const path of [
    '/add/x%0d%0aX-Evil:%201',
    '/add/x%0aX-Evil:1',
    '/add/x%0bX-Evil',
    '/name/X-Evil:%201%0d%0ab',
  ]) {
    const { status, head } = await ask(client, request(`GET ${path}`))
    t.equal(status, 400, path)
    t.notMatch(head, /X-Evil/, path)
  }
})

t.test("a node's answer is edited", async t => {
  const client = await ruled(t, [
    'add-header = X-Always: 1',
    'rem-header = Server',
    'route-run = addheader:X-Rule: ${PATH_INFO}',
    'route-run = delheader:x-node',
    'response-route-status = 200 addheader:X-Ok: yes',
    'error-route-run = addheader:X-Status: ${uwsgi[status]}',
  ])
  const { head, body } = await ask(client, request('GET /p'))
  t.equal(body, 'body')
  t.notMatch(head, /x-node|server/i)
  t.match(head, /X-Always: 1\r\nX-Rule: \/p\r\nX-Status: 200\r\nX-Ok: yes$/)
  t.equal((await ask(client, request('GET /q'))).body, 'body', 'the connection goes on')
})

t.test('rules cannot change how an answer is framed', async t => {
  const client = await ruled(t, [
    'route-run = addheader:X-Fine: 1',
    'route-run = delheader:Content-Length',
    'route-run = delheader:Date',
  ])
  const { head, body } = await ask(client, request('GET /'))
  t.match(head, 'Date: today\r\n')
  t.match(head, /Content-Length: 4\r\nX-Fine: 1$/)
  t.equal(body, 'body')
})

t.test('answers without framing, in chunks and on HTTP/1.0 are edited alike', async t => {
  const bare = 'HTTP/1.1 200 OK\r\n\r\nbody'
  const node = await startRawNode(t, {
    async script(connection) {
      const head = await connection.head()
      if (head.startsWith('GET /chunks'))
        await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n')
      else await connection.send(bare)
      connection.close()
    },
  })
  const gateway = await startRuled(t, ['add-header = X-A: 1'], [`http://${node.address}`])
  const client = await connectRaw(t, gateway)
  t.match(await ask(client, request('GET /')), { head: /X-A: 1/, body: 'body' })
  t.match(await ask(client, request('GET /chunks')), { head: /X-A: 1/, body: 'body' })
  const old = await connectRaw(t, gateway, request('GET /chunks HTTP/1.0'))
  t.match(await readAnswer(old), { head: /X-A: 1/, body: 'body' })
})

t.test("the error chain replaces a node's answer, whose body goes nowhere", async t => {
  const big = `HTTP/1.1 404 Not Found\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`
  const client = await ruled(t, ['error-route-status = 404 redirect:/sorry', 'add-header = X-A: 1'], big)
  const { status, head, body } = await ask(client, request('GET /'))
  t.equal(status, 302)
  t.match(head, /Location: \/sorry\r\n/)
  t.match(head, 'X-A: 1')
  t.equal(body, 'Moved')
  t.equal((await ask(client, request('GET /again'))).status, 302, 'the connection goes on')
})

t.test('answers of the gateway itself pass the chains, once', async t => {
  const gateway = await startRuled(
    t,
    [
      'error-route-status = 502 redirect:/busy',
      'error-route-run = addheader:X-Seen: ${uwsgi[status]}',
      'add-header = X-A: 1',
    ],
    ['http://127.0.0.1:1'],
  )
  const client = await connectRaw(t, gateway)
  const dead = await ask(client, request('GET /'))
  t.equal(dead.status, 503)
  t.match(dead.head, 'X-A: 1\r\nX-Seen: 503')
  t.equal(dead.head.match(/X-Seen/g)?.length, 1)
  const malformed = await connectRaw(t, gateway, 'GET / HTTP/1.1\r\n\r\n')
  t.notMatch((await readAnswer(malformed)).head, 'X-A', 'what is no request meets no rules')
})

t.test("another status for a node's answer keeps it whole", async t => {
  const client = await ruled(t, ['response-route-run = clearheaders:203 Other'])
  const { status, head, body } = await ask(client, request('GET /'))
  t.equal(status, 203)
  t.match(head, /^HTTP\/1.1 203 Other\r\n/)
  t.notMatch(head, 'X-Node')
  t.equal(body, 'body')
  const reset = await ruled(t, ['response-route-run = clearheaders:205'])
  for (let i = 0; i < 2; i++)
    t.match(await ask(reset, request('GET /')), { status: 205, head: /^Content-Length: 0$/m, body: '' })
  const none = await ruled(t, ['response-route-run = clearheaders:204'])
  t.match(await ask(none, request('GET /')), { status: 204, body: '' })
  t.match(await ask(none, request('GET /')), { status: 204, body: '' })
})

t.test('a 101 is edited as well, and rules may refuse the tunnel', async t => {
  const node = await startRawNode(t, {
    async script(connection) {
      await connection.head()
      await connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Node: 1\r\n\r\n',
      )
      await connection.send(await connection.bytes(4))
    },
  })
  const gateway = await startRuled(
    t,
    [
      'route-run = delheader:X-Node',
      'add-header = X-A: 1',
      'response-route-if = equal:${PATH_INFO};/no return:403',
    ],
    [`http://${node.address}`],
  )
  const upgrade = (path: string): string =>
    request(`GET ${path}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x')
  const client = await connectRaw(t, gateway, upgrade('/'))
  const head = await client.head()
  t.match(head, /^HTTP\/1.1 101 /)
  t.match(head, 'X-A: 1')
  t.notMatch(head, 'X-Node')
  await client.send('ping')
  t.equal((await client.bytes(4)).toString(), 'ping')
  const refused = await connectRaw(t, gateway, upgrade('/no'))
  t.match(await readAnswer(refused), { status: 403, body: 'Forbidden' })
  await refused.end()
})

t.test('rules have a say in the access log', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const client = await ruled(
    t,
    [
      'route-run = logvar:who=${qs[u]}',
      'route = ^/in setuser:kate',
      'route = ^/in setremoteaddr:10.1.2.3',
      'route = ^/quiet donotlog:',
      'final-route-run = logvar:end=${uwsgi[status]}/${uwsgi[rsize]}',
    ],
    PLAIN,
    {
      accessLog: {
        ...accessLogPicture(file),
        template: '%(uri) %(who) %(end) %(user) %(var.REMOTE_USER) %(nothing) %(addr)',
      },
    },
  )
  await ask(client, request('GET /quiet'))
  await ask(client, request('GET /in?u=a"b'))
  await ask(client, request('GET /out?u='))
  await until('two lines', () => readFileSync(file, 'utf8').split('\n').length > 2)
  t.same(readFileSync(file, 'utf8').split('\n').slice(0, 2), [
    '/in?u=a\\x22b a\\x22b 200/4 kate kate - 10.1.2.3',
    '/out?u= - 200/4 - - - 127.0.0.1',
  ])
})

// test/gateway/own-answers.test.ts: the answers Sluice gives itself are small and plain, and found again in the access log.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accessLogPicture, startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { connectRaw, type RawAnswer, readAnswer, request } from '../support/raw-client.ts'
import { type Script, startRawNode } from '../support/raw-node.ts'
import { temporaryDirectory } from '../support/tmp.ts'

interface Line {
  id: string
  status: number
  target: string
  bytes: number
  node: string
}

const idOf = ({ head }: RawAnswer): string => /^X-Request-Id: (\S+)$/m.exec(head)?.[1] ?? 'none'

async function logged(file: string, id: string): Promise<Line> {
  let line: Line | undefined
  await until(`request ${id} is in the log`, () => {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    line = lines.map(text => JSON.parse(text) as Line).find(one => one.id === id)
    return line !== undefined
  })
  return line!
}

function checkShape(t: Test, answered: RawAnswer, status: number): void {
  t.equal(answered.status, status)
  t.match(answered.head, 'Content-Type: text/plain; charset=utf-8')
  t.match(answered.head, /^Date: /m)
  t.ok(answered.body.length < 200, 'small')
  t.match(answered.body, new RegExp(`^${status} [A-Z]`))
  t.match(answered.body, idOf(answered), 'with the id')
}

t.test('each refusal has a status of its own, an id, and a line in the log', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const hangUp: Script = async connection => {
    await connection.head()
    connection.close()
  }
  const node = await startRawNode(t, { script: hangUp })
  const gateway = await startGateway(t, [`http://${node.address}`], {
    accessLog: accessLogPicture(file, 'json'),
    maxBodyBytes: 100,
    maxTargetBytes: 100,
    maxHeadBytes: 2_000,
    maxHeadFields: 20,
  })
  const lines: (Partial<Line> & { id: string })[] = []
  for (const [name, text, status, target] of [
    ['a malformed request', 'nonsense\r\n\r\n', 400, ''],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, ''],
    ['a method we do not serve', request('CONNECT a.test:443'), 405, 'a.test:443'],
    ['TRACE', request('TRACE /t'), 405, '/t'],
    ['a body above the limit', request('POST /big', 'Content-Length: 101'), 413, '/big'],
    ['a target above the limit', request(`GET /${'a'.repeat(200)}`), 414, ''],
    ['an expectation of another kind', request('GET /tea', 'Expect: tea'), 417, '/tea'],
    ['a head above the limit', request('GET /', `X: ${'x'.repeat(3_000)}`), 431, ''],
    ['a head above the limit that never ends', `GET / HTTP/1.1\r\nX: ${'x'.repeat(3_000)}`, 431, ''],
    ['more fields than the limit', request('GET /', ...Array(30).fill('X: 1')), 431, ''],
    ['another transfer coding', request('POST /', 'Transfer-Encoding: gzip'), 501, ''],
    ['a node that hangs up', request('POST /hang', 'Content-Length: 0'), 502, '/hang'],
    ['another version', request('GET / HTTP/3.0'), 505, ''],
  ] as const) {
    t.test(`${name}: ${status}`, async t => {
      const client = await connectRaw(t, gateway, text)
      const answered = await readAnswer(client)
      checkShape(t, answered, status)
      lines.push({
        id: idOf(answered),
        status,
        target,
        node: status === 502 ? `http://${node.address}` : '-',
      })
    })
  }

  t.test('405 names what is served', async t => {
    const client = await connectRaw(t, gateway, request('TRACE /'))
    t.match((await readAnswer(client)).head, /^Allow: GET, HEAD, /m)
  })

  t.test('an answer to HEAD has the length of its body, and no body', async t => {
    const client = await connectRaw(t, gateway, request('HEAD /', 'Expect: tea'))
    const answered = await readAnswer(client, true)
    t.equal(answered.status, 417)
    t.match(answered.head, /^Content-Length: [1-9]/m)
    t.equal((await client.rest()).length, 0)
    lines.push({ id: idOf(answered), status: 417, target: '/', bytes: 0 })
  })

  t.test('the connection goes on behind what is no danger', async t => {
    const client = await connectRaw(t, gateway)
    for (const [text, status] of [
      [request('TRACE /'), 405],
      [request('POST /', 'Content-Length: 0'), 502],
      [request('TRACE /'), 405],
    ] as const) {
      await client.send(text)
      t.equal((await readAnswer(client)).status, status)
    }
  })

  t.test('behind what cannot be read it closes, so that what follows is no request', async t => {
    const client = await connectRaw(t, gateway, `nonsense\r\n\r\n${request('GET /smuggled')}`)
    const answered = await readAnswer(client)
    t.equal(answered.status, 400)
    t.match(answered.head, /^Connection: close$/m)
    t.equal((await client.rest()).length, 0)
  })

  t.test('and each stands in the log', async t => {
    for (const line of lines) t.match(await logged(file, line.id), line)
  })
})

t.test('without backends: a page that says what to add, and 404 for the rest', async t => {
  const gateway = await startGateway(t, [])
  const client = await connectRaw(t, gateway, request('GET /') + request('GET /x'))
  const page = await readAnswer(client)
  t.equal(page.status, 200)
  t.match(page.head, 'Content-Type: text/html')
  t.match(page.body, 'http-to')
  checkShape(t, await readAnswer(client), 404)
})

t.test('the page for HEAD has no body', async t => {
  const gateway = await startGateway(t, [])
  const client = await connectRaw(t, gateway, request('HEAD /') + request('GET /x'))
  t.match((await readAnswer(client, true)).head, /^Content-Length: \d{3}/m)
  t.equal((await readAnswer(client)).status, 404)
})

t.test('all to https: a redirect to the same target', async t => {
  for (const [port, text, location] of [
    ['', request('GET /a?b', 'Host: A.test:80'), 'https://A.test/a?b'],
    ['8443', request('GET /a', 'Host: [::1]:80'), 'https://[::1]:8443/a'],
    ['8443', request('OPTIONS *'), 'https://a.test:8443/'],
    ['', request('GET http://a.test?q'), 'https://a.test/?q'],
  ] as const) {
    const gateway = await startGateway(t, [], {}, { toHttps: { port } })
    const { status, head } = await readAnswer(await connectRaw(t, gateway, text))
    t.equal(status, 301)
    t.equal(/^Location: (.*)$/m.exec(head)?.[1], location)
  }
})

t.test('503 and its line name the last node tried', async t => {
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => closed.once('listening', resolve))
  const { port } = closed.address() as { port: number }
  await new Promise(resolve => closed.close(resolve))
  const file = join(temporaryDirectory(t), 'access.log')
  const gateway = await startGateway(t, [`http://127.0.0.1:${port}`], {
    accessLog: accessLogPicture(file, 'json'),
  })
  const answered = await readAnswer(await connectRaw(t, gateway, request('GET /')))
  checkShape(t, answered, 503)
  t.match(await logged(file, idOf(answered)), { status: 503, node: `http://127.0.0.1:${port}` })
})

t.test('bytes behind an upgrade that is answered here are no request', async t => {
  const gateway = await startGateway(t, [])
  const upgrade = request('GET /ws', 'Connection: Upgrade', 'Upgrade: websocket')
  const client = await connectRaw(t, gateway, upgrade + request('GET /behind'))
  const text = (await client.rest()).toString('latin1')
  t.equal(text.split('HTTP/1.1 ').length - 1, 1, 'one answer, and the end')
})

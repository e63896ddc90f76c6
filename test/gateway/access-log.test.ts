// test/gateway/access-log.test.ts: one line for each request, which tells what the client and the node saw.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AccessLogFormat, Picture } from '../../base/picture.ts'
import { accessLogPicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { type Script, startRawNode } from '../support/raw-node.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import { ask, dial, readAnswer, requestText } from './uwsgi/http-client.ts'

const UWSGI_LINE =
  /^\[pid: (\d+)\|app: -1\|req: (\d+)\/\2\] (\S+) \(\) \{(\d+) vars in (\d+) bytes\} \[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] (\S+) (\S+) => generated (\d+) bytes in \d+ msecs \((\S+) (\d+)\) (\d+) headers in (\d+) bytes \(0 switches on core 0\) id (\S+) node (\S+) tries (\d+)$/

// The path says what to answer.
const uwsgiNode: Script = async connection => {
  const packet = await connection.packet()
  await connection.bytes(Number(packet.get('CONTENT_LENGTH') ?? 0))
  const answers: Record<string, string> = {
    '/sized': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello',
    '/open': 'HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nto the end',
    '/large': `HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n${'x'.repeat(50_000)}`,
    '/chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    '/missing': 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
    '/nothing': 'HTTP/1.1 204 No Content\r\n\r\n',
    '/cgi': 'Status: 201 Created\r\n\r\nmade',
    '/broken': 'no HTTP at all\r\n\r\n',
  }
  await connection.send(answers[packet.get('PATH_INFO')!] ?? '')
  connection.close()
}

t.test('bytes, status and packet are what went over the wires', async t => {
  const node = await startRawNode(t, { script: uwsgiNode })
  const { gateway, lines } = await startLogging(t, 'uwsgi', [`uwsgi://${node.address}`])
  const sent: { method: string; path: string; version: string; status: number; bytes: number }[] = []
  for (const path of [
    '/sized',
    '/open',
    '/large',
    '/chunked',
    '/missing',
    '/nothing',
    '/cgi',
    '/broken',
    '/silent',
  ]) {
    for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
      for (const method of ['GET', 'HEAD']) {
        const client = dial(t, gateway.port)
        await client.send(`${method} ${path} ${version}\r\nHost: a\r\nConnection: close\r\n\r\n`)
        await client.end()
        const { received } = client
        const head = received.slice(0, received.indexOf('\r\n\r\n'))
        sent.push({
          method,
          path,
          version,
          status: Number(head.slice(9, 12)),
          bytes: received.length,
        })
      }
    }
  }
  const got = await lines()
  t.equal(got.length, sent.length)
  for (const [i, line] of got.entries()) {
    const match = UWSGI_LINE.exec(line)
    if (match === null) t.fail(line)
    const [
      ,
      pid,
      number,
      client,
      vars,
      varBytes,
      method,
      path,
      body,
      version,
      status,
      ,
      head,
      ,
      name,
      tries,
    ] = match!
    const { bytes, ...request } = sent[i]!
    t.strictSame({ method, path, version, status: Number(status) }, request)
    t.equal(Number(head) + Number(body), bytes, `${method} ${path} ${version}: bytes`)
    t.strictSame(
      [Number(pid), Number(number), client, name, tries],
      [gateway.process.pid, i + 1, '127.0.0.1', `uwsgi://${node.address}`, '1'],
    )
    const packet = Buffer.from(node.connections[i]?.received ?? '', 'latin1')
    t.equal(Number(varBytes), packet.length - 4, 'the size of the packet')
    t.ok(Number(vars) >= 11)
  }
})

t.test('as many lines as requests: kept connections, pipelines, refusals, clients that left', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        const head = await connection.head()
        if (head.startsWith('GET /hang')) await connection.end()
        await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
    },
  })
  const { gateway, lines } = await startLogging(t, 'json', [`http://${node.address}`])
  const kept = dial(t, gateway.port)
  for (let i = 0; i < 10; i++) {
    await kept.send(requestText('GET', `/kept?${i}`))
    await readAnswer(kept)
  }
  const piped = dial(t, gateway.port)
  await piped.send(Array.from({ length: 30 }, (_, i) => requestText('GET', `/piped?${i}`)).join(''))
  for (let i = 0; i < 30; i++) await readAnswer(piped)
  await piped.send('garbage \x00\r\n\r\n')
  t.equal((await readAnswer(piped)).status, 400)
  const left = dial(t, gateway.port)
  await left.send(requestText('GET', '/hang'))
  await until('the node has it', () =>
    node.connections.some(({ received }) => received.includes('GET /hang')),
  )
  left.reset()
  await Promise.all(
    node.connections.filter(({ received }) => received.includes('GET /hang')).map(one => one.end()),
  )
  const entries = (await lines()).map(line => JSON.parse(line))
  t.strictSame(
    entries.map(({ method, target, status }) => [method, target, status]),
    [
      ...Array.from({ length: 10 }, (_, i) => ['GET', `/kept?${i}`, 200]),
      ...Array.from({ length: 30 }, (_, i) => ['GET', `/piped?${i}`, 200]),
      ['', '', 400],
      ['GET', '/hang', 0],
    ],
  )
  t.equal(new Set(entries.map(({ id }) => id)).size, entries.length, 'no id twice')
})

t.test('the node that answered, how many were tried, and the id of an error', async t => {
  const node = await startRawNode(t, { script: uwsgiNode })
  const dead = `uwsgi://127.0.0.1:${await freePort()}`
  const { gateway, lines } = await startLogging(t, 'json', [dead, `uwsgi://${node.address}`])
  t.equal((await ask(t, gateway.port, 'POST', '/sized', '', 'body')).status, 200)
  const broken = await ask(t, gateway.port, 'POST', '/broken')
  t.equal(broken.status, 502)
  const chunked = await ask(t, gateway.port, 'POST', '/sized', 'Transfer-Encoding: chunked', '0\r\n\r\n')
  t.equal(chunked.status, 411)
  const [first, second, third] = (await lines()).map(line => JSON.parse(line))
  t.match(first, { status: 200, node: `uwsgi://${node.address}`, tries: 2, request_bytes: 4, bytes: 5 })
  t.match(second, {
    status: 502,
    node: `uwsgi://${node.address}`,
    tries: 1,
    id: broken.fields['x-request-id'],
  })
  t.match(broken.body.toString(), `Request id: ${second.id}\n`)
  t.match(third, { status: 411, id: chunked.fields['x-request-id'] })
})

t.test('the combined form, with the fields it shows', async t => {
  const node = await startRawNode(t, { script: uwsgiNode })
  const { gateway, lines } = await startLogging(t, 'combined', [`uwsgi://${node.address}`], ['127.0.0.1'])
  await ask(
    t,
    gateway.port,
    'GET',
    '/sized?a="b"',
    'Referer: http://a/\nUser-Agent: x "y" \xe4\nX-Forwarded-For: 192.0.2.7',
  )
  const [line] = await lines()
  t.match(
    line,
    /^192\.0\.2\.7 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/sized\?a=\S+ HTTP\/1\.1" 200 5 "http:\/\/a\/" "x .*"$/,
  )
  t.match(line, /^[ -~]+$/)
})

t.test('a log that cannot be written is told, and traffic goes on', async t => {
  const node = await startRawNode(t, { script: uwsgiNode })
  const file = join(temporaryDirectory(t), 'no', 'such', 'directory.log')
  const gateway = await startGateway(t, [`uwsgi://${node.address}`], {
    accessLog: accessLogPicture(file, 'uwsgi'),
  })
  t.equal((await ask(t, gateway.port, 'GET', '/sized')).status, 200)
  await until('it is told', () => gateway.events.some(({ text }) => text.includes(file)))
  t.match(
    gateway.events.filter(({ text }) => text.includes(file)),
    [{ level: 'warn', text: /^access log .*ENOENT/ }],
  )
  t.equal((await ask(t, gateway.port, 'GET', '/sized')).status, 200)
})

t.test('another picture turns the log off and on', async t => {
  const node = await startRawNode(t, { script: uwsgiNode })
  const { gateway, lines, accessLog } = await startLogging(t, 'json', [`uwsgi://${node.address}`])
  // A picture has no answer: something else that it changes shows that it is in force.
  const apply = (accessLog: Picture['accessLog'], maxTargetBytes: number, status: number) => {
    gateway.apply({ accessLog, maxTargetBytes })
    const probe = `/sized?${'p'.repeat(50)}`
    return until('it is in force', async () => (await ask(t, gateway.port, 'GET', probe)).status === status)
  }
  await ask(t, gateway.port, 'GET', '/sized?1')
  await apply(null, 20, 414)
  await ask(t, gateway.port, 'GET', '/sized?2')
  await apply(accessLog, 100, 200)
  await ask(t, gateway.port, 'GET', '/sized?3')
  const targets = (await lines()).map(line => JSON.parse(line).target as string)
  t.strictSame(
    targets.filter(target => target.length === '/sized?1'.length),
    ['/sized?1', '/sized?3'],
  )
})

async function startLogging(
  t: Test,
  format: AccessLogFormat,
  nodes: string[],
  trustedProxies: string[] = [],
) {
  const file = join(temporaryDirectory(t), 'access.log')
  const accessLog = accessLogPicture(file, format)
  const gateway = await startGateway(t, nodes, { accessLog, trustedProxies })
  return { gateway, accessLog, lines: () => linesAfter(gateway, file) }
}

// Stops the gateway, which writes all that is left.
async function linesAfter(gateway: TestGateway, file: string): Promise<string[]> {
  gateway.process.send({ kind: 'stop', graceMs: 10_000 })
  await once(gateway.process, 'exit')
  return readFileSync(file, 'latin1').split('\n').slice(0, -1)
}

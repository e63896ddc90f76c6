// test/gateway/log-template.test.ts: log-format and the filters of lines in a real gateway: what they show is what the
// client sent and the node got, and what uWSGI itself would have written.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AccessLogPicture, Picture } from '../../base/picture.ts'
import { accessLogPicture, startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { startRawNode } from '../support/raw-node.ts'
import { readText, temporaryDirectory } from '../support/tmp.ts'
import { ask, dial, readAnswer, requestText } from './uwsgi/http-client.ts'

const VARIABLES = [
  'REQUEST_METHOD',
  'REQUEST_URI',
  'PATH_INFO',
  'QUERY_STRING',
  'SERVER_PROTOCOL',
  'SERVER_NAME',
  'SERVER_PORT',
  'UWSGI_ROUTER',
  'HTTPS',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'CONTENT_LENGTH',
  'CONTENT_TYPE',
  'HTTP_HOST',
  'HTTP_COOKIE',
  'HTTP_X_LIST',
  'HTTP_X_NONE',
  'SITE',
]

t.test('variables are those that the uwsgi node got', async t => {
  let packet: Pick<Map<string, string>, 'get'> = new Map()
  const node = await startRawNode(t, {
    script: async connection => {
      packet = await connection.packet()
      await connection.bytes(Number(packet.get('CONTENT_LENGTH') ?? 0))
      await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      connection.close()
    },
  })
  const template = VARIABLES.map(name => `%(var.${name})`).join('|')
  const { gateway, lines } = await startLogging(
    t,
    [`uwsgi://${node.address}`],
    { template },
    { vars: ['SITE=main'] },
  )
  const fields = 'Cookie: a=1\nX-List: one\nCookie: b=2\nx-list: two\nContent-Type: text/x'
  await ask(t, gateway.port, 'POST', '/a%20b/../c?d=e|f', fields, 'body')
  const packets = [packet]
  await ask(t, gateway.port, 'GET', '/')
  packets.push(packet)
  for (const [i, line] of (await lines()).entries()) {
    const shown = line.split('|')
    if (i === 0) shown.splice(1, 2, `${shown[1]}|${shown[2]}`) // of the target's own
    if (i === 0) shown.splice(3, 2, `${shown[3]}|${shown[4]}`)
    for (const [k, name] of VARIABLES.entries()) t.equal(shown[k], packets[i]!.get(name) || '-', name)
  }
})

const PATHS = ['/200/5', '/200/9', '/200/0', '/404/5', '/499/5', '/500/5', '/503/9', '/302/5']

t.test('only what the filters ask for is logged', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      const packet = await connection.packet()
      const [, status, size] = packet.get('PATH_INFO')!.split('/')
      await connection.send(
        `HTTP/1.1 ${status} X\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(Number(size))}`,
      )
      connection.close()
    },
  })
  const { gateway, lines } = await startLogging(t, [`uwsgi://${node.address}`], {})
  const directory = temporaryDirectory(t)
  const files: (readonly string[])[] = []
  const none = {
    clientErrors: false,
    serverErrors: false,
    slowMs: null,
    bigBytes: null,
    empty: false,
    ioErrors: false,
  }
  for (const [only, wanted] of [
    [{ ...none, clientErrors: true }, ['/404/5', '/499/5']],
    [{ ...none, serverErrors: true }, ['/500/5', '/503/9']],
    [{ ...none, bigBytes: 9 }, ['/200/9', '/503/9']],
    [{ ...none, empty: true }, ['/200/0']],
    [{ ...none, slowMs: 100_000 }, []],
    [{ ...none, slowMs: 0 }, PATHS],
    [{ ...none, empty: true, clientErrors: true }, ['/200/0', '/404/5', '/499/5']],
  ] as const) {
    const file = join(directory, `${files.push(wanted)}.log`)
    await gateway.apply({ accessLog: accessLogPicture(file, 'uwsgi', { template: '%(uri)', only }) })
    for (const path of PATHS) await ask(t, gateway.port, 'GET', path)
  }
  await lines()
  for (const [i, wanted] of files.entries()) {
    t.strictSame(
      readText(join(directory, `${i + 1}.log`))
        .split('\n')
        .slice(0, -1),
      wanted,
    )
  }
})

t.test('log-ioerror: an answer that its client did not get whole', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      await connection.head()
      await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegun')
      await connection.end()
    },
  })
  const only = {
    clientErrors: false,
    serverErrors: false,
    slowMs: null,
    bigBytes: null,
    empty: false,
    ioErrors: true,
  }
  const changes = { template: '%(uri) %(status) %(rsize) %(ioerr)', only }
  const { gateway, lines } = await startLogging(t, [`http://${node.address}`], changes)
  const left = dial(t, gateway.port)
  await left.send(requestText('GET', '/left'))
  await until('it has begun', () => left.received.includes('begun'))
  left.reset()
  await until('the node saw it', () => node.connections.length === 1)
  const whole = dial(t, gateway.port)
  await whole.send(requestText('GET', '/refused x'))
  await readAnswer(whole)
  t.strictSame(await lines(), ['/left 200 5 1'])
})

t.test('log-x-forwarded-for: shown as the client, believed nowhere', async t => {
  let remote = ''
  const node = await startRawNode(t, {
    script: async connection => {
      remote = (await connection.packet()).get('REMOTE_ADDR')!
      await connection.send('HTTP/1.1 204 No Content\r\n\r\n')
      connection.close()
    },
  })
  const changes = { template: '%(addr) %(var.REMOTE_ADDR)', forwardedFor: true }
  const { gateway, lines } = await startLogging(t, [`uwsgi://${node.address}`], changes)
  await ask(t, gateway.port, 'GET', '/', 'X-Forwarded-For: 192.0.2.7, 198.51.100.9')
  await ask(t, gateway.port, 'GET', '/')
  t.equal(remote, '127.0.0.1')
  t.strictSame(await lines(), ['192.0.2.7, 198.51.100.9 127.0.0.1', '127.0.0.1 127.0.0.1'])
})

t.test('bytes that are no request have a line too, with dashes', async t => {
  const template = '%(addr) %(method) %(uri) %(host) %(status) %(var.HTTP_COOKIE) %(var.REQUEST_URI) %(addr)'
  const { gateway, lines } = await startLogging(t, [], { template })
  await ask(t, gateway.port, 'GET', '/', 'Cookie: a=b')
  const broken = dial(t, gateway.port)
  await broken.send('garbage \x00\r\n\r\n')
  await readAnswer(broken)
  t.strictSame(await lines(), ['127.0.0.1 GET / a 200 a=b / 127.0.0.1', '127.0.0.1 - - - 400 - - 127.0.0.1'])
})

t.test('the same template on uWSGI writes the same line', async t => {
  const names = [
    ...['uri', 'method', 'user', 'addr', 'proto', 'uagent', 'referer', 'status', 'rsize', 'cl', 'headers'],
    ...['core', 'modifier1', 'modifier2', 'rss', 'vsz', 'werr', 'rerr', 'ioerr', 'unknown'],
    ...['var.HTTP_COOKIE', 'var.REQUEST_METHOD', 'var.REQUEST_URI', 'var.PATH_INFO', 'var.QUERY_STRING'],
    ...['var.SERVER_PROTOCOL', 'var.REMOTE_ADDR', 'var.CONTENT_LENGTH', 'var.CONTENT_TYPE', 'var.NONE'],
  ]
  const template = names.map(name => `${name}=%(${name})`).join('|')
  const reference = await startReference(t, template)
  const node = await startRawNode(t, {
    script: async connection => {
      const packet = await connection.packet()
      await connection.bytes(Number(packet.get('CONTENT_LENGTH') ?? 0))
      await connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello')
      connection.close()
    },
  })
  const { gateway, lines } = await startLogging(t, [`uwsgi://${node.address}`], { template })
  const requests = [
    ['GET', '/', ''],
    ['GET', '/a%20b?c=d&e', 'Cookie: a=b\nUser-Agent: curl/8 (x; y)\nReferer: http://a/b?c'],
    ['POST', '/post', 'Content-Type: text/x', 'abc'],
    ['HEAD', '/head', ''],
  ] as const
  for (const port of [gateway.port, reference.port]) {
    for (const [method, target, fields, body] of requests) {
      await ask(
        t,
        port,
        method,
        target,
        [fields, 'Connection: close'].filter(Boolean).join('\n'),
        body,
      ).catch(() => {})
    }
  }
  await until('uWSGI wrote all', () => reference.lines().length === requests.length)
  const ours = await lines()
  for (const [i, line] of reference.lines().entries()) {
    // uWSGI counts what the application returned for HEAD, too: the client never got it.
    const expected = requests[i]![0] === 'HEAD' ? line.replace('rsize=5', 'rsize=0') : line
    t.strictSame(ours[i]?.split('|'), expected.split('|'), requests[i]!.slice(0, 2).join(' '))
  }
})

async function startLogging(
  t: Test,
  nodes: string[],
  changes: Partial<AccessLogPicture>,
  picture: Partial<Picture> = {},
) {
  const file = join(temporaryDirectory(t), 'access.log')
  const gateway = await startGateway(t, nodes, {
    accessLog: accessLogPicture(file, 'uwsgi', changes),
    ...picture,
  })
  const lines = async (): Promise<string[]> => {
    gateway.process.send({ kind: 'stop', graceMs: 10_000 })
    await once(gateway.process, 'exit')
    return readFileSync(file, 'latin1').split('\n').slice(0, -1)
  }
  return { gateway, lines }
}

const APP = `def application(env, start):
    start('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '5')])
    env['wsgi.input'].read()
    return [b'hello']
`

// uWSGI with an HTTP socket of its own and this log-format.
async function startReference(t: Test, template: string) {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'app.py'), APP)
  const log = join(directory, 'requests.log')
  const args = ['--http-socket=127.0.0.1:0', `--wsgi-file=${join(directory, 'app.py')}`, '--need-app']
  const plugins = ['python3', 'logfile'].map(name => `--plugin=${name}`)
  const child = spawn(
    '/usr/bin/uwsgi-core',
    [
      '--plugins-dir=/usr/lib/uwsgi/plugins',
      ...plugins,
      '--master',
      ...args,
      `--req-logger=file:${log}`,
      `--log-format=${template}`,
    ],
    { cwd: directory, env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', text => {
      said += text
    })
  }
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGINT')
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(impatience)
  })
  await until('uWSGI serves', () => said.includes('spawned uWSGI worker 1'))
  const port = Number(/bound to TCP address 127\.0\.0\.1:(\d+)/.exec(said)![1])
  return { port, lines: () => readText(log).split('\n').slice(0, -1) }
}

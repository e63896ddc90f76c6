// test/gateway/rules/disguises.test.ts: a path that a rule denies stays denied, however it is spelled, and whatever the node
// behind makes of spellings.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { connectRaw, type RawAnswer, readAnswer, request } from '../../support/raw-client.ts'
import { type RawConnection, startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { startUwsgi } from '../../support/uwsgi.ts'

const DENY = ['route = ^/admin return:403']
const SECRET = 'what only admins see'

const BEFORE = [
  '/',
  '//',
  '///',
  '/./',
  '//./',
  '/x/../',
  '/x//../',
  '/x/y/../../',
  '/../',
  '/%2e/',
  '/%2E/',
  '/x/%2e%2e/',
  '/x/.%2e/',
  '/x/%2e./',
  '/%2f',
  '/%2F',
  '/x/..%2f',
  '/x%2f..%2f',
  '/x/%2e%2e%2f',
  '/x/y%2f../../',
  '/x%2f%2e%2e/',
  '/.%2f',
  '/%2f%2f./',
  '/;/',
  '/;x=1/',
  '/.;/',
  '/x/..;/',
  '/x/..;y=1/',
  '/x/%2e.;/',
  '/%5c',
  '/x%5c..%5C',
  '/x/..%5c',
]
const WORDS = ['admin', '%61dmin', 'admi%6E']
const BEHIND = ['', '//', '/.', '%2Fx', ';x', '%3bx', '?/../', '/../admin']

const DISGUISES = BEFORE.flatMap(before =>
  WORDS.flatMap(word => BEHIND.map(behind => before + word + behind)),
)
/** Whose start line says more than a path. */
const ABSOLUTE = DISGUISES.filter((_, i) => i % 7 === 0).map(path => `http://a.test${path}`)

/** Asks for each; those that showed the secret. */
async function gotIn(t: Test, gateway: TestGateway, targets: readonly string[]): Promise<string[]> {
  const found: string[] = []
  let client: RawConnection | null = null
  for (const target of targets) {
    if (client === null || client.hasEnded) client = await connectRaw(t, gateway)
    await client.send(request(`GET ${target}`))
    const { status, body, head }: RawAnswer = await readAnswer(client)
    if (body.includes(SECRET)) found.push(`${target} ${status}`)
    if (head.includes('Connection: close')) client = null
  }
  return found
}

async function checkNode(t: Test, address: string): Promise<void> {
  const open = await startGateway(t, [address])
  const there = await gotIn(t, open, DISGUISES)
  t.ok(there.length > DISGUISES.length / 4, `without a rule ${there.length} of ${DISGUISES.length} get in`)
  const guarded = await startRuled(t, DENY, [address])
  t.same(await gotIn(t, guarded, DISGUISES), [])
  t.same(await gotIn(t, guarded, ABSOLUTE), [], 'in absolute form')
  const client = await connectRaw(t, guarded, request('GET /public//x/%2e%2e/y%20z'))
  const { status, body } = await readAnswer(client)
  t.equal(status, 200)
  t.match(body, '/public/y z', 'the node sees what the rules saw')
}

/** A node by what it makes of a path. */
async function startReader(t: Test, read: (path: string) => string): Promise<string> {
  const node = await startRawNode(t, {
    async script(connection) {
      for (;;) {
        const head = await connection.head()
        const path = read(head.split(' ')[1]!.split('?')[0]!)
        const body = /^\/+admin/.test(path) ? SECRET : `open: ${path}`
        await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      }
    },
  })
  return `http://${node.address}`
}

const decode = (path: string): string => decodeURIComponent(path)
const straight = (path: string): string => path.replaceAll('\\', '/')
const merge = (path: string): string => path.replace(/\/+/g, '/')

function walk(path: string): string {
  const kept: string[] = []
  for (const part of path.split('/').slice(1)) {
    if (part === '..') kept.pop()
    else if (part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}`
}

t.test('a node that decodes, then walks', async t => {
  await checkNode(t, await startReader(t, path => walk(merge(decode(path)))))
})

t.test('a node that walks, then decodes, then walks again', async t => {
  await checkNode(t, await startReader(t, path => walk(decode(walk(path)))))
})

t.test('a node of Java, which drops parameters first', async t => {
  await checkNode(t, await startReader(t, path => walk(merge(decode(path.replace(/;[^/]*/g, ''))))))
})

t.test('a node that takes a backslash for a slash', async t => {
  await checkNode(t, await startReader(t, path => walk(merge(straight(decode(path))))))
})

t.test('a node that merges slashes and walks past the empty', async t => {
  await checkNode(t, await startReader(t, path => merge(walk(decode(merge(path))))))
})

t.test('other ways to treat slashes are as tight, where the node treats them alike', async t => {
  const asIs = await startReader(t, path => walk(decode(path)))
  const apart = DISGUISES.filter(path => !/\/\//.test(walk(straight(decode(path)))))
  t.same(await gotIn(t, await startRuled(t, DENY, [asIs], { mergeSlashes: false }), apart), [])
  const merging = await startReader(t, path => walk(merge(decode(path))))
  t.same(await gotIn(t, await startRuled(t, DENY, [merging], { escapedSlash: 'reject' }), DISGUISES), [])
  const keeping = await startReader(t, path =>
    merge(path).replace(/%(?!2f|5c)(..)/gi, percent => decode(percent)),
  )
  t.same(await gotIn(t, await startRuled(t, DENY, [keeping], { escapedSlash: 'keep' }), DISGUISES), [])
})

t.test('nginx', async t => {
  const directory = temporaryDirectory(t)
  const socket = join(directory, 'nginx.sock')
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${directory}/${name};`,
  )
  const config = `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/log; events {}
    http { access_log off; default_type text/plain; ${temp.join(' ')}
      server { listen unix:${socket};
        location / { return 200 "open: $uri"; }
        location /admin { return 200 "${SECRET}"; } } }`
  const file = join(directory, 'nginx.conf')
  writeFileSync(file, config)
  const child = spawn('/usr/sbin/nginx', ['-c', file, '-e', join(directory, 'log'), '-g', 'user root;'])
  t.teardown(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  })
  await until('nginx listens', () => connects(socket))
  await checkNode(t, `http://${socket}`)
})

t.test('uWSGI, with an application that tidies up paths', async t => {
  const uwsgi = await startUwsgi(t, {
    app: `
import posixpath
def application(env, start):
    path = posixpath.normpath('/' + env['PATH_INFO'].lstrip('/'))
    body = ${JSON.stringify(SECRET)} if path.startswith('/admin') else 'open: ' + path
    start('200 OK', [('Content-Length', str(len(body)))])
    return [body.encode()]
`,
  })
  await checkNode(t, `uwsgi://${uwsgi.address}`)
})

function connects(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(path, () => resolve(socket.destroy() !== null))
    socket.on('error', () => resolve(false))
  })
}

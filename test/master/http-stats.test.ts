// test/master/http-stats.test.ts: http-stats of a running Sluice: where it is served, what it says, beside what uWSGI says.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CONTROL, reloadWith } from '../support/control.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { answer } from '../support/raw-client.ts'
import { type RawNode, startRawNode } from '../support/raw-node.ts'
import { freshDirectory, runSluice, startSluice } from '../support/sluice.ts'

t.jobs = 3

async function read(at: string | number, request = ''): Promise<string> {
  const socket = typeof at === 'string' ? net.connect(at) : net.connect(at, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', piece => {
    text += piece
  })
  if (request !== '') socket.write(request)
  await once(socket, 'close')
  return text
}

function node(t: Test): Promise<RawNode> {
  return startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('hello'))
      }
    },
  })
}

t.test('what it says of nodes, summed over gateways', async t => {
  const [plain, shop] = [await node(t), await node(t)]
  const sluice = await startSluice(t, {
    ini: `http = 127.0.0.1:0
http-processes = 2
http-stats = stats.sock
http-to = http://${plain.address}
backend = key=Shop.example,address=http://${shop.address},weight=3,backup=1
`,
  })
  const path = join(sluice.directory, 'stats.sock')
  for (let i = 0; i < 3; i++) await (await fetch(sluice.url)).text()
  for (let i = 0; i < 2; i++) await get(sluice.url, 'shop.example')
  await until('all five are counted', async () => {
    const { static_nodes, subscriptions } = JSON.parse(await read(path))
    return static_nodes[0].hits === 3 && subscriptions[0].nodes[0].requests === 2
  })
  const said = JSON.parse(await read(path))
  t.match(said, {
    pid: sluice.pid,
    cwd: sluice.directory,
    http: [new URL(sluice.url).host],
    static_nodes: [{ name: `http://${plain.address}`, hits: 3, grace: 0 }],
    subscriptions: [
      {
        key: 'shop.example',
        algo: 'smooth',
        nodes: [
          { name: shop.address, weight: 3, backup: 1, proto: 'h', requests: 2, failcnt: 0, death_mark: 0 },
        ],
      },
    ],
    cheap: 0,
  })
})

t.test('a node that cannot be reached is marked', async t => {
  const dead = await freePort()
  const sluice = await startSluice(t, {
    ini: `http = 127.0.0.1:0
http-stats = stats.sock
http-to = http://127.0.0.1:${dead}
backend = key=a.example,address=http://127.0.0.1:${dead}
`,
  })
  const path = join(sluice.directory, 'stats.sock')
  await fetch(sluice.url)
  await get(sluice.url, 'a.example')
  await until('both rest', async () => {
    const { static_nodes, subscriptions } = JSON.parse(await read(path))
    return static_nodes[0].grace > 0 && subscriptions[0].nodes[0].death_mark === 1
  })
  const said = JSON.parse(await read(path))
  t.ok(Math.abs(said.static_nodes[0].grace - Date.now() / 1000) < 10, 'in unix seconds')
  t.equal(said.subscriptions[0].nodes[0].failcnt, 1)
})

t.test('a UNIX socket: its mode, and that it is gone at the end', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-stats = stats.sock\nchmod-socket = 640\n')
  const path = join(sluice.directory, 'stats.sock')
  t.equal(statSync(path).mode & 0o777, 0o640)
  await sluice.stop()
  t.notOk(existsSync(path))
})

t.test('a socket file that nobody answers on is replaced, another one is not', async t => {
  const directory = freshDirectory(t)
  const path = join(directory, 'stats.sock')
  const ini = 'http = 127.0.0.1:0\nhttp-stats = stats.sock\n'
  const killed = await startSluice(t, { ini, cwd: directory })
  await killed.stop('SIGKILL')
  t.ok(existsSync(path), 'left behind')
  const sluice = await startSluice(t, { ini, cwd: directory })
  t.equal(JSON.parse(await read(path)).pid, sluice.pid)
  const second = await runSluice(t, { ini, cwd: directory })
  t.equal(second.code, 1)
  t.match(second.stderr, /^sluice\.ini:3: cannot listen on .*stats\.sock: it is in use/m)
  t.equal(JSON.parse(await read(path)).pid, sluice.pid)
})

t.test('of port 0 the log tells which it became', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-stats = 127.0.0.1:0\n')
  const [, port] = await sluice.logged(/"address":"127\.0\.0\.1:(\d+)","msg":"http-stats listens"/)
  t.equal(JSON.parse(await read(Number(port))).pid, sluice.pid)
})

t.test('an address that a listener has is refused', async t => {
  const port = await freePort()
  const { code, stderr } = await runSluice(t, {
    words: ['check'],
    ini: `http = 127.0.0.1:${port}\nhttp-stats = 127.0.0.1:${port}\n`,
  })
  t.equal(code, 1)
  t.match(stderr, /sluice\.ini:3: 127\.0\.0\.1:\d+ is taken already by .* at sluice\.ini:2/)
})

t.test('a reload keeps it, moves it, speaks HTTP on it, and takes it away', async t => {
  const [first, second] = [await freePort(), await freePort()]
  const http = 'http = 127.0.0.1:0\n'
  const sluice = await startSluice(t, { ini: `${CONTROL}${http}http-stats = 127.0.0.1:${first}\n` })
  t.equal(JSON.parse(await read(first)).pid, sluice.pid)
  const reload = (ini: string) => reloadWith(sluice, ini)
  t.equal((await reload(`${http}http-stats = 127.0.0.1:${first}\nhttp-timeout = 9\n`)).kind, 'in place')
  t.equal(JSON.parse(await read(first)).pid, sluice.pid)
  t.equal((await reload(`${http}http-stats = 127.0.0.1:${second}\nstats-http = true\n`)).kind, 'in place')
  await t.rejects(read(first), { code: 'ECONNREFUSED' })
  const said = await read(second, 'GET / HTTP/1.0\r\n\r\n')
  t.match(said, /^HTTP\/1\.0 200 OK\r\n(.*\r\n)+\r\n\{\n\t"version"/)
  const taken = net.createServer().listen(first, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const refused = await reload(`${http}http-stats = 127.0.0.1:${first}\n`)
  t.equal(refused.kind, 'refused')
  t.match(refused.problem, /cannot listen on 127\.0\.0\.1:\d+/)
  t.match(await read(second, 'x'), /"pid":/, 'nothing changed')
  t.equal((await reload(http)).kind, 'in place')
  await t.rejects(read(second), { code: 'ECONNREFUSED' })
})

t.test('it has the members of the real uWSGI, of the same types, in the same order', async t => {
  const directory = freshDirectory(t)
  const [traffic, subscriptions, dead] = [await freePort(), await freePort(), await freePort()]
  const common = ['--plugins-dir=/usr/lib/uwsgi/plugins', '--plugin=http', '--master', '--die-on-term']
  const router = (name: string, ...args: string[]) => {
    run(t, directory, [
      ...common,
      `--http=127.0.0.1:${traffic}`,
      `--http-stats=${join(directory, name)}`,
      ...args,
    ])
    return documentOf(join(directory, name))
  }
  const ours = await startSluice(t, {
    ini: `http = 127.0.0.1:0
http-stats = ours.sock
http-to = 127.0.0.1:${dead}
backend = key=a.example,address=127.0.0.1:${dead}
`,
  })
  const said = await documentOf(join(ours.directory, 'ours.sock'))
  const withNodes = await router('nodes.sock', `--http-to=127.0.0.1:${dead}`)
  t.same(shapeOf(JSON.parse(without(said, 'subscriptions'))), shapeOf(JSON.parse(withNodes)))
  const server = `127.0.0.1:${subscriptions}`
  const subscriber = run(t, directory, [
    ...common,
    `--http=127.0.0.1:${await freePort()}`,
    `--http-stats=${join(directory, 'keys.sock')}`,
    `--http-subscription-server=${server}`,
    `--socket=127.0.0.1:0`,
    `--subscribe-to=${server}:a.example`,
  ])
  t.ok(subscriber.pid)
  await until('uWSGI has the node', async () => {
    const text = await documentOf(join(directory, 'keys.sock'))
    return JSON.parse(text).subscriptions.length === 1
  })
  const withKeys = await documentOf(join(directory, 'keys.sock'))
  // What 2.1 added, and Debian's 2.0 lacks.
  const ours20 = without(said, 'static_nodes').replace(/^\t+"(algo|vassal|backup|proto)":.*\n/gm, '')
  t.same(shapeOf(JSON.parse(ours20)), shapeOf(JSON.parse(withKeys)))
  t.equal(JSON.parse(ours20).subscriptions[0].hash, JSON.parse(withKeys).subscriptions[0].hash)
})

function run(t: Test, directory: string, args: readonly string[]): ChildProcess {
  const child = spawn('/usr/bin/uwsgi-core', args, {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  t.teardown(() => {
    child.kill('SIGTERM') // of SIGKILL its workers would not hear
    return ended
  })
  return child
}

async function documentOf(path: string): Promise<string> {
  await until(`${path} answers`, () =>
    read(path).then(
      text => text.endsWith('}'),
      () => false,
    ),
  )
  return read(path)
}

// Takes a list of the document's top out.
function without(document: string, name: string): string {
  return document.replace(new RegExp(`^\\t"${name}":\\[[^]*?^\\t\\],\\n`, 'm'), '')
}

/** Names in their order, with the type of each value; lists by their first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.entries(value).map(([name, each]) => [name, shapeOf(each)])
}

async function get(url: string, host: string): Promise<void> {
  const { port } = new URL(url)
  const socket = net.connect(Number(port), '127.0.0.1')
  socket.end(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
}

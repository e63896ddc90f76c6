// test/master/reload.test.ts: what a reload changes, how, and what lives through it.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { CONTROL, reloadWith, statusOf } from '../support/control.ts'
import { freePort } from '../support/ports.ts'
import { gatewayPids, isAlive, until } from '../support/processes.ts'
import { freshDirectory, type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

const ONE = 'http = 127.0.0.1:0\nhttp-processes = 1\n'

t.jobs = 3

t.test(
  'nodes and time-outs change in place: a kept connection stays, its next request goes to the new node',
  async t => {
    const [first, second] = [await startNode(t, 'first'), await startNode(t, 'second')]
    const sluice = await start(t, `${ONE}http-to = ${first}`)
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => agent.destroy())
    const { body, port } = await get(sluice, agent)
    t.equal(body, 'first')
    const before = gatewayPids(sluice.pid)
    const report = await reloadWith(sluice, `${ONE}http-timeout = 7\nhttp-to = ${second}`)
    t.match(report, {
      kind: 'in place',
      changes: ['http-timeout: 60 -> 7', `http-to: - ${first}`, `http-to: + ${second}`],
      reasons: [],
      problem: '',
    })
    t.strictSame(await get(sluice, agent), { body: 'second', port, closes: false })
    t.same(gatewayPids(sluice.pid), before)
  },
)

t.test('an exchange ends as it began, also when its node left the config meanwhile', async t => {
  const held = Promise.withResolvers<http.ServerResponse>()
  const node = await startNode(t, (_, response) => held.resolve(response))
  const sluice = await start(t, `${ONE}http-to = ${node}`)
  const answer = get(sluice)
  const response = await held.promise
  await reloadWith(sluice, `${ONE}http-to = ${await startNode(t, 'other')}`)
  response.end('whole')
  t.equal((await answer).body, 'whole')
})

t.test('nothing new is no reload', async t => {
  const sluice = await start(t, ONE)
  t.match(await reloadWith(sluice, ONE), { kind: 'unchanged', changes: [] })
  t.equal((await statusOf(sluice)).reloads, 0)
})

t.test('certificates change in place: new handshakes see them, open connections live on', async t => {
  const [one, two] = [await makeSelfSigned(), await makeSelfSigned()]
  const directory = freshDirectory(t, { 'a.pem': one.cert, 'a.key': one.key })
  const ini = 'https = 127.0.0.1:0,a.pem,a.key\nhttp-processes = 1\n'
  const sluice = await start(t, ini, directory)
  const before = await handshake(t, sluice)
  writeFileSync(join(directory, 'a.pem'), two.cert)
  writeFileSync(join(directory, 'a.key'), two.key)
  const report = await reloadWith(sluice, ini)
  t.match(report, { kind: 'in place', changes: [/^127\.0\.0\.1:\d+: new certificate and key$/] })
  t.notSame((await handshake(t, sluice)).getPeerCertificate().raw, before.getPeerCertificate().raw)
  before.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(String((await once(before, 'data'))[0]), /^HTTP\/1\.1 200/)
})

t.test(
  'a listening socket comes and goes by new gateways; what stays keeps its queue and its connections',
  async t => {
    const sluice = await start(t, `${ONE}http-to = ${await startNode(t, 'here')}\n`)
    const ini = readFileSync(join(sluice.directory, 'sluice.ini'), 'utf8').replace(/^\[sluice\]\n.*\n/, '')
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => agent.destroy())
    await get(sluice, agent)
    const report = await reloadWith(sluice, `${ini}http = extra.sock\n`)
    t.match(report, { kind: 'new generation', reasons: [/^listens on .*extra\.sock$/] })
    const extra = join(sluice.directory, 'extra.sock')
    t.equal((await ask({ socketPath: extra, path: '/', agent: false })).body, 'here')
    t.match(await get(sluice, agent), { body: 'here', closes: true }, 'the old connection is told to close')
    t.match(await reloadWith(sluice, ini), {
      kind: 'new generation',
      reasons: [/^listens no more on .*extra\.sock$/],
    })
    await t.rejects(ask({ socketPath: extra, path: '/', agent: false }), { code: 'ENOENT' })
    t.equal((await get(sluice)).body, 'here')
  },
)

t.test('more gateways, and http instead of https, are new gateways as well', async t => {
  const sluice = await start(t, 'https = 127.0.0.1:0,self-signed\nhttp-processes = 1\n')
  const [listener] = (await statusOf(sluice)).listeners
  t.match(await reloadWith(sluice, `https = ${listener},self-signed\nhttp-processes = 2\n`), {
    kind: 'new generation',
    reasons: ['http-processes: 1 -> 2'],
  })
  t.match(await reloadWith(sluice, `http = ${listener}\nhttp-processes = 2\n`), {
    kind: 'new generation',
    reasons: [`${listener} speaks http`],
  })
  t.equal((await fetch(`http://${listener}/`)).status, 200)
})

t.test('reload --replace: new processes, the counters go on', async t => {
  const sluice = await start(t, `${ONE}http-to = ${await startNode(t, 'here')}\n`)
  const before = gatewayPids(sluice.pid)
  await get(sluice)
  const counted = async () => (await statusOf(sluice)).counters.requests
  await until('the request is counted', async () => (await counted()) === 1)
  t.match(await reloadWith(sluice, `${ONE}http-to = ${await startNode(t, 'there')}\n`, { replace: true }), {
    kind: 'new generation',
    reasons: [],
  })
  t.equal((await get(sluice)).body, 'there')
  await until('both are counted', async () => (await counted()) === 2)
  await until('the old gateway is gone', () => before.every(pid => !isAlive(pid)))
})

t.test('a node that rests goes on resting in new gateways', async t => {
  const ini = `${ONE}http-to = http://127.0.0.1:${await freePort()}\nhttp-to = ${await startNode(t, 'alive')}\n`
  const sluice = await start(t, ini)
  for (let i = 0; i < 3; i++) await get(sluice)
  const rests = async () => (await statusOf(sluice)).nodes.map(({ isResting }) => isResting)
  await until('the master knows of the rest', async () => (await rests())[0] === true)
  await reloadWith(sluice, ini, { replace: true })
  for (let i = 0; i < 4; i++) await get(sluice)
  t.same((await statusOf(sluice)).nodes[0]?.failures, 1, 'it was not tried again')
})

t.test('an open WebSocket lives through both kinds', async t => {
  const sluice = await start(t, `${ONE}http-to = ${await startEcho(t)}\n`)
  const socket = await upgrade(t, sluice)
  for (const replace of [false, true, false, true]) {
    const ini = `${ONE}http-timeout = ${replace ? 50 : 40}\nhttp-to = ${await startNode(t, 'other')}\n`
    await reloadWith(sluice, ini, { replace })
    socket.write(`ping ${replace}`)
    t.equal(String((await once(socket, 'data'))[0]), `ping ${replace}`)
  }
})

t.test('reload-mercy ends what is left of old gateways', async t => {
  const ini = `${ONE}reload-mercy = 1\nhttp-to = ${await startEcho(t)}\n`
  const sluice = await start(t, ini)
  const socket = await upgrade(t, sluice)
  const before = gatewayPids(sluice.pid)
  const closed = new Promise(resolve => socket.on('error', () => {}).once('close', resolve))
  await reloadWith(sluice, ini, { replace: true })
  await closed
  await until('the old gateway is gone', () => before.every(pid => !isAlive(pid)))
})

t.test('a daemon goes on through a reload, unless its line changes', async t => {
  const daemon = 'attach-daemon = echo $$ >> started; exec sleep 1000\n'
  const sluice = await start(t, ONE + daemon)
  const started = () => readFileSync(join(sluice.directory, 'started'), 'utf8').trim().split('\n').map(Number)
  await sluice.logged(/daemon started/)
  await until('it runs', () => started().length === 1)
  await reloadWith(sluice, `${ONE}http-timeout = 5\n${daemon}`)
  await reloadWith(sluice, ONE + daemon, { replace: true })
  t.equal(started().length, 1)
  await reloadWith(sluice, ONE + daemon.replace('1000', '2000'))
  await until('it was started again', () => started().length === 2)
  await until('the first one is gone', () => !isAlive(started()[0]!))
})

t.test('options that are read at the start only are warned about', async t => {
  const sluice = await start(t, ONE)
  const waits = /^sluice\.ini:5: warning: the change of "pidfile" waits for the next restart\.$/
  for (const change of ['http-timeout = 8', 'http-timeout = 9']) {
    const { warnings } = await reloadWith(sluice, `${ONE}pidfile = a.pid\n${change}\n`)
    t.match(warnings, [waits], 'as long as it waits')
  }
  t.same((await reloadWith(sluice, ONE)).warnings, [], 'taken back')
})

t.test('of an option that was taken out, the warning names the file', async t => {
  const sluice = await start(t, `${ONE}pidfile = a.pid\n`)
  t.match((await reloadWith(sluice, ONE)).warnings, [/^sluice\.ini: warning: the change of "pidfile" waits/])
})

t.test('a self-signed certificate that the start made is not new to the first reload', async t => {
  const cwd = freshDirectory(t)
  const ini = `${CONTROL}${ONE}https = 127.0.0.1:0,self-signed\n`
  const sluice = await startSluice(t, { ini, cwd, env: { STATE_DIRECTORY: join(cwd, 'state') } })
  await sluice.logged(/made a self-signed certificate/)
  t.match(await reloadWith(sluice, ini.slice(CONTROL.length)), { kind: 'unchanged', changes: [] })
})

t.test('many reloads at once become few, and everybody gets a report', async t => {
  const sluice = await start(t, ONE)
  const reports = await Promise.all(
    Array.from({ length: 20 }, () => reloadWith(sluice, `${ONE}http-timeout = 9\n`, { replace: true })),
  )
  t.ok(reports.every(({ kind }) => kind === 'new generation'))
  const { reloads } = await statusOf(sluice)
  t.ok(reloads <= 5, `${reloads} reloads for 20 requests`)
})

function start(t: Test, ini: string, cwd: string = freshDirectory(t)): Promise<Sluice> {
  return startSluice(t, { ini: CONTROL + ini, cwd })
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** @param answer a body for all, or what to do with each request. @returns "http://127.0.0.1:40001" */
async function startNode(t: Test, answer: string | Handler): Promise<string> {
  const handler: Handler = typeof answer === 'string' ? (_, response) => response.end(answer) : answer
  return listen(t, http.createServer(handler))
}

/** Answers an upgrade and sends back what it gets. */
async function startEcho(t: Test): Promise<string> {
  const server = http.createServer()
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket).on('error', () => {})
  })
  return listen(t, server)
}

async function listen(t: Test, server: http.Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
}

interface Got {
  readonly body: string
  /** The client's own port: the same on the same connection. */
  readonly port: number | undefined
  readonly closes: boolean
}

function get(sluice: Sluice, agent: http.Agent | false = false): Promise<Got> {
  const { hostname, port } = new URL(sluice.url)
  return ask({ host: hostname, port, path: '/', agent })
}

async function ask(options: http.RequestOptions): Promise<Got> {
  const request = http.get(options)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const port = response.socket.localPort
  let body = ''
  for await (const piece of response) body += piece
  return { body, port, closes: response.headers.connection === 'close' }
}

async function handshake(t: Test, sluice: Sluice): Promise<tls.TLSSocket> {
  const { hostname, port } = new URL(sluice.url)
  const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

async function upgrade(t: Test, sluice: Sluice): Promise<net.Socket> {
  const { hostname, port } = new URL(sluice.url)
  const socket = net.connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await once(socket, 'data')
  return socket
}

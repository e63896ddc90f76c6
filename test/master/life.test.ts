// test/master/life.test.ts: starts, stops, signals, exit codes, and what is left behind.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../support/ports.ts'
import { gatewayPids, isAlive, until } from '../support/processes.ts'
import { startSluice } from '../support/sluice.ts'

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\n'

t.test('it says what it serves, each line a URL that answers', async t => {
  const sluice = await startSluice(t, `${INI}http = x.sock\nhttp = @sluice-${process.pid}\n`)
  t.equal((await fetch(sluice.url)).status, 200)
  t.equal(sluice.urls.length, 3)
  t.equal(sluice.urls[1], `curl --unix-socket ${join(sluice.directory, 'x.sock')} http://localhost/`)
  t.equal(sluice.urls[2], `curl --abstract-unix-socket sluice-${process.pid} http://localhost/`)
  for (const command of sluice.urls.slice(1)) {
    const child = spawn('/bin/sh', ['-c', `${command} --silent --fail --output /dev/null`])
    t.equal((await once(child, 'exit'))[0], 0, command)
  }
})

t.test('what is written twice is bound once, and serves', async t => {
  const port = await freePort('::')
  const sluice = await startSluice(t, `${INI}http = 127.0.0.1:${port}\nhttp = 127.0.0.1:${port}\n`)
  t.equal(sluice.urls.length, 2)
  t.equal((await fetch(sluice.urls[1]!)).status, 200)
  t.match(sluice.stderr(), 'sluice.ini:5: warning: option "http" listens on')
})

t.test('a URL that two listeners share is shown once', async t => {
  const port = await freePort('::')
  const sluice = await startSluice(t, `http = [::]:${port}\nhttp = :${port}\nhttp-processes = 1\n`)
  t.strictSame(sluice.urls, [`http://localhost:${port}/`])
  for (const host of ['127.0.0.1', '[::1]'])
    t.equal((await fetch(`http://${host}:${port}/`)).status, 200, host)
})

t.test('addresses that mean the whole machine are shown as localhost', async t => {
  const sluice = await startSluice(t, 'http = :0\nhttp = [::]:0\nhttp = [::1]:0\nhttp-processes = 1\n')
  t.match(sluice.urls[0], /^http:\/\/localhost:\d+\/$/)
  t.match(sluice.urls[1], /^http:\/\/localhost:\d+\/$/)
  t.match(sluice.urls[2], /^http:\/\/\[::1\]:\d+\/$/)
  for (const url of sluice.urls) t.equal((await fetch(url)).status, 200, url)
})

t.test('signals that stop: exit 0, no process left, addresses and files free', async t => {
  t.jobs = 4
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    t.test(signal, async t => {
      const sluice = await startSluice(t, `${INI}http = x.sock\npidfile = pid\nhttp-processes = 2\n`)
      const gateways = gatewayPids(sluice.pid)
      t.equal(gateways.length, 2)
      const { code, signal: killedBy, stderr } = await sluice.stop(signal)
      t.same([code, killedBy], [0, null])
      t.same(gateways.filter(isAlive), [])
      await t.rejects(fetch(sluice.url))
      t.notOk(existsSync(join(sluice.directory, 'x.sock')))
      t.notOk(existsSync(join(sluice.directory, 'pid')))
      t.notMatch(stderr, 'gateway died')
    })
  }
})

t.test('signals that do not stop', async t => {
  const sluice = await startSluice(t, INI)
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGHUP'] as const) sluice.kill(signal)
  await sluice.logged(/"msg":"reloaded"/)
  t.equal((await fetch(sluice.url)).status, 200)
  t.notMatch(sluice.stderr(), /Debugger/)
})

t.test('TERM lets the request in hand finish, and takes no new ones', async t => {
  const node = http.createServer()
  await new Promise<void>(resolve => node.listen(0, '127.0.0.1', resolve))
  t.teardown(() => node.close())
  const { port } = node.address() as net.AddressInfo
  const sluice = await startSluice(t, `${INI}http-to = http://127.0.0.1:${port}\n`)
  const held = once(node, 'request')
  const answer = fetch(sluice.url)
  const [, response] = await held
  sluice.kill('SIGTERM')
  await until('the port is closed', () => isRefused(sluice.url))
  response.end('whole')
  t.equal(await (await answer).text(), 'whole')
  t.equal((await sluice.ended).code, 0)
})

t.test('an impatient second TERM ends it although a request is in hand', async t => {
  const node = net.createServer(() => {}) // takes connections and never answers
  await new Promise<void>(resolve => node.listen(0, '127.0.0.1', resolve))
  t.teardown(() => node.close())
  const { port } = node.address() as net.AddressInfo
  const sluice = await startSluice(t, `${INI}http-to = http://127.0.0.1:${port}\n`)
  const held = once(node, 'connection')
  const answer = fetch(sluice.url).catch((error: unknown) => error)
  const [connection] = await held
  t.teardown(() => connection.destroy())
  sluice.kill('SIGTERM')
  await sluice.logged(/"stopping"/)
  t.ok(isAlive(sluice.pid), 'the first waits')
  const { code } = await sluice.stop('SIGTERM')
  t.equal(code, 0)
  await answer
})

t.test('several gateways above four have a socket each, and all answer', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 5\n')
  t.equal(gatewayPids(sluice.pid).length, 5)
  for (let i = 0; i < 20; i++)
    t.equal((await fetch(sluice.url, { headers: { connection: 'close' } })).status, 200)
  await until('no gateway is left', async () => (await sluice.stop()) && gatewayPids(sluice.pid).length === 0)
})

function isRefused(url: string): Promise<boolean> {
  const { port, hostname } = new URL(url)
  return new Promise(resolve => {
    const socket = net.connect(Number(port), hostname)
    socket.once('connect', () => resolve(socket.destroy() && false)).once('error', () => resolve(true))
  })
}

// test/bin/subscribe-uwsgi.test.ts: what `sluice subscribe` announces is believed and served by the router of a real uWSGI.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { ecPair, rsaPair } from '../subscription/signature/keys.ts'
import { freePort, freeUdpPort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'
import { startUwsgi } from '../support/uwsgi.ts'
import { KITCHEN, type Subscriber, subscriber } from './subscriber.ts'

const UWSGI = '/usr/bin/uwsgi-core'
const KEY = 'shop.example'

t.test('an application that runs is served through the router, until the announcer ends', async t => {
  const router = await startRouter(t)
  const app = await startUwsgi(t)
  t.equal(await router.status(), null, 'nobody serves the key yet')
  const one = subscriber(t, ['--to', router.to, '--key', KEY, '--address', app.address])
  await until('it is served', async () => (await router.status()) === 200)
  one.kill('SIGTERM')
  t.match(await one.ended, { code: 0 })
  await until('nobody serves the key any more', async () => (await router.status()) === null)
  t.match(router.log(), `marking ${app.address} as failed`)
})

t.test('signed announcements are believed, and none by another key', async t => {
  const directory = temporaryDirectory(t)
  const [good, bad] = [rsaPair(), ecPair()]
  writeFileSync(join(directory, 'good.pem'), good.privatePem)
  writeFileSync(join(directory, 'bad.pem'), bad.privatePem)
  writeFileSync(join(directory, `${KEY}.pem`), good.publicPem)
  const router = await startRouter(t, [`--subscriptions-sign-check=SHA256:${directory}`])
  const app = await startUwsgi(t)
  const words = ['--to', router.to, '--key', KEY, '--address', app.address]
  const forger = subscriber(t, [...words, '--sign', `SHA256:${join(directory, 'bad.pem')}`])
  await forger.said(/announces/)
  forger.kill('SIGTERM')
  await forger.ended
  t.equal(await router.status(), null)
  const one = subscriber(t, [...words, '--sign', `SHA256:${join(directory, 'good.pem')}`])
  await until('it is served', async () => (await router.status()) === 200)
  one.kill('SIGTERM')
  await one.ended
  await until('its leaving is believed, too', async () => (await router.status()) === null)
})

t.test('a request in hand ends well when TERM comes, and uWSGI after it', async t => {
  const router = await startRouter(t)
  const port = await freePort()
  const one = wrapped(t, router.to, port)
  await until('it is served', async () => (await router.status()) === 200)
  const gate = join(temporaryDirectory(t), 'gate')
  const response = await router.ask(`/gated?pieces=2&until=${gate}`)
  t.equal(response.status, 200)
  one.kill('SIGTERM')
  await until('no new request comes', async () => (await router.status()) === null)
  t.notOk(existsSync(gate))
  writeFileSync(gate, '')
  t.equal(await response.text(), 'piece 0\npiece 1\n')
  const { code } = await one.ended
  t.equal(code, 0, 'uWSGI ended by itself, as --die-on-term asks for')
})

t.test('uWSGI that is killed is gone from the router at once', async t => {
  const router = await startRouter(t)
  const port = await freePort()
  const one = wrapped(t, router.to, port)
  await until('it is served', async () => (await router.status()) === 200)
  const [, pid] = /spawned uWSGI master process \(pid: (\d+)\)/.exec(one.stderr())!
  process.kill(Number(pid), 'SIGKILL')
  t.match(await one.ended, { code: 137 })
  await until('nobody serves the key any more', async () => (await router.status()) === null)
})

interface Router {
  /** Where it listens for announcements. */
  readonly to: string
  log(): string
  /** An answer for {@link KEY}. @throws TypeError when the router closes instead */
  ask(path: string): Promise<Response>
  /** null: it closed the connection, as it does when nobody serves the key. */
  status(): Promise<number | null>
}

async function startRouter(t: Test, args: readonly string[] = []): Promise<Router> {
  const [port, announcements] = [await freePort(), await freeUdpPort()]
  const to = `127.0.0.1:${announcements}`
  const words = ['--plugins-dir=/usr/lib/uwsgi/plugins', '--plugin=http', '--master', '--die-on-term']
  const listening = [`--http=127.0.0.1:${port}`, `--http-subscription-server=${to}`]
  const child = spawn(UWSGI, [...words, ...listening, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  }
  const ended = once(child, 'close')
  t.teardown(() => {
    child.kill('SIGINT')
    return ended
  })
  const ask = (path: string) => fetchAs(KEY, port, path)
  await until('the router listens', () => /spawned uWSGI http 1/.test(log))
  const status = () =>
    ask('/echo').then(
      async response => {
        await response.arrayBuffer()
        return response.status
      },
      () => null,
    )
  return { to, log: () => log, ask, status }
}

// fetch would name the address as Host, and the router looks keys up by the Host alone.
async function fetchAs(host: string, port: number, path: string): Promise<Response> {
  const asked = http.request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }).end()
  const [answer] = await once(asked, 'response')
  return new Response(answer, { status: answer.statusCode })
}

function wrapped(t: Test, to: string, port: number): Subscriber {
  const uwsgi = [
    UWSGI,
    '--plugins-dir=/usr/lib/uwsgi/plugins',
    '--plugin=python3',
    `--socket=127.0.0.1:${port}`,
    `--wsgi-file=${KITCHEN}`,
    '--need-app',
    '--die-on-term',
    '--master',
    '--processes=2',
  ]
  const words = ['--to', to, '--key', KEY, '--address', `127.0.0.1:${port}`, '--interval', '0.05']
  return subscriber(t, [...words, '--', 'env', '-i', 'PATH=/usr/bin:/bin', ...uwsgi])
}

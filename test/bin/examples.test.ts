// test/bin/examples.test.ts: the ini files of examples/ run as they are, but for their ports.

import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { install, openDirectory, rightsOf, statusFrom } from '../support/installation.ts'
import { freePort, freeUdpPort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { runSluice, startSluice } from '../support/sluice.ts'
import { get } from '../support/subscribing.ts'
import { startUwsgi } from '../support/uwsgi.ts'

const EXAMPLES = new URL('../../examples/', import.meta.url)

t.test('quickstart: its application answers by HTTP and HTTPS, and ends with Sluice', async t => {
  const appPort = await freePort()
  const sluice = await startSluice(t, {
    ini: example('quickstart.ini').replaceAll('8081', String(appPort)),
    files: { 'quickstart-app.mjs': readFileSync(new URL('quickstart-app.mjs', EXAMPLES), 'utf8') },
  })
  const [url, secureUrl] = sluice.urls as [string, string]
  await until('the application is up', async () => (await fetch(url)).status === 200)
  t.match(await (await fetch(url)).text(), /Hello from behind Sluice.*came by HTTP from/s)
  t.match(await getInsecurely(secureUrl), /came by HTTPS from/)
  const echo = await (await fetch(`${url}echo`, { method: 'POST', body: 'ping' })).text()
  t.match(echo, /^POST \/echo HTTP\/1\.1\n.*\nping$/s)
  const stream = (await fetch(`${url}stream`)).body!.getReader()
  t.match(new TextDecoder().decode((await stream.read()).value), 'piece 1 of 10')
  await stream.cancel()
  await sluice.stop()
  await t.rejects(fetch(`http://127.0.0.1:${appPort}/`))
  t.match(sluice.stdout(), /"GET \/ HTTP\/1\.1" 200/, 'a line per request')
})

t.test(
  'edge-for-uwsgi: its application answers in the real uWSGI, over TCP and UNIX, and one can fail',
  async t => {
    const app = readFileSync(new URL('edge-for-uwsgi-app.py', EXAMPLES), 'utf8')
    const byTcp = await startUwsgi(t, { app })
    const byUnix = await startUwsgi(t, { app, listen: 'unix' })
    const ini = example('edge-for-uwsgi.ini')
      .replace('/tmp/edge-for-uwsgi.sock\nhttp-to', `${byUnix.address}\nhttp-to`)
      .replace('= 127.0.0.1:3031', `= ${byTcp.address}`)
    const sluice = await startSluice(t, { ini, args: ['--http-processes=1'] })
    const [url, secureUrl] = sluice.urls as [string, string]
    for (const turn of [1, 2]) {
      const text = await (await fetch(url, { method: 'POST', body: 'x'.repeat(turn) })).text()
      t.match(text, /^Hello from uWSGI behind Sluice\n.*REMOTE_ADDR: 127\.0\.0\.1\n.*EDGE: sluice\n/s)
      t.match(text, `body: ${turn} bytes`)
    }
    t.match(await getInsecurely(secureUrl), 'HTTPS: on')
    t.match(byTcp.log(), 'POST /', 'both had a turn')
    t.match(byUnix.log(), 'POST /')
    await byTcp.stop()
    for (const _ of [1, 2, 3]) t.equal((await fetch(url)).status, 200, 'the other one serves')
  },
)

t.test('edge-for-uwsgi passes the check', async t => {
  const { code, stderr } = await runSluice(t, { ini: example('edge-for-uwsgi.ini'), words: ['check'] })
  t.same([code, stderr], [0, ''])
})

t.test('service: root gives itself up, and it serves on the ports 80 and 443', async t => {
  const installed = install(t)
  const cwd = openDirectory(t)
  mkdirSync(join(cwd, 'log'))
  chownSync(join(cwd, 'log'), 65534, 65534)
  const ini = example('service.ini')
    .replaceAll(/^(uid|gid) = sluice$/gm, '$1 = 65534')
    .replaceAll('/var/log/sluice/', `${cwd}/log/`)
    .replaceAll('= /etc/sluice/', `= ${cwd}/`)
  t.match(await installed.run({ words: ['check'], ini, cwd }), { code: 0, stderr: '' })
  mkdirSync(join(cwd, 'run'), 0o700) // of root alone, as /run is to write in
  const sluice = await installed.start({ ini, cwd, args: ['--pidfile', 'run/pid'] })
  t.equal(readFileSync(join(cwd, 'run/pid'), 'utf8'), `${sluice.pid}\n`)
  t.ok(rightsOf(sluice.pid).every(({ uids, gids }) => [...uids, ...gids].every(id => id === 65534)))
  t.equal(await statusFrom(sluice, 'http://127.0.0.1/'), '301')
  t.equal(await statusFrom(sluice, 'https://127.0.0.1/'), '503', 'nobody is behind it')
  await until('the lines are written', () => statSync(join(cwd, 'log/access.log')).size > 0)
  writeFileSync(join(cwd, 'rotate'), '')
  await until('the access log is rotated', () => readdirSync(join(cwd, 'log')).length === 2)
  t.match(await sluice.stop('SIGTERM'), { code: 0 })
})

t.test(
  'subscribe: three applications in uWSGI announce themselves, and are served by their names',
  async t => {
    const port = await freeUdpPort()
    const files = ['shop-1.ini', 'shop-2.ini', 'blog.ini', 'app.py'].map(name => {
      return [name, example(`subscribe/${name}`).replaceAll('4040', String(port))]
    })
    const sluice = await startSluice(t, {
      ini: example('subscribe/gateway.ini')
        .replaceAll('4040', String(port))
        .replace(/^(subscription-state) = .*$/m, '$1 = state.json'),
      files: Object.fromEntries(files),
    })
    const seen = new Set<string>()
    await until('all three answer', async () => {
      for (const host of ['shop.localhost', 'blog.localhost']) seen.add((await get(sluice.url, host)).body)
      return ['shop-1, for shop', 'shop-2, for shop', 'blog, for blog'].every(text =>
        seen.has(`Hello from ${text}.localhost\n`),
      )
    })
    const [, words = ''] = /npx sluice (why .*)/.exec(example('subscribe/gateway.ini')) ?? []
    t.match(words, / --control /, 'whatever else runs on this machine')
    const args = words.replace('examples/subscribe/', '').split(' ')
    const { code, stdout } = await runSluice(t, { args, cwd: sluice.directory })
    t.equal(code, 0)
    t.match(stdout, 'shop.localhost is served by key shop.localhost')
    await sluice.stop()
  },
)

/** With ports that the kernel picks. */
function example(name: string): string {
  return readFileSync(new URL(name, EXAMPLES), 'utf8').replaceAll(/= :(8080|8443)\b/g, '= 127.0.0.1:0')
}

function getInsecurely(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    https
      .get(url, { rejectUnauthorized: false }, async answer => {
        resolve(Buffer.concat(await answer.toArray()).toString())
      })
      .on('error', reject)
  })
}

// test/bin/examples.test.ts: the ini files of examples/ run as they are, but for their ports.
import { readFileSync } from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import t from 'tap'
import { until } from '../support/processes.ts'
import { runSluice, startSluice } from '../support/sluice.ts'
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

/** With ports that the kernel picks. */
function example(name: string): string {
  return readFileSync(new URL(name, EXAMPLES), 'utf8').replaceAll(/= :(8080|8443)\b/g, '= 127.0.0.1:0')
}

async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
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

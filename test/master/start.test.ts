// test/master/start.test.ts: starts that are refused and why, and what a first start makes.
import { readFileSync, statSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../support/ports.ts'
import { gatewayPids } from '../support/processes.ts'
import { freshDirectory, runSluice, startSluice } from '../support/sluice.ts'
import { readText } from '../support/tmp.ts'

const INI = 'http = 127.0.0.1:0\nhttp-processes = 2\n'

t.test('a start that cannot be', async t => {
  t.jobs = 4
  t.test('a port in use: who holds it', async t => {
    const first = await startSluice(t, INI)
    const { port } = new URL(first.url)
    const { code, stderr } = await runSluice(t, `http = 127.0.0.1:${port}\n`)
    t.equal(code, 1)
    t.match(
      stderr,
      `sluice.ini:2: cannot listen on 127.0.0.1:${port}: it is in use by process ${first.pid} (`,
    )
    t.match(stderr, ' Stop that process, or choose another address.\n')
  })

  t.test('two starts at once: one serves, the other says why not', async t => {
    const port = await freePort()
    const starts = await Promise.allSettled([1, 2].map(() => startSluice(t, `http = 127.0.0.1:${port}\n`)))
    t.same(starts.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const { reason } = starts.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    t.match(
      reason.message,
      new RegExp(`sluice\\.ini:2: cannot listen on 127\\.0\\.0\\.1:${port}: it is in use by process \\d+`),
    )
  })

  t.test('a privileged port as an ordinary user: what gives the right', async t => {
    const start = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
    if (process.getuid?.() !== 0 || start < 2)
      return t.pass('only root can become another user, and ports must be guarded')
    const cwd = freshDirectory(t)
    const wrapper = [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ]
    const { code, stderr } = await runSluice(t, { args: [`--http=127.0.0.1:${start - 1}`], wrapper, cwd })
    if (/EACCES|permission denied/i.test(stderr) && !stderr.includes('cannot listen'))
      return t.pass('that user may not run this Node')
    t.equal(code, 1)
    t.match(
      stderr,
      `command line: cannot listen on 127.0.0.1:${start - 1}: ports below ${start} need a right that user 65534 does not have.`,
    )
    t.match(stderr, 'setcap cap_net_bind_service=+ep')
    t.match(stderr, `sysctl net.ipv4.ip_unprivileged_port_start=${start - 1}`)
  })
})

t.test('a self-signed certificate is made at the first start and kept', async t => {
  const cwd = freshDirectory(t)
  const ini = 'https = 127.0.0.1:0,self-signed\n'
  const first = await startSluice(t, { ini, cwd })
  t.match(first.stderr(), 'made a self-signed certificate')
  const file = join(cwd, 'state', 'self-signed.pem')
  t.equal(statSync(file).mode & 0o777, 0o600)
  const ca = readFileSync(file, 'utf8')
  t.equal(await statusOf(first.url, ca), 200, 'a client that trusts it gets an answer')
  await first.stop()
  const second = await startSluice(t, { ini, cwd })
  t.equal(await statusOf(second.url, ca), 200, 'the same one')
  t.notMatch(second.stderr(), 'made a self-signed')
})

t.test('without a place to keep it in, the start says which place was tried', async t => {
  const cwd = freshDirectory(t)
  const env = { STATE_DIRECTORY: '/proc/none' }
  const { code, stderr } = await runSluice(t, { ini: 'https = 127.0.0.1:0,self-signed\n', cwd, env })
  t.equal(code, 1)
  t.match(
    stderr,
    'sluice.ini:2: /proc/none cannot hold the self-signed certificate. Make it writable, or name another directory in STATE_DIRECTORY.',
  )
})

t.test('variables that would change Node are not handed on', async t => {
  const env = { NODE_OPTIONS: '--no-deprecation', NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  const sluice = await startSluice(t, { ini: INI, env })
  for (const name of Object.keys(env)) t.match(sluice.stderr(), `"name":"${name}"`)
  for (const pid of gatewayPids(sluice.pid)) {
    const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    t.same(
      environ.filter(entry => /^NODE_(OPTIONS|DEBUG|TLS_)/.test(entry)),
      [],
    )
  }
})

function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    https
      .get(url, { ca, servername: 'localhost' }, answer => resolve(answer.resume().statusCode))
      .on('error', reject)
  })
}

t.test('no process of ours can dump core', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 1\n')
  for (const pid of [sluice.pid, ...gatewayPids(sluice.pid)]) {
    t.match(readText(`/proc/${pid}/limits`), /^Max core file size +0 /m)
  }
})

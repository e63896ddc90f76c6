// test/master/subscriptions/life.test.ts: an instance to which nodes announce themselves: start, check, reload, restart, sleep.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { writePacket } from '../../../subscription/packet/write.ts'
import { announcement } from '../../subscription/packet/samples.ts'
import { gatewayPids, until } from '../../support/processes.ts'
import { freshDirectory, runSluice, type Sluice, startSluice } from '../../support/sluice.ts'
import { startUwsgi } from '../../support/uwsgi.ts'
import { sendAll } from './receiver.ts'

t.jobs = 2

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\nhttp-subscription-server = 127.0.0.1:0\n'

async function portOf(sluice: Sluice): Promise<number> {
  return Number((await sluice.logged(/"port":(\d+),"msg":"nodes may announce themselves"/))[1])
}

async function announce(sluice: Sluice, said: Parameters<typeof announcement>[0] = {}): Promise<void> {
  await sendAll(await portOf(sluice), [writePacket(announcement({ address: '127.0.0.1:9', ...said }), null)])
}

// On a connection of its own, which ends with the answer: a gateway that retires waits for kept ones.
function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, answer => resolve(answer.resume().statusCode ?? 0)).on('error', reject)
  })
}

for (const [what, lines, message] of [
  [
    'a line that cannot be read',
    'subscription-allow = source=nowhere',
    /sluice\.ini:5: option "subscription-allow": /,
  ],
  [
    'a directory that is not there',
    'subscriptions-sign-check = SHA256:keys',
    /sluice\.ini:5: .*which does not exist/,
  ],
  [
    'a file in place of a directory',
    'subscriptions-sign-check = SHA256:/etc/passwd',
    /sluice\.ini:5: .* names \/etc\/passwd, which is not a directory/,
  ],
  ['an unknown digest', 'subscriptions-sign-check = MD5:.', /sluice\.ini:5: .*"MD5" is not a digest/],
  ['a state file nowhere', 'subscription-state = no/where.json', /sluice\.ini:5: .*cannot be written/],
] as const) {
  t.test(`${what} is refused at its line`, async t => {
    const { code, stderr } = await runSluice(t, { ini: `${INI}${lines}\n`, words: ['check'] })
    t.equal(code, 1)
    t.match(stderr, message)
  })
}

t.test('a check warns of SHA1 and of strangers', async t => {
  const lines = `${INI}subscriptions-sign-check = SHA1:.\n`
  t.match((await runSluice(t, { ini: lines, words: ['check'] })).stderr, /sluice\.ini:5: warning: SHA1/)
  const open = 'http = :0\nhttp-subscription-server = :4017\n'
  const checked = await runSluice(t, { ini: open, words: ['check'] })
  t.equal(checked.code, 0)
  t.match(checked.stderr, /sluice\.ini:3: warning: 0\.0\.0\.0:4017 takes unsigned announcements/)
})

t.test('an address that is taken is told at its line', async t => {
  const other = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const taken = `127.0.0.1:${other.address().port}`
  const { code, stderr } = await runSluice(t, `http = 127.0.0.1:0\nhttp-subscription-server = ${taken}\n`)
  t.equal(code, 1)
  t.match(stderr, `sluice.ini:3: cannot receive on ${taken}: it is in use by process ${process.pid}`)
})

t.test('nodes come, are there after a restart, and a reload keeps them', async t => {
  const cwd = freshDirectory(t)
  const first = await startSluice(t, { ini: INI, cwd })
  t.match(first.stdout(), /to nodes that announce themselves/)
  await announce(first)
  await first.logged(/"key":"a\.example".*"msg":"node announced itself"/)
  writeFileSync(join(cwd, 'sluice.ini'), `[sluice]\n${INI}subscription-tolerance = 60\n`)
  first.kill('SIGHUP')
  await first.logged(/"kind":"in place".*"msg":"reloaded"/)
  t.notMatch(first.stderr(), /"msg":"node left"/)
  t.equal((await first.stop('SIGTERM')).code, 0)
  t.ok(existsSync(join(cwd, 'state/subscriptions-127.0.0.1_0.json')))
  const second = await startSluice(t, { cwd, ini: INI })
  await second.logged(/"nodes":1,"refused":0,"msg":"nodes of the run before are there again"/)
  t.equal((await second.stop()).code, 0)
})

t.test('http-cheap: clients wait until a node announces itself, and when the last one left', async t => {
  const sluice = await startSluice(t, `${INI}http-cheap = true\npidfile = p.pid\n`)
  await sluice.logged(/no node is known: connections wait/)
  await until('no gateway is left', () => gatewayPids(sluice.pid).length === 0)
  const early = statusOf(sluice.url)
  let isAnswered = false
  void early.then(() => {
    isAnswered = true
  })
  sluice.kill('SIGTSTP')
  await sluice.logged(/"msg":"paused/)
  sluice.kill('SIGTSTP')
  await sluice.logged(/"msg":"resumed"/)
  const asked = runSluice(t, {
    words: ['reload', '--replace'],
    args: ['--pidfile=p.pid'],
    cwd: sluice.directory,
  })
  t.equal((await asked).code, 0)
  t.notOk(isAnswered, 'it waits on, whatever is asked of gateways that sleep')
  t.same(gatewayPids(sluice.pid), [])
  const began = performance.now()
  await announce(sluice)
  t.type(await early, 'number', 'a gateway answers')
  t.comment(`awake after ${(performance.now() - began).toFixed(0)} ms`)
  await announce(sluice, { command: 'unsubscribe' })
  await until('no gateway is left', () => gatewayPids(sluice.pid).length === 0)

  sluice.kill('SIGTSTP')
  await sluice.logged(/(?:"msg":"paused[\s\S]*){2}/)
  await announce(sluice)
  await sluice.logged(/"msg":"node left"[\s\S]*"msg":"node announced itself"/)
  t.equal(gatewayPids(sluice.pid).length, 0, 'a pause goes before')
  const paused = statusOf(sluice.url)
  sluice.kill('SIGTSTP')
  await sluice.logged(/(?:"msg":"resumed"[\s\S]*){2}/)
  t.type(await paused, 'number')

  await announce(sluice, { command: 'unsubscribe' })
  await until('no gateway is left', () => gatewayPids(sluice.pid).length === 0)
  writeFileSync(join(sluice.directory, 'sluice.ini'), `[sluice]\n${INI}`)
  const woken = statusOf(sluice.url)
  sluice.kill('SIGHUP')
  t.type(await woken, 'number', 'a reload without it wakes the gateways')
  t.equal((await sluice.stop()).code, 0)
})

t.test('a real uWSGI announces itself, and takes its leave at a stop', async t => {
  const sluice = await startSluice(t, INI)
  const args = ['--master', `--subscribe-to=127.0.0.1:${await portOf(sluice)}:a.example`]
  const uwsgi = await startUwsgi(t, { args })
  await sluice.logged(new RegExp(`"node":"uwsgi://${uwsgi.address}".*"msg":"node announced itself"`))
  await uwsgi.stop()
  await sluice.logged(/"why":"unsubscribed","msg":"node left"/)
})

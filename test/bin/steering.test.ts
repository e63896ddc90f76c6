// test/bin/steering.test.ts: `sluice reload`, `stop` and `status` on real instances: what they print and how they end.
import { once } from 'node:events'
import { appendFileSync, existsSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { gatewayPids, isAlive, until } from '../support/processes.ts'
import { runSluice, type Sluice, type SluiceOptions, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\npidfile = run.pid\n'

t.jobs = 3

t.test('reload', async t => {
  const { sluice, command } = await start(t, INI)
  const pidfile = ['--pidfile', 'run.pid']
  const ini = join(sluice.directory, 'sluice.ini')

  t.test('of what did not change', async t => {
    const { code, stdout } = await command('reload', ...pidfile)
    t.equal(code, 0)
    t.match(stdout, /^nothing changed in \d+ ms\n$/)
  })

  t.test('in place says what changed', async t => {
    appendFileSync(ini, 'http-timeout = 30\n')
    const { code, stdout, stderr } = await command('reload', ...pidfile)
    t.match(stdout, /^reloaded in place in \d+ ms: http-timeout: 60 -> 30\n$/)
    t.same([code, stderr], [0, ''])
  })

  t.test('--replace brings new gateways', async t => {
    const before = gatewayPids(sluice.pid)
    const { code, stdout } = await command('reload', '--replace', ...pidfile)
    t.equal(code, 0)
    t.match(stdout, /^reloaded by new gateways in \d+ ms\n$/)
    await until('the old ones are gone', () => !before.some(isAlive))
    t.equal((await fetch(sluice.url)).status, 200)
  })

  t.test('that is refused prints the problem with its line', async t => {
    appendFileSync(ini, 'bogus = 1\n')
    const { code, stdout, stderr } = await command('reload', ...pidfile)
    t.equal(code, 1)
    t.match(stderr, /^sluice\.ini:6: option "bogus" is unknown\. /)
    t.equal(stdout, '')
    t.equal((await fetch(sluice.url)).status, 200)
  })
})

t.test('status', async t => {
  const { sluice, command } = await start(t, INI)
  await fetch(sluice.url)
  const { host } = new URL(sluice.url)
  t.test('for people', async t => {
    const { code, stdout } = await command('status', '--pid', String(sluice.pid))
    t.equal(code, 0)
    t.match(stdout, `process ${sluice.pid}, for `)
    t.match(stdout, `listeners    ${host}\n`)
    t.match(stdout, `gateways     ${gatewayPids(sluice.pid)[0]} (`)
  })

  t.test('as JSON, counters included', async () => {
    const control = join(sluice.directory, 'run', `${sluice.pid}.sock`)
    await until('the request is counted', async () => {
      const { stdout } = await command('status', '--json', '--control', control)
      return JSON.parse(stdout).counters.requests === 1
    })
  })
})

t.test('stop waits until all of it is gone', async t => {
  const { sluice, command } = await start(t, INI)
  const gateways = gatewayPids(sluice.pid)
  const { code, stdout } = await command('stop', '--pidfile', 'run.pid')
  t.same([code, stdout], [0, 'stopped\n'])
  t.same([sluice.pid, ...gateways].filter(isAlive), [])
  t.equal((await sluice.ended).code, 0)
  t.notOk(existsSync(join(sluice.directory, 'run.pid')))
  t.notOk(existsSync(join(sluice.directory, 'run', `${sluice.pid}.sock`)))
})

t.test('stop lets the exchange in hand finish, and stop --now cuts it', async t => {
  const node = http.createServer()
  await new Promise<void>(resolve => node.listen(0, '127.0.0.1', resolve))
  t.teardown(() => node.close())
  const { port } = node.address() as net.AddressInfo
  const { sluice, command } = await start(t, `${INI}http-to = http://127.0.0.1:${port}\n`)
  const held = once(node, 'request')
  const answer = fetch(sluice.url).then(
    () => 'answered',
    () => 'cut',
  )
  await held
  const patient = command('stop', '--pidfile', 'run.pid')
  await sluice.logged(/"command":"stop"/)
  t.ok(isAlive(sluice.pid), 'the first waits')
  const hasty = await command('stop', '--now', '--pidfile', 'run.pid')
  t.same([hasty.code, hasty.stdout], [0, 'stopped\n'])
  t.equal((await patient).code, 0)
  t.equal(await answer, 'cut')
  t.equal((await sluice.ended).code, 0)
})

t.test('exit-on-reload', async t => {
  const { sluice, command } = await start(t, `${INI}exit-on-reload = true\n`)
  const { code, stderr } = await command('reload', '--pidfile', 'run.pid')
  t.same([code, stderr], [0, 'not reloaded: exit-on-reload is set, so Sluice stops\n'])
  t.equal((await sluice.ended).code, 0)
})

t.test('only root and the user of the instance may ask', async t => {
  const { sluice, command } = await start(t, INI)
  const stranger = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const { code, stderr } = await command.by(stranger)('stop', '--pid', String(sluice.pid))
  t.equal(code, 1)
  t.match(stderr, /you may not|no running Sluice/)
  t.ok(isAlive(sluice.pid))
})

t.test('what answers and is no Sluice is told', async t => {
  const { sluice, command } = await start(t, INI)
  for (const [text, message] of [
    ['hello\n', /is no Sluice of this version/],
    ['', /without an answer/],
    ['{"ok":false,"problem":"no"}\n', /Sluice refused: no\./],
  ] as const) {
    const server = net.createServer(socket =>
      socket
        .end(text)
        .on('error', () => {})
        .resume(),
    )
    const path = join(sluice.directory, 'fake.sock')
    await new Promise<void>(resolve => server.listen(path, resolve))
    const { code, stderr } = await command('reload', '--control', path)
    server.close()
    t.equal(code, 1)
    t.match(stderr, message)
  }
})

type Run = (...args: string[]) => ReturnType<typeof runSluice>
interface Command extends Run {
  by(wrapper: readonly string[]): Run
}

// An instance with a runtime directory of its own, and the command beside it.
async function start(t: Test, ini: string): Promise<{ sluice: Sluice; command: Command }> {
  const options: SluiceOptions = { ini, files: { 'run/.keep': '' } }
  const sluice = await startSluice(t, { ...options, env: { RUNTIME_DIRECTORY: 'run' } })
  const runAs =
    (wrapper: readonly string[]) =>
    (...args: string[]) => {
      return runSluice(t, {
        args,
        cwd: sluice.directory,
        env: { RUNTIME_DIRECTORY: join(sluice.directory, 'run') },
        wrapper,
      })
    }
  return { sluice, command: Object.assign(runAs([]), { by: runAs }) }
}

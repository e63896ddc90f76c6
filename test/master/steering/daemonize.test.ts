// test/master/steering/daemonize.test.ts: a start in the background: what the command says, and what goes on without it.
import { chmodSync, chownSync, existsSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isAlive, until } from '../../support/processes.ts'
import { freshDirectory, runSluice } from '../../support/sluice.ts'
import type { Test } from '../../support/tmp.ts'

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\npidfile = run.pid\n'

t.jobs = 3

for (const option of ['daemonize', 'daemonize2']) {
  t.test(`${option}: the command returns once Sluice serves`, async t => {
    const cwd = freshDirectory(t)
    const { code, stdout, stderr } = await runSluice(t, { ini: `${INI}${option} = log\n`, cwd })
    t.equal(stderr.replace(/^.*runs as root.*\n/m, ''), '')
    t.equal(code, 0)
    const pid = daemon(t, cwd)
    const [, announced, url] = /^Sluice \S+ serves \(process (\d+)\):\n {2}(\S+) /.exec(stdout)!
    t.equal(Number(announced), pid)
    t.equal((await fetch(url!)).status, 200)
    t.same(
      ['0', '1', '2'].map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`)),
      ['/dev/null', join(cwd, 'log'), join(cwd, 'log')],
    )
    const [, , , group, session, terminal] = statOf(pid)
    t.same([group, session, terminal], [String(pid), String(pid), '0'], 'a session of its own')
    t.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /^sluice: master/)
    t.notMatch(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
      /^Umask:\s+00[0145][0145]$/m,
      'others may not write',
    )
    await until('its log says so', () => /"msg":"started"/.test(readFileSync(join(cwd, 'log'), 'utf8')))
    process.kill(pid, 'SIGUSR1')
    await until('it heard the signal', () =>
      /"configuration and/.test(readFileSync(join(cwd, 'log'), 'utf8')),
    )
    const stopped = await runSluice(t, { args: ['stop', '--pidfile', 'run.pid'], cwd })
    t.equal(stopped.code, 0)
    t.notOk(isAlive(pid))
    t.match(readFileSync(join(cwd, 'log'), 'utf8'), /"msg":"stopped"/)
  })
}

t.test('what is wrong with a start is told by the command, and its exit code', async t => {
  for (const [what, ini, message] of [
    ['an option', 'bogus = 1\n', /^sluice\.ini:6: option "bogus" is unknown/],
    ['a plan', 'chdir = none\n', /^sluice\.ini:6: there is no directory/m],
    ['an address', 'http = 203.0.113.9:80\n', /^sluice\.ini:6: .*203\.0\.113\.9/m],
  ] as const) {
    const cwd = freshDirectory(t)
    const { code, stdout, stderr } = await runSluice(t, { ini: `${INI}daemonize = log\n${ini}`, cwd })
    t.same([code, stdout], [1, ''], what)
    t.match(stderr, message, what)
    t.notMatch(stderr, /^\s+at /m)
    t.notOk(existsSync(join(cwd, 'run.pid')), what)
  }
})

t.test('a log that cannot be written is told with its line', async t => {
  const { code, stderr } = await runSluice(t, `${INI}daemonize = none/log\n`)
  t.equal(code, 1)
  t.match(
    stderr,
    /^sluice\.ini:5: the .*log \S+none\/log cannot be written: there is no directory \S+none\. /m,
  )
})

t.test('no link of the user that Sluice becomes is followed as root', async t => {
  const cwd = freshDirectory(t, { secret: 'mine', log: '' })
  chmodSync(join(cwd, 'secret'), 0o600)
  chmodSync(cwd, 0o755)
  rmSync(join(cwd, 'log'))
  symlinkSync(join(cwd, 'secret'), join(cwd, 'log'))
  chownSync(cwd, 65534, 65534)
  const uid = 'uid = 65534\ngid = 65534\nlog-truncate = true\n'
  const { code, stderr } = await runSluice(t, { ini: `${INI}${uid}daemonize = log\n`, cwd })
  t.equal(code, 1)
  t.match(stderr, /^sluice\.ini:8: the log \S+ cannot be written: .*/m)
  t.equal(readFileSync(join(cwd, 'secret'), 'utf8'), 'mine')
})

t.test('a config from standard input cannot go on in the background', async t => {
  const wrapper = ['sh', '-c', 'printf "[sluice]\\nhttp = 127.0.0.1:0\\n" | "$@"', 'sh']
  const { code, stderr } = await runSluice(t, { args: ['--daemonize', 'log', '--ini', '-'], wrapper })
  t.equal(code, 1)
  t.match(stderr, /the config comes from standard input.*Write it to a file\./)
})

t.test('a second start on the same pid file is refused, and the first runs on', async t => {
  const cwd = freshDirectory(t)
  const start = { ini: `${INI}daemonize = log\n`, cwd }
  t.equal((await runSluice(t, start)).code, 0)
  const pid = daemon(t, cwd)
  const { code, stderr } = await runSluice(t, start)
  t.equal(code, 1)
  t.match(stderr, `belongs to another Sluice that runs, process ${pid}. `)
  t.ok(isAlive(pid))
})

t.test('sockets that were handed to the command go on in the background', async t => {
  const cwd = freshDirectory(t)
  const script = `
import os, socket, sys
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
os.dup2(s.fileno(), 7, inheritable=True)
os.execvp(sys.argv[1], sys.argv[1:])`
  const ini = 'http = fd://7\nhttp-processes = 1\npidfile = run.pid\ndaemonize = log\n'
  const { code, stdout } = await runSluice(t, { ini, cwd, wrapper: ['python3', '-c', script] })
  t.equal(code, 0)
  daemon(t, cwd)
  t.equal((await fetch(/http:\S+/.exec(stdout)![0])).status, 200)
})

/** Its pid; ended with the test. */
function daemon(t: Test, cwd: string): number {
  const pid = Number(readFileSync(join(cwd, 'run.pid'), 'utf8'))
  t.teardown(async () => {
    if (isAlive(pid)) process.kill(pid, 'SIGINT')
    await until('the daemon is gone', () => !isAlive(pid))
  })
  return pid
}

// Fields from the pid on; the name may hold blanks.
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return [String(pid), ...text.slice(text.lastIndexOf(')') + 2).split(' ')]
}

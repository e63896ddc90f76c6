// test/master/steering/control-drop.test.ts: an instance that gave up root can be found, steered and stopped as before.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { install, openDirectory } from '../../support/installation.ts'
import { runSluice } from '../../support/sluice.ts'

const NOBODY = 65534
const INI = `
uid = ${NOBODY}
gid = ${NOBODY}
http = 127.0.0.1:0
http-processes = 1
master-fifo = first
master-fifo = second
procname = edge
`

t.test('after the drop', async t => {
  const sluice = install(t)
  const cwd = openDirectory(t)
  const run = join(openDirectory(t), 'run')
  const pidfile = join('/run', `sluice-test-${process.pid}.pid`)
  t.teardown(() => rmSync(pidfile, { force: true }))
  const env = { RUNTIME_DIRECTORY: run }
  mkdirSync(run)
  const instance = await sluice.start({ ini: `${INI}pidfile = ${pidfile}\n`, cwd, env })
  const pid = Number(readFileSync(pidfile, 'utf8'))
  const command = (args: readonly string[], wrapper: readonly string[] = []) => {
    return runSluice(t, { args, cwd, env, wrapper, command: sluice.command })
  }
  const asUser = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']

  t.test('it is found by its pid file, whatever its title', async t => {
    t.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /^edge/)
    const { code, stdout } = await command(['status', '--json', '--pidfile', pidfile])
    t.equal(code, 0)
    t.equal(JSON.parse(stdout).pid, pid)
  })

  t.test('its control socket, pipes and pid file are its own', async t => {
    const socket = statSync(join(run, `${pid}.sock`))
    t.same([socket.uid, socket.mode & 0o777], [NOBODY, 0o600])
    for (const name of ['first', 'second']) t.equal(statSync(join(cwd, name)).uid, NOBODY, name)
    t.equal(statSync(pidfile).uid, NOBODY)
  })

  t.test('the second pipe can still be opened', async () => {
    writeFileSync(join(cwd, 'first'), '1')
    writeFileSync(join(cwd, 'second'), 's')
    await instance.logged(/"msg":"status"/)
  })

  t.test('its user may ask, another one may not', async t => {
    const target = ['--control', join(run, `${pid}.sock`)]
    const own = await command(['reload', ...target], asUser)
    t.same([own.code, own.stderr], [0, ''])
    const other = await command(
      ['reload', ...target],
      ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups'],
    )
    t.equal(other.code, 1)
    t.match(other.stderr, /^sluice: you may not use the control socket /)
  })

  t.test('stop leaves an empty pid file where it may not be removed, and nothing else', async t => {
    const { code, stdout } = await command(['stop', '--pidfile', pidfile])
    t.same([code, stdout], [0, 'stopped\n'])
    t.equal((await instance.ended).code, 0)
    t.equal(readFileSync(pidfile, 'utf8'), '')
    t.notOk(existsSync(join(run, `${pid}.sock`)))
  })
})

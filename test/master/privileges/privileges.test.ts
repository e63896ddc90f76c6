// test/master/privileges/privileges.test.ts: started as root, bound to ports that only root may bind, and then nothing of ours is
// root any more.
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { install, openDirectory, rightsOf, statusFrom } from '../../support/installation.ts'
import { until } from '../../support/processes.ts'
import { readText } from '../../support/tmp.ts'

const WWW_DATA = 33

const sluice = install(t)

t.test('privileged ports', async t => {
  t.jobs = 2
  for (const [how, listeners, gateways] of [
    ['through a shared socket', 'shared-socket = :80\nhttp = =0\n', 2],
    ['by a plain line', 'http = :80\nhttps = [::1]:443,self-signed\n', 1],
  ] as const) {
    t.test(`bound ${how}, then no process has a right of root, nor after a reload`, async t => {
      const own = `uid = www-data\nhttp-processes = ${gateways}\nattach-daemon = sleep 600 & sleep 600\n`
      const running = await sluice.start({ ini: `${listeners}${own}` })
      const count = (name: string) => rightsOf(running.pid).filter(each => each.name === name).length
      await until('the daemon has its children', () => count('sleep') === 2)
      const check = async (when: string) => {
        t.equal(await statusFrom(running, 'http://127.0.0.1/'), '200', `${when}: it serves`)
        const rights = rightsOf(running.pid)
        const pids = new Set(rights.map(({ pid }) => pid))
        t.ok(pids.size >= gateways + 4, `${when}: master, gateways and the daemon with its own are looked at`)
        for (const { name, uids, gids, groups, capabilities } of rights) {
          t.strictSame([...new Set([...uids, ...gids, ...groups])], [WWW_DATA], `${when}: ids of ${name}`)
          t.equal(capabilities, 0n, `${when}: capabilities of ${name}`)
        }
      }
      await check('after the start')
      if (how === 'by a plain line') t.equal(await statusFrom(running, 'https://[::1]/'), '200')
      const file = join(running.directory, 'sluice.ini')
      const change = how === 'by a plain line' ? 'http-timeout = 7' : 'listen = 77' // in place; by new gateways
      writeFileSync(file, `${readText(file)}${change}\n`)
      running.kill('SIGHUP')
      await running.logged(/"msg":"reloaded"/)
      await check('after a reload')
      t.equal((await running.stop('SIGTERM')).code, 0)
    })
  }
})

t.test('what it goes on with', async t => {
  t.jobs = 2
  t.test('files that it makes as root belong to the user, those of others stay theirs', async t => {
    const cwd = openDirectory(t)
    writeFileSync(join(cwd, 'note'), 'mine')
    const ini =
      'http = :80\nhttps = :443,self-signed\nhttp-processes = 1\nuid = www-data\naccess-log = a.log\nlogto = e.log\npidfile = x.pid\n'
    const running = await sluice.start({ ini, cwd, env: { STATE_DIRECTORY: join(cwd, 'state') } })
    await statusFrom(running, 'http://127.0.0.1/')
    await until('the access log has its line', () => /GET \//.test(readText(join(cwd, 'a.log'))))
    for (const name of ['a.log', 'e.log', 'state', 'state/self-signed.pem', 'x.pid']) {
      t.equal(statSync(join(cwd, name)).uid, WWW_DATA, name)
    }
    t.equal(statSync(join(cwd, 'note')).uid, 0)
    t.equal((await running.stop('SIGTERM')).code, 0)
  })

  t.test('in the background too', async t => {
    const cwd = openDirectory(t)
    const ini = 'http = :80\nuid = www-data\nhttp-processes = 1\ndaemonize = d.log\npidfile = x.pid\n'
    const { code, stderr } = await sluice.run({ ini, cwd })
    t.equal(code, 0, stderr)
    const pid = Number(readText(join(cwd, 'x.pid')))
    t.teardown(() => process.kill(pid, 'SIGKILL'))
    t.equal(statSync(join(cwd, 'd.log')).uid, WWW_DATA)
    for (const { uids } of rightsOf(pid)) t.strictSame(uids, Array(4).fill(WWW_DATA))
  })

  t.test(
    'a start directory that the user may not enter does no harm where nothing is needed in it',
    async t => {
      const cwd = join(openDirectory(t), 'closed')
      mkdirSync(cwd, { mode: 0o700 })
      const running = await sluice.start({
        args: ['--http=:80', '--uid=www-data', '--http-processes=1'],
        cwd,
      })
      t.equal(await statusFrom(running, 'http://127.0.0.1/'), '200')
    },
  )

  t.test('max-fd and umask hold for every process', async t => {
    const cwd = openDirectory(t)
    const ini =
      'http = :80\nhttp-processes = 1\nuid = www-data\nmax-fd = 777\numask = 027\nattach-daemon = umask > mask; ulimit -n > fds; sleep 600\nchdir = given\n'
    mkdirSync(join(cwd, 'given'), { mode: 0o777 })
    chmodSync(join(cwd, 'given'), 0o777)
    const running = await sluice.start({ ini, cwd })
    for (const { pid } of rightsOf(running.pid)) {
      t.match(readFileSync(`/proc/${pid}/limits`, 'latin1'), /^Max open files +777 +777 /m)
    }
    await until('the daemon said what it has', () => readText(join(cwd, 'given/fds')) !== '')
    t.match(readText(join(cwd, 'given/mask')), '0027')
    t.equal(statSync(join(cwd, 'given/mask')).uid, WWW_DATA, 'and runs as the user')
  })
})

t.test('as root without uid it says so, once', async t => {
  const running = await sluice.start({ ini: 'http = :80\nhttp-processes = 1\n' })
  t.equal(running.stderr().match(/Sluice runs as root: set uid/g)?.length, 1)
})

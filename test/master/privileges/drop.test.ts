// test/master/privileges/drop.test.ts: a system that does not let root go, or come back, in the way we need.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { dropPrivileges } from '../../../master/privileges/drop.ts'
import { install, type Rights, rightsOf } from '../../support/installation.ts'

const WWW_DATA = 33
const NOBODY = 65534

const sluice = install(t)
const ini = 'http = :80\nuid = www-data\n'

t.test('users and groups', async t => {
  for (const [what, options, uid, gid, groups] of [
    ["uid alone takes the user's own group", ['uid=nobody'], NOBODY, NOBODY, [NOBODY]],
    [
      'add-gid replaces its groups',
      ['uid=www-data', 'add-gid=adm', 'add-gid=20'],
      WWW_DATA,
      WWW_DATA,
      [4, 20],
    ],
    ['no-initgroups leaves none', ['uid=www-data', 'no-initgroups'], WWW_DATA, WWW_DATA, []],
    ['numbers need no account', ['uid=54321', 'gid=54321'], 54321, 54321, []],
    ['gid counts beside uid', ['uid=www-data', 'gid=adm'], WWW_DATA, 4, [4]],
    ['gid alone leaves the user', ['gid=www-data'], 0, WWW_DATA, []],
  ] as const) {
    const rights = await rightsAfterDrop(options)
    t.ok(rights.length > 1, 'a process of several threads')
    for (const { uids, gids, groups: taken, capabilities } of rights) {
      t.strictSame(uids, Array(4).fill(uid), `${what}: user`)
      t.strictSame(gids, Array(4).fill(gid), `${what}: group`)
      t.strictSame(taken, groups, `${what}: supplementary groups`)
      t.equal(capabilities === 0n, uid !== 0, `${what}: capabilities`)
    }
  }
})

t.test('root that may not change users is told so before anything starts', async t => {
  const wrapper = ['setpriv', '--bounding-set=-setuid,-setgid']
  for (const words of [['check'], []]) {
    const { code, stderr } = await sluice.run({ ini, words, wrapper })
    t.equal(code, 1)
    t.equal(
      stderr,
      'sluice.ini:3: the system does not let root become user www-data (EPERM). Give the container the capabilities CAP_SETUID and CAP_SETGID, or start it as that user.\n',
    )
  }
})

t.test('a drop that leaves a way back is no drop: the start is refused', async t => {
  const wrapper = ['setpriv', '--securebits=+no_setuid_fixup'] // capabilities stay when the user changes
  const { code, stderr } = await sluice.run({ ini, wrapper })
  t.equal(code, 1)
  t.match(
    stderr,
    'sluice.ini:3: after Sluice became user www-data, it could become user root again; it could become effective user root again; it could become root by a supplementary group again;',
  )
  t.match(stderr, /the kernel says CapPrm [0-9a-f]{16}, not 0{16}/)
})

t.test('not root, and another user asked for', async t => {
  const wrapper = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const { code, stderr } = await sluice.run({
    ini: 'http = :8080\nuid = www-data\n',
    words: ['check'],
    wrapper,
  })
  t.equal(code, 1)
  t.equal(
    stderr,
    'sluice.ini:3: only root can become another user: uid asks for www-data, and Sluice runs as user 65534. Start as root, or take uid out.\n',
  )
})

t.test('rights that a supervisor gave a start that is not root stay', async t => {
  const wrapper = [
    'setpriv',
    '--reuid=33',
    '--regid=33',
    '--clear-groups',
    '--inh-caps=+net_bind_service',
    '--ambient-caps=+net_bind_service',
  ]
  const running = await sluice.start({ ini, wrapper, args: [], env: { STATE_DIRECTORY: undefined } })
  t.match(running.url, 'http://localhost/', 'port 80 is bound')
})

t.test('without the right to change users, nothing is half done', async t => {
  if (process.getuid?.() === 0) return t.pass('this process is root')
  const user = { uid: 33, gid: 33, groups: [33], name: 'x', groupName: 'x', place: { file: null, line: 0 } }
  t.throws(() => dropPrivileges(user), { code: 'SLUICE_START_FAILED' })
})

/** Drops in a process that does nothing else, and looks at it while it lives. */
async function rightsAfterDrop(options: readonly string[]): Promise<Rights[]> {
  const here = pathToFileURL(`${sluice.root}/`).href
  const script = `
    import { loadConfig } from '${here}config/load.ts'
    import { dropPrivileges } from '${here}master/privileges/drop.ts'
    import { planUser } from '${here}master/privileges/user.ts'
    const { config } = loadConfig(['--http=:80', ...process.argv.slice(1)], { cwd: '/', env: {}, version: '' })
    dropPrivileges(planUser(config).user)
    process.stdout.write('done')
    process.stdin.resume()`
  const args = ['--input-type=module', '-e', script, '--', ...options.map(option => `--${option}`)]
  const child = spawn(sluice.node, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  const rights = rightsOf(child.pid!)
  child.stdin.end()
  return rights
}

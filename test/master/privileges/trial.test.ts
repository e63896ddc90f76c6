// test/master/privileges/trial.test.ts: what the user that Sluice is to become could not do later is said before it
// serves, by the start and by "sluice check" alike, with the cure.
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { install, openDirectory } from '../../support/installation.ts'
import { freshDirectory } from '../../support/sluice.ts'

const ADM = 4 // www-data is no member

const sluice = install(t)
const certificate = execFileSync(
  'openssl',
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 90 -keyout - -out -'.split(
    ' ',
  ),
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
)

interface Case {
  readonly line: string
  /** Modes of files, directories ("dir/") and links ("link -> file") to make, in this order, all root's. */
  readonly files?: Readonly<Record<string, number>>
  /** What must be said of this line; DIR is the start directory. */
  readonly says: string
}

const HEAD = 'http = :80\nuid = www-data\n' // the lines 2 and 3
const BESIDE = 'Name a file in a directory that belongs to www-data.'
const IN_DIR = 'the directory DIR may not be written by user www-data'
const PEM = 'https = :443,c.pem,c.pem'

const REFUSED: readonly Case[] = [
  {
    line: PEM,
    files: { 'c.pem': 0o600 },
    says: 'the key DIR/c.pem may not be read by user www-data: a reload could not read it. Run: chgrp www-data DIR/c.pem && chmod g+r DIR/c.pem.',
  },
  {
    line: 'https = :444,tls/c.pem,tls/c.pem',
    files: { 'tls/': 0o700, 'tls/c.pem': 0o644 },
    says: 'the key DIR/tls/c.pem may not be read by user www-data, as DIR/tls is 0700 and belongs to root: a reload could not read it. Run: chgrp www-data DIR/tls && chmod g+x DIR/tls.',
  },
  {
    line: 'https = :446,live.pem,live.pem',
    files: { 'archive/': 0o700, 'archive/c.pem': 0o644, 'live.pem -> archive/c.pem': 0 },
    says: 'the key DIR/live.pem may not be read by user www-data, as DIR/archive is 0700 and belongs to root: a reload could not read it. Run: chgrp www-data DIR/archive && chmod g+x DIR/archive.',
  },
  {
    line: 'https = :445,ok.pem,ok.pem,HIGH,ca.pem',
    files: { 'ok.pem': 0o644, 'ca.pem': 0o600 },
    says: 'the CA certificate DIR/ca.pem may not be read by user www-data: a reload could not read it.',
  },
  {
    line: 'chdir = work',
    files: { 'work/': 0o700 },
    says: 'the directory DIR/work may not be entered by user www-data: attach-daemon could not run there. Run: chgrp www-data DIR/work && chmod g+x DIR/work.',
  },
  {
    line: 'access-log = a.log',
    files: { 'a.log': 0o640 },
    says: 'the log DIR/a.log may not be written by user www-data: it could not be opened again. Run: chgrp www-data DIR/a.log && chmod g+w DIR/a.log; or write logfile-chown.',
  },
  {
    line: 'safe-pidfile = x.pid',
    says: `the pid file DIR/x.pid cannot be made, as ${IN_DIR}: it is written after Sluice became that user. ${BESIDE}`,
  },
  {
    line: 'safe-pidfile2 = old.pid',
    files: { 'old.pid': 0o644 },
    says: `the pid file DIR/old.pid may not be written by user www-data: it is written after Sluice became that user. ${BESIDE}`,
  },
  {
    line: 'touch-reload = shut/touch',
    files: { 'shut/': 0o700 },
    says: 'the directory DIR/shut may not be entered by user www-data: touch-reload could not watch shut/touch.',
  },
]

const WARNED: readonly Case[] = [
  { line: 'log-maxsize = 1m', says: '' },
  {
    line: 'access-log = a.log',
    says: `${IN_DIR}: the log DIR/a.log could not be rotated. ${BESIDE}`,
  },
  {
    line: 'pidfile = x.pid',
    says: `${IN_DIR}: the pid file DIR/x.pid stays behind at a stop. ${BESIDE}`,
  },
  {
    line: 'shared-socket = x.sock',
    says: `${IN_DIR}: the socket file DIR/x.sock stays behind at a stop, and a reload could not bind another one there. ${BESIDE}`,
  },
  {
    line: 'master-fifo = x.fifo',
    says: `${IN_DIR}: the named pipe DIR/x.fifo stays behind at a stop. ${BESIDE}`,
  },
]

t.test('a check says what would not work', async t => {
  t.jobs = 3
  for (const [what, level, cases, exit] of [
    ['all that would fail is refused at once', '', REFUSED, 1],
    ['what can be done without is a warning', 'warning: ', WARNED, 0],
  ] as const) {
    t.test(what, async t => {
      const cwd = openDirectory(t)
      for (const { files = {} } of cases) {
        for (const [name, mode] of Object.entries(files)) make(join(cwd, name), mode)
      }
      const before = readdirSync(cwd)
      const ini = `${HEAD}${cases.map(({ line }) => `${line}\n`).join('')}attach-daemon = true\n`
      const { code, stderr } = await sluice.run({ words: ['check'], ini, cwd })
      t.equal(code, exit)
      for (const [i, { says }] of cases.entries()) {
        if (says !== '') t.match(stderr, `sluice.ini:${i + 4}: ${level}${says.replaceAll('DIR', cwd)}`)
      }
      const said = cases.filter(({ says }) => says !== '').length
      t.equal(stderr.split('\n').length, said + 1, 'and no more is said')
      t.strictSame(readdirSync(cwd).sort(), [...before, 'sluice.ini'].sort(), 'nothing was left behind')
    })
  }

  t.test('the config files themselves', async t => {
    const cwd = openDirectory(t)
    make(join(cwd, 'more.ini'), 0o600)
    const { code, stderr } = await sluice.run({ words: ['check'], ini: `${HEAD}include = more.ini\n`, cwd })
    t.equal(code, 1)
    t.equal(
      stderr,
      `sluice.ini:3: the config file ${cwd}/more.ini may not be read by user www-data: a reload could not read it. Run: chgrp www-data ${cwd}/more.ini && chmod g+r ${cwd}/more.ini.\n`,
    )
  })

  t.test('a start says the same, and does not start', async t => {
    const cwd = openDirectory(t)
    make(join(cwd, 'a.log'), 0o600)
    const ini = `${HEAD}access-log = a.log\n`
    const checked = await sluice.run({ words: ['check'], ini, cwd })
    const started = await sluice.run({ ini, cwd })
    t.equal(started.code, 1)
    t.equal(started.stderr, checked.stderr)
  })

  t.test('a log that root would have to make where the user rules the way', async t => {
    const cwd = openDirectory(t)
    mkdirSync(join(cwd, 'home/logs'), { recursive: true })
    chownSync(join(cwd, 'home'), 33, 33)
    const { code, stderr } = await sluice.run({ ini: `${HEAD}access-log = home/logs/a.log\n`, cwd })
    t.equal(code, 1)
    t.match(
      stderr,
      `sluice.ini:4: the log ${cwd}/home/logs/a.log cannot be made: user www-data may not write ${cwd}/home/logs, and root does not where others rule a directory on the way. Run: chown www-data ${cwd}/home/logs; or name a file elsewhere.`,
    )
  })

  t.test('nobody is told to open a home', { skip: (statSync('/root').mode & 0o7) !== 0 }, async t => {
    const { stderr } = await sluice.run({ words: ['check'], ini: `${HEAD}access-log = /root/a.log\n` })
    t.match(stderr, /as \/root is 0700 .* Move it to a directory for services, such as /)
    t.notMatch(stderr, 'chmod')
  })

  t.test('a group that is let in already is the cure', async t => {
    const cwd = openDirectory(t)
    make(join(cwd, 'c.pem'), 0o640)
    chownSync(join(cwd, 'c.pem'), 0, ADM)
    const cured = ['check']
    const { stderr } = await sluice.run({ words: cured, ini: `${HEAD}${PEM}\n`, cwd })
    t.match(stderr, 'Write add-gid = adm, or make www-data a member of that group.')
    const { code } = await sluice.run({ words: cured, ini: `${HEAD}${PEM}\nadd-gid = adm\n`, cwd })
    t.equal(code, 0)
  })
})

t.test('Sluice itself out of reach', async t => {
  const closed = install(t, 'home/sluice')
  chmodSync(join(closed.directory, 'home'), 0o700)
  const { code, stderr } = await closed.run({ words: ['check'], ini: HEAD })
  t.equal(code, 1)
  t.match(
    stderr,
    `sluice.ini:3: Sluice's own files in ${closed.root} may not be read by user www-data, as ${closed.directory}/home is 0700 and belongs to root: gateways could not start. Install Sluice under /opt`,
  )
  t.equal(stderr.match(/own files/g)?.length, 1, 'said once for all files')
})

t.test('Node out of reach', async t => {
  const node = join(freshDirectory(t), 'node') // of mode 700
  execFileSync('cp', ['-a', '--link', sluice.node, node])
  const { stderr } = await sluice.run({ words: ['check'], ini: HEAD, wrapper: withNode(node) })
  t.match(
    stderr,
    new RegExp(
      `^sluice\\.ini:3: Node, ${node}, may not be run by user www-data, as \\S+ is 0700 and belongs to root: gateways could not start\\. Install Node under /opt or /usr/local`,
      'm',
    ),
  )
})

// The line that follows names the usual one.
function withNode(node: string): string[] {
  return ['sh', '-c', 'shift 6; exec "$0" "$@"', node]
}

function make(path: string, mode: number): void {
  const [link = '', target] = path.split(' -> ')
  if (target !== undefined) return symlinkSync(target, link)
  if (path.endsWith('/')) mkdirSync(path)
  else if (path.endsWith('.pem')) writeFileSync(path, certificate)
  else writeFileSync(path, path.endsWith('.ini') ? '[sluice]\n' : '')
  chmodSync(path, mode)
}

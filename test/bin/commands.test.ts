// test/bin/commands.test.ts: the commands of `sluice` as people type them: what they print and how they end.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { longestQueue } from '../../config/queue-length.ts'
import { freshDirectory, runSluice, type SluiceOptions } from '../support/sluice.ts'

// A start goes through the same code: these show it, the others save time.
const SAME_AT_START = new Set([
  'a missing certificate',
  'a UNIX socket in no directory',
  'one address by two names',
  'several at once',
])
const STACK = /^\s+at /m

t.test('without anything to do it says how to ask, and fails', async t => {
  const { code, stdout, stderr } = await runSluice(t, [])
  t.equal(code, 1)
  t.match(stderr, /nothing to do.*sluice --http :8080.*sluice --help/s)
  t.equal(stdout, '')
})

t.test('--help lists options on stdout', async t => {
  const { code, stdout } = await runSluice(t, ['--help'])
  t.equal(code, 0)
  t.match(stdout, /--http ADDRESS/)
})

t.test('--version is that of the package', async t => {
  const { code, stdout } = await runSluice(t, ['--version'])
  t.equal(code, 0)
  t.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

t.test('words that people try say what to write', async t => {
  t.jobs = 4
  for (const [word, instead] of [
    ['version', 'Write "sluice --version".'],
    ['help', 'Write "sluice --help".'],
    ['start', 'Write "sluice FILE.ini".'],
    ['restart', 'Write "sluice reload --replace"'],
  ] as const) {
    t.test(word, async t => {
      const { code, stderr } = await runSluice(t, [word])
      t.equal(code, 1)
      t.match(stderr, `there is no command "${word}". ${instead}`)
    })
  }
})

t.test('commands have the same --help', async t => {
  for (const command of ['check', 'show-config']) {
    const { code, stdout } = await runSluice(t, [command, '--help'])
    t.equal(code, 0)
    t.match(stdout, /^Usage:/)
  }
})

t.test('a start directory that was removed is told in plain words', async t => {
  const wrapper = ['sh', '-c', 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', 'sh']
  const { code, stderr } = await runSluice(t, { args: ['--http', '127.0.0.1:0'], wrapper })
  t.equal(code, 1)
  t.equal(
    stderr,
    'command line: the directory that Sluice is started in does not exist any more. Change to one that exists ("cd /"), then start again.\n',
  )
})

t.test('an unknown option is refused without a stack', async t => {
  const { code, stderr } = await runSluice(t, ['--httpp', ':8080'])
  t.equal(code, 1)
  t.match(stderr, /^command line: .*httpp/)
  t.notMatch(stderr, STACK)
})

t.test('an internal error is one line, and its stack is for those who ask', async t => {
  const broken = {
    args: ['--http', '127.0.0.1:0'],
    wrapper: [
      'env',
      'NODE_OPTIONS=--import=data:text/javascript,process.cwd=()=>{throw(new(Error)(`boom`))}',
    ],
  }
  const quiet = await runSluice(t, { ...broken, cwd: freshDirectory(t) })
  t.equal(quiet.code, 1)
  t.equal(quiet.stderr, 'sluice: internal error: boom. Set SLUICE_DEBUG=1 to see more, and report it.\n')
  const loud = await runSluice(t, { ...broken, env: { SLUICE_DEBUG: '1' } })
  t.match(loud.stderr, STACK)
})

t.test('check', async t => {
  t.jobs = 4
  t.test('a good config', async t => {
    const { code, stdout, stderr } = await runSluice(t, { ini: 'http = 127.0.0.1:0\n', ...checked() })
    t.same({ code, stdout, stderr }, { code: 0, stdout: 'The configuration is correct.\n', stderr: '' })
  })

  t.test('touches nothing', async t => {
    const cwd = freshDirectory(t)
    const ini =
      'http = x.sock\nhttps = 127.0.0.1:0,self-signed\npidfile = pid\nattach-daemon = touch started\n'
    t.equal((await runSluice(t, { ini, cwd, ...checked() })).code, 0)
    for (const name of ['x.sock', 'pid', 'started', 'state']) t.notOk(existsSync(join(cwd, name)), name)
  })

  t.test('without a file', async t => {
    const { code, stderr } = await runSluice(t, ['check'])
    t.equal(code, 1)
    t.match(stderr, 'Write "sluice check FILE"')
  })

  const { cert, key } = await makeSelfSigned()
  const other = await makeSelfSigned()
  const files = {
    'a.pem': cert,
    'a.key': key,
    'b.key': other.key,
    'locked.key': encrypted(key),
    'junk.pem': 'hello',
  }
  for (const [behaviour, ini, message] of [
    [
      'a missing certificate',
      'https = :0,none.pem,a.key',
      /sluice\.ini:2: the certificate \S+none\.pem cannot be read: there is no such file\. Check the path and its permissions\.\n/,
    ],
    [
      "a key that is another certificate's",
      'https = :0,a.pem,b.key',
      /sluice\.ini:2: the key in \S+b\.key does not belong to the first certificate in \S+a\.pem\. /,
    ],
    [
      'an encrypted key',
      'https = :0,a.pem,locked.key',
      /sluice\.ini:2: the key in \S+locked\.key is encrypted\. .*openssl pkey/,
    ],
    [
      'files in the wrong order',
      'https = :0,a.key,a.pem',
      /sluice\.ini:2: \S+a\.key holds no certificate in PEM form, but a key\. Write the certificate first/,
    ],
    [
      'a file that is no PEM',
      'https = :0,junk.pem,a.key',
      /sluice\.ini:2: \S+junk\.pem holds no certificate in PEM form\. /,
    ],
    [
      'a CA that cannot be read',
      'https = :0,a.pem,a.key,,ca.pem',
      /sluice\.ini:2: the CA certificate \S+ca\.pem cannot be read/,
    ],
    [
      'ciphers nobody knows',
      'https = :0,a.pem,a.key,ROT13',
      /sluice\.ini:2: OpenSSL knows none of the ciphers "ROT13"\. /,
    ],
    [
      'a name that does not resolve',
      'http = no.such.name.invalid:80',
      /sluice\.ini:2: the name "no\.such\.name\.invalid" does not resolve \(\w+\)\. /,
    ],
    [
      'a prefix of no interface',
      'http = 203.0.113.*:80',
      /sluice\.ini:2: no address of this machine begins with "203\.0\.113\."\. See "ip address"/,
    ],
    [
      'one address by two names',
      'http = 127.0.0.1:8080\nhttp = 127.*:8080',
      /sluice\.ini:3: 127\.0\.0\.1:8080 is taken already by 127\.0\.0\.1:8080 at sluice\.ini:2\. Keep one/,
    ],
    [
      'a pid file in no directory',
      'http = :0\npidfile = none/pid',
      /sluice\.ini:3: the pid file \S+none\/pid cannot be written: there is no directory \S+none\. Make it for the user that Sluice runs as, or name a file/,
    ],
    [
      'a pid file that holds something else',
      'http = :0\npidfile = a.pem',
      /sluice\.ini:3: the pid file \S+a\.pem holds something else than a process id\. Name another file/,
    ],
    [
      'a named pipe in no directory',
      'http = :0\nmaster-fifo = none/pipe',
      /sluice\.ini:3: the named pipe \S+none\/pipe cannot be written: there is no directory \S+none\. Make it/,
    ],
    [
      'a control socket in no directory',
      'http = :0\ncontrol-socket = none/sock',
      /sluice\.ini:3: the control socket \S+none\/sock cannot be written: there is no directory \S+none\. Make it/,
    ],
    [
      'a log of a process in the background in no directory',
      'http = :0\ndaemonize = none/log',
      /^sluice\.ini:3: the log file \S+none\/log cannot be written: there is no directory \S+none\. Make it[^\n]*\n$/,
    ],
    [
      'an access log that is a directory',
      'http = :0\naccess-log = .',
      /sluice\.ini:3: the access log \S+ cannot be written: it is a directory\. Name a file/,
    ],
    [
      'a UNIX socket in no directory',
      'http = none/x.sock',
      /sluice\.ini:2: cannot listen on \S+none\/x\.sock: the directory \S+none does not exist\. Make the directory/,
    ],
    [
      'a longer queue than the kernel allows',
      `http = :0\nlisten = ${longestQueue() + 1}`,
      longestQueue() < 65_535
        ? /sluice\.ini:3: option "listen" asks for a queue of \d+, and this machine allows \d+\. Lower it, or raise the limit/
        : /is above 65535/,
    ],
    [
      'a directory that is none',
      'http = :0\nchdir = none',
      /sluice\.ini:3: there is no directory \S+none\. /,
    ],
    ['several at once', 'https = :0,none.pem,a.key\nchdir = none', /sluice\.ini:2: .*\nsluice\.ini:3: /],
  ] as const) {
    t.test(`${behaviour} is refused`, async t => {
      const checkedRun = await runSluice(t, { ini, files, ...checked() })
      t.equal(checkedRun.code, 1)
      t.match(checkedRun.stderr, message)
      t.notMatch(checkedRun.stderr, STACK)
      if (!SAME_AT_START.has(behaviour)) return
      const started = await runSluice(t, { ini, files })
      t.equal(started.code, 1)
      t.match(started.stderr, message)
    })
  }
})

t.test('show-config', async t => {
  const ini = 'base = 127.0.0.1\nhttp = %(base):0\nenv = A=50%%\nhttp = :0\n'
  t.test('prints pairs after expansion, in order', async t => {
    const { code, stdout } = await runSluice(t, { ini, ...before('show-config', '--json') })
    t.equal(code, 0)
    t.same(JSON.parse(stdout), [
      ['base', '127.0.0.1'],
      ['http', '127.0.0.1:0'],
      ['env', 'A=50%'],
      ['http', ':0'],
    ])
  })

  t.test('as ini that reads the same', async t => {
    const first = await runSluice(t, { ini, ...before('show-config') })
    t.match(first.stdout, /^\[sluice\]\nbase = /)
    const second = await runSluice(t, { ini: first.stdout, ...before('show-config') })
    t.equal(second.stdout, first.stdout)
  })
})

t.test('bin/sluice of a checkout runs by its own Node, through a link too', async t => {
  const root = freshDirectory(t, { 'bin/sluice.js': 'console.log(process.execPath, process.argv.slice(2))' })
  cpSync(new URL('../../bin/sluice', import.meta.url), join(root, 'bin/sluice'))
  const link = join(freshDirectory(t), 'sluice')
  symlinkSync(join(root, 'bin/sluice'), link)
  const run = (PATH: string) => spawnSync(link, ['a b', '*'], { encoding: 'utf8', env: { PATH }, cwd: '/' })
  const tools = freshDirectory(t)
  for (const tool of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool))
  const { status, stderr } = run(tools)
  t.same(
    [status, stderr],
    [1, `sluice: there is no Node. Run "npm ci" in ${root}, or see https://nodejs.org.\n`],
  )
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'))
  t.equal(run(tools).stdout, `${process.execPath} [ 'a b', '*' ]\n`)
})

t.test('a too old Node says what to do', async t => {
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find(path => majorOf(path) < 24)
  if (!old) return t.pass('there is no old Node on this machine')
  const command = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
  const { status, stderr } = spawnSync(old, [command, '--version'], { encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^sluice: this is Node \d+\.\d+\.\d+, \S+\. Run Sluice with Node 24\.19 or newer/)
  t.notMatch(stderr, STACK)
})

function checked(): Partial<SluiceOptions> {
  return before('check')
}

/** `sluice COMMAND ... sluice.ini` */
function before(...words: string[]): Partial<SluiceOptions> {
  return { words }
}

function majorOf(node: string): number {
  return existsSync(node)
    ? Number(/^v(\d+)/.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout)?.[1])
    : 99
}

function encrypted(key: string): string {
  const { stdout } = spawnSync('openssl', ['pkey', '-aes256', '-passout', 'pass:x'], {
    input: key,
    encoding: 'utf8',
  })
  return stdout
}

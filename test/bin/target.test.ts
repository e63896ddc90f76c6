// test/bin/target.test.ts: which instance `sluice reload`, `stop` and `status` mean, and by which way they reach it.
import t from 'tap'
import { privateRun } from '../support/private-run.ts'
import { runSluice, startSluice } from '../support/sluice.ts'

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\npidfile = run.pid\n'

t.test('a target that is none is told in words', async t => {
  t.jobs = 4
  const wrapper = await privateRun(t)
  const env = { RUNTIME_DIRECTORY: undefined }
  const files = {
    empty: '',
    words: 'hello\n',
    stale: '4194304\n',
    foreign: `${process.pid}\n`,
    init: '1\n',
    zero: '0\n',
  }
  for (const [args, message] of [
    [['stop'], 'sluice: no running instance was found. Name one by --pidfile, --pid or --control.\n'],
    [
      ['reload', '--pidfile', 'none'],
      'sluice: the pid file none cannot be read. Check its path and your rights.\n',
    ],
    [['stop', '--pidfile', 'empty'], /holds no process id/],
    [['stop', '--pidfile', 'words'], /holds no process id/],
    [['stop', '--pidfile', 'zero'], /holds no process id/],
    [
      ['stop', '--pidfile', 'stale'],
      'sluice: the pid file stale is stale: process 4194304 is no running Sluice.\n',
    ],
    [['stop', '--pidfile', 'foreign'], /is stale: process \d+ is no running Sluice/],
    [['reload', '--pidfile', 'init'], /is stale: process 1 is no running Sluice/],
    [['stop', '--pid', 'x'], 'sluice: "x" is no process id.\n'],
    [['stop', '--pid', '1', '--pidfile', 'init'], /three ways to say one thing. Give one/],
    [['status', '--control', 'none.sock'], /^sluice: nobody listens at none\.sock\. /],
    [['stop', '--pidfile'], /--pidfile/],
    [['reload', '--force'], /Unknown option '--force'/],
    [['reload', 'file.ini'], /Unexpected argument 'file.ini'/],
  ] as const) {
    t.test(args.join(' '), async t => {
      const { code, stdout, stderr } = await runSluice(t, { args, files, wrapper, env })
      t.same([code, stdout], [1, ''])
      if (typeof message === 'string') t.equal(stderr, message)
      else t.match(stderr, message)
      t.notMatch(stderr, /^\s+at /m)
    })
  }
})

t.test('without a target the only instance is meant; of several none', async t => {
  const wrapper = await privateRun(t)
  const env = { RUNTIME_DIRECTORY: undefined }
  const first = await startSluice(t, { ini: INI, wrapper, env })
  const alone = await runSluice(t, { args: ['status', '--json'], wrapper, env })
  t.equal(alone.code, 0)
  const { pid } = JSON.parse(alone.stdout)
  const second = await startSluice(t, { ini: INI, wrapper, env })
  const several = await runSluice(t, { args: ['stop'], wrapper, env })
  t.equal(several.code, 1)
  t.match(
    several.stderr,
    /^sluice: several instances run\. Name one of them:\n( {2}--pid \d+ +\/run\/sluice\/\d+\.sock\n){2}$/,
  )
  t.match(several.stderr, `--pid ${pid} `)
  await first.stop()
  t.equal((await runSluice(t, { args: ['stop'], wrapper, env })).code, 0)
  t.equal((await second.ended).code, 0)
})

t.test('where no control socket can be made, signals do', async t => {
  const wrapper = await privateRun(t, { isReadOnly: true })
  const env = { TMPDIR: '/proc/none', RUNTIME_DIRECTORY: undefined }
  const sluice = await startSluice(t, { ini: INI, wrapper, env })
  t.match(sluice.stderr(), /no control socket/)
  const run = (...args: string[]) => runSluice(t, { args, wrapper, env, cwd: sluice.directory })
  const status = await run('status', '--pidfile', 'run.pid')
  t.equal(status.code, 1)
  t.match(status.stderr, /has no control socket in the usual places\. /)
  const reload = await run('reload', '--pidfile', 'run.pid')
  t.equal(reload.code, 0)
  t.match(reload.stdout, /SIGHUP was sent\. Its log tells/)
  await sluice.logged(/"msg":"reloaded"/)
  const stop = await run('stop', '--pidfile', 'run.pid')
  t.equal(stop.code, 0)
  t.match(stop.stdout, /SIGTERM was sent\nstopped\n$/)
  t.equal((await sluice.ended).code, 0)
})

t.test('each has its --help', async t => {
  for (const command of ['reload', 'stop', 'status']) {
    const { code, stdout } = await runSluice(t, [command, '--help'])
    t.equal(code, 0)
    t.match(stdout, new RegExp(`^Usage: sluice ${command} .*--pidfile FILE`, 's'))
  }
})

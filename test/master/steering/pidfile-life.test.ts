// test/master/steering/pidfile-life.test.ts: the pid file of a running Sluice, and those that others left.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../support/processes.ts'
import { freshDirectory, runSluice, startSluice } from '../../support/sluice.ts'

t.jobs = 4

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\n'

t.test("it holds the master's pid and may be read by all", async t => {
  const sluice = await startSluice(t, `${INI}pidfile = run.pid\n`)
  const file = join(sluice.directory, 'run.pid')
  t.equal(readFileSync(file, 'utf8'), `${sluice.pid}\n`)
  t.equal(statSync(file).mode & 0o777, 0o644)
})

t.test("a successor's is left alone", async t => {
  const sluice = await startSluice(t, `${INI}pidfile = run.pid\n`)
  const file = join(sluice.directory, 'run.pid')
  writeFileSync(file, '1\n')
  await sluice.stop()
  t.equal(readFileSync(file, 'utf8'), '1\n')
})

t.test('that of an instance that runs is not taken over', async t => {
  const first = await startSluice(t, `${INI}pidfile = run.pid\n`)
  const file = join(first.directory, 'run.pid')
  await until('the first wrote it', () => existsSync(file))
  const ini = `${INI}pidfile = ${file}\n`
  const second = await runSluice(t, ini)
  t.equal(second.code, 1)
  t.equal(
    second.stderr,
    `sluice.ini:4: the pid file ${file} belongs to another Sluice that runs, process ${first.pid}. Stop that process, or name another file.\n`,
  )
  t.equal(readFileSync(file, 'utf8'), `${first.pid}\n`)
  t.equal((await runSluice(t, { ini, words: ['check'] })).code, 0, 'a check of what runs is no start')
})

for (const [what, text] of [
  ['of a process that is gone', '4194304\n'],
  ['of another program', `${process.pid}\n`],
  ['of init', '1\n'],
  ['that is empty', ''],
] as const) {
  t.test(`one ${what} is stale`, async t => {
    const sluice = await startSluice(t, { ini: `${INI}pidfile = run.pid\n`, files: { 'run.pid': text } })
    t.equal(readFileSync(join(sluice.directory, 'run.pid'), 'utf8'), `${sluice.pid}\n`)
  })
}

t.test('one that holds something else is left alone', async t => {
  const cwd = freshDirectory(t, { 'run.pid': 'hello\n' })
  const { code, stderr } = await runSluice(t, { ini: `${INI}pidfile = run.pid\n`, cwd })
  t.equal(code, 1)
  t.match(stderr, /run\.pid holds something else than a process id\. Name another file, or remove this one\./)
  t.equal(readFileSync(join(cwd, 'run.pid'), 'utf8'), 'hello\n')
})

t.test('it is not written by a start that fails', async t => {
  const cwd = freshDirectory(t)
  const { code } = await runSluice(t, { ini: 'http = 203.0.113.9:80\npidfile = run.pid\n', cwd })
  t.equal(code, 1)
  t.notOk(existsSync(join(cwd, 'run.pid')))
})

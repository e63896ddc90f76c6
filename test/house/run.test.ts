// test/house/run.test.ts: the runner tells passed from failed tests, and lets no broken file pass for a good one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { readTap } from '../tools/tap-output.ts'
import { runTestFile } from '../tools/test-file.ts'

const RUNNER = join(import.meta.dirname, '../tools/run.ts')
const TAP = JSON.stringify(import.meta.resolve('tap'))

for (const [behaviour, source, passed, failed, reason] of [
  [
    'tests are counted, not assertions',
    `t.test('a', async t => { t.ok(1); t.ok(1) }); t.pass('b')`,
    2,
    0,
    null,
  ],
  [
    'a failed assertion fails its test once',
    `t.test('a', async t => { t.fail('x'); t.fail('y') }); t.pass()`,
    1,
    1,
    /not ok 1 - x\b.*not ok 2 - y\b/s,
  ],
  ['what was thrown is shown', `t.test('a', async () => { throw new Error('boo') })`, 0, 1, /boo/],
  ['skipped and planned tests are neither', `t.skip('a'); t.todo('b'); t.pass('c')`, 1, 0, null],
  ['a file without tests fails', '', 0, 1, /no test/],
  ['a file that cannot be loaded fails', 'import "./no-such-file.js"', 0, 1, /exit code 1/],
  [
    'an early exit fails',
    `t.test('a', async () => process.exit(0)); t.test('b', async () => {})`,
    0,
    1,
    /unfinished/,
  ],
  [
    'a test that never settles fails',
    `t.test('a', async t => { t.pass(); await new Promise(() => {}) })`,
    0,
    1,
    /unfinished|settle|resolution/,
  ],
  [
    'an exit code after good tests fails',
    `t.pass('a'); t.teardown(() => { process.exitCode = 7 })`,
    1,
    1,
    /exit code 7/,
  ],
] as const) {
  t.test(behaviour, async t => {
    const result = await runSource(t.testdir(), `import t from ${TAP}\n${source}\n`)
    t.equal(result.passed, passed, 'passed')
    t.equal(result.failed, failed, 'failed')
    if (reason !== null) t.match(result.failures.join('\n'), reason)
    else t.same(result.failures, [])
  })
}

t.test('a file over its limit is ended, with all that it started', async t => {
  const result = await runSource(
    t.testdir(),
    `import { spawn } from 'node:child_process'
    const child = spawn('/bin/sleep', ['600'])
    process.stderr.write(String(child.pid))
    for (;;);`,
    1000,
  )
  t.equal(result.failed, 1)
  t.match(result.failures[0], /longer than 1 s/)
  t.notOk(isAlive(Number(result.stderr)))
})

t.test('an interrupted run ends what it started', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const file = join(t.testdir(), 'hangs.test.ts')
  writeFileSync(file, `import { connect } from 'node:net'\nconnect(${port}, '127.0.0.1')\n`)

  const runner = spawn(process.execPath, [RUNNER, file], { stdio: 'ignore' })
  t.teardown(() => runner.kill('SIGKILL'))
  const [connection] = (await once(server, 'connection')) as [Socket]
  const testIsGone = once(
    connection.on('error', () => {}),
    'close',
  )
  const runnerIsGone = once(runner, 'exit')
  runner.kill('SIGINT')
  t.same(await runnerIsGone, [130, null])
  await testIsGone
})

t.test('names with escapes and directives are read as tap writes them', async t => {
  const { skipped, passed } = readTap(
    'TAP version 14\nok 1 - a \\# b # time=3ms\nok 2 - c # SKIP why\n1..2\n',
  )
  t.equal(passed, 1)
  t.same(skipped, ['c'])
})

// A killed orphan stays a zombie where nobody reaps it: dead enough.
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function runSource(dir: string, source: string, limitMs = 15_000) {
  writeFileSync(join(dir, 'sample.test.ts'), source)
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  return runTestFile(dir, 'sample.test.ts', limitMs)
}

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

t.test(
  'with --again a file that fails beside others is run once more, and named where that goes well',
  async t => {
    const dir = t.testdir()
    const file = (name: string, source: string) => {
      writeFileSync(
        join(dir, name),
        `import t from ${TAP}\nimport { existsSync, writeFileSync } from 'node:fs'\n${source}`,
      )
      return join(dir, name)
    }
    const good = file('good.test.ts', `t.pass('good')`)
    const bad = file('bad.test.ts', `t.fail('always')`)
    const seen = JSON.stringify(join(dir, 'seen'))
    const unsteady = file('once.test.ts', `t.ok(existsSync(${seen})); writeFileSync(${seen}, '')`)

    const second = await runFiles(['--again', good, unsteady])
    t.equal(second.code, 0)
    t.match(second.stdout, /^FAIL .*once\.test\.ts .*^Unsteady,.*once\.test\.ts\n\n2 passed, 0 failed\n$/ms)
    const hopeless = await runFiles(['--again', good, bad])
    t.equal(hopeless.code, 1)
    t.match(hopeless.stdout, /\n1 passed, 1 failed\n$/)
    t.notMatch(hopeless.stdout, 'Unsteady')
    const many = await runFiles([
      '--again',
      good,
      ...['a', 'b', 'c', 'd'].map(name => file(`${name}.test.ts`, `t.fail()`)),
    ])
    t.match(many.stdout, /\n1 passed, 4 failed\n$/)
    t.notMatch(many.stdout, 'Once more')
  },
)

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

async function runFiles(args: string[]): Promise<{ code: number | null; stdout: string }> {
  const runner = spawn(process.execPath, [RUNNER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  runner.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  const [code] = await once(runner, 'close')
  return { code, stdout }
}

async function runSource(dir: string, source: string, limitMs = 15_000) {
  writeFileSync(join(dir, 'sample.test.ts'), source)
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  return runTestFile(dir, 'sample.test.ts', limitMs)
}

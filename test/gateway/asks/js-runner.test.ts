// test/gateway/asks/js-runner.test.ts: functions of the operator's that decide, and those that throw, hang, exit, leak, or change
// what they are given: none takes the process with it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { JsRunner } from '../../../gateway/asks/js-runner.ts'
import type { JsAnswer } from '../../../routing/rules/asked.ts'
import type { RuleRequest } from '../../../routing/rules/ours/js-types.ts'
import { isAlive, until } from '../../support/processes.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

const REQUEST: RuleRequest = {
  method: 'GET',
  url: '/a?b',
  path: '/a',
  query: 'b',
  host: 'example.com',
  headers: { cookie: 'id=1' },
  remoteAddress: '192.0.2.1',
  isTls: false,
}

const MODULE = `
import { writeSync } from 'node:fs'
import type { RuleFunction } from 'sluice/rules'
let count: number = 0
const kept: unknown[] = []
export const decide: RuleFunction = request => ({ key: request.host + request.headers.cookie })
export const later = async () => { await null; return { status: 403 } }
export const counts = () => ({ key: String(++count) })
export const nothing = () => {}
export const throws = () => { throw new Error('boom') }
export const throwsNothing = () => { throw null }
export const rejects = async () => { throw { toString() { throw 1 } } }
export const throwsLater = () => { setTimeout(() => { throw new Error('later') }, 1) ; return new Promise(() => {}) }
export const loops = () => { for (;;); }
export const loopsLater = () => { setTimeout(() => { for (;;); }, 20) }
export const slow = () => { for (const end = Date.now() + 60; Date.now() < end; ); return { key: String(++count) } }
export const never = () => new Promise(() => {})
export const exits = () => process.exit(3)
export const kills = () => process.kill(process.pid)
export const babbles = () => { for (const fd of [2, 3, 4]) writeSync(fd, 'null\\n'); return new Promise(() => {}) }
export const dies = () => { process.kill(process.pid, 'SIGKILL'); for (;;); }
export const leaks = () => { for (;;) kept.push(new Array(1_000_000).fill(count++)) }
export const leaksBuffers = () => { kept.push(Buffer.alloc(300e6, 1)); return undefined }
export const changes = (request: any) => { request.headers.cookie = 'root'; request.headers = null; return undefined }
export const returnsMuch = () => ({ body: 'x'.repeat(5_000_000) })
export const returnsFunction = () => ({ key: () => {} })
export const says = () => { console.log('hello'); console.error('trouble'); process.stdout.write('x'.repeat(9000)); return undefined }
export const env = () => ({ key: JSON.stringify(process.env) })
export const word = 7
`

function setUp(t: Test, source = MODULE, startMs = 10_000) {
  const file = join(temporaryDirectory(t), 'rules.ts')
  writeFileSync(file, source)
  const told: { text: string; fields: Record<string, string | number> }[] = []
  const runner = new JsRunner({
    file,
    mostHeapMb: 64,
    startMs,
    tell: (_, text, fields) => told.push({ text, fields }),
  })
  t.teardown(() => runner.close())
  const call = (name: string, timeoutMs = 5_000, request = REQUEST): Promise<JsAnswer> =>
    new Promise(resolve => runner.call({ file, stamp: '', name, timeoutMs, request }, resolve))
  return { call, told, runner }
}

const returned = (decision: unknown): JsAnswer => ({ kind: 'returned', decision })

t.test('a function decides, at once or later; those before it left something behind', async t => {
  const { call } = setUp(t)
  t.same(await call('decide'), returned({ key: 'example.comid=1' }))
  t.same(await call('later'), returned({ status: 403 }))
  t.same(await call('nothing'), returned(undefined))
  t.same(await call('counts'), returned({ key: '1' }))
  t.same(await call('counts'), returned({ key: '2' }))
})

t.test('one that fails is told of, and does no harm to the others', async t => {
  const { call } = setUp(t)
  t.same(await call('throws'), { kind: 'failed', why: 'Error: boom' })
  t.match(await call('throwsNothing'), { kind: 'failed', why: 'null' })
  t.match(await call('rejects'), { kind: 'failed', why: /cannot be shown/ })
  t.match(await call('returnsFunction'), { kind: 'failed', why: /cannot be copied/ })
  t.match(await call('returnsMuch'), { kind: 'failed', why: /takes 50000\d\d characters/ })
  t.match(await call('missing'), { kind: 'failed', why: /exports no function/ })
  t.match(await call('word'), { kind: 'failed', why: /exports no function/ })
  t.match(await call('__proto__'), { kind: 'failed' })
  t.same(await call('counts'), returned({ key: '1' }), 'it is the same process still')
})

for (const [name, why] of [
  ['loops', /no decision within 100 ms/],
  ['exits', /exited with code 3/],
  ['leaks', /memory/],
  ['throwsLater', /later/],
  ['babbles', /null|understands/],
  ['dies', /SIGKILL/],
] as const)
  t.test(`one that ${name} costs its process, and another one follows`, async t => {
    const { call, told } = setUp(t)
    await call('counts')
    t.match(await call(name, name === 'loops' ? 100 : 10_000), { kind: 'failed', why })
    await until('the process has ended', () => told.length > 0)
    t.match(told, [{ text: /another one follows/, fields: { cause: why } }])
    t.same(await call('counts'), returned({ key: '1' }))
  })

t.test('buffers that are kept count, too', async t => {
  const { call, told } = setUp(t)
  await call('leaksBuffers')
  await until('the process is ended', async () => {
    await call('nothing')
    return /memory/.test(String(told[0]?.fields.cause))
  })
  t.same(await call('counts'), returned({ key: '1' }))
})

t.test('what it is given is a copy', async t => {
  const { call } = setUp(t)
  const request = structuredClone(REQUEST)
  t.same(await call('changes', 5_000, request), returned(undefined))
  t.same(request, REQUEST)
})

t.test('what it writes is logged by lines, the longest cut; our environment is not its own', async t => {
  const { call, told } = setUp(t)
  await call('says')
  await until('three lines', () => told.length >= 3)
  const lines = told.map(({ fields }) => fields.line)
  t.ok(lines.includes('hello') && lines.includes('trouble'))
  t.ok(lines.every(line => String(line).length <= 2_000))
  t.same(await call('env'), returned({ key: '{}' }))
})

t.test('one that waits for long fails at its time, and its process goes on with the others', async t => {
  const { call, told } = setUp(t)
  await call('counts')
  const begun = performance.now()
  const never = call('never', 100)
  t.same(await call('counts'), returned({ key: '2' }))
  t.match(await never, { kind: 'failed', why: 'no decision within 100 ms' })
  t.ok(performance.now() - begun < 2_000)
  // As long again as the process had for hearing.
  t.match(await call('never', 200), { kind: 'failed' })
  t.same(await call('counts'), returned({ key: '3' }), 'it is the same process still')
  t.same(told, [])
})

t.test('a process that has more to do than time begins one after the other, and is left alone', async t => {
  const { call, told } = setUp(t)
  await call('counts')
  const answers = await Promise.all(Array.from({ length: 12 }, () => call('slow', 200)))
  t.match(answers.at(-1), { kind: 'failed', why: /no decision within 200 ms/ })
  await until('it has done with all', async () => {
    const answer = await call('counts')
    return answer.kind === 'returned' && (answer.decision as { key: string }).key === '14'
  })
  t.same(told, [])
})

t.test(
  'calls behind one that hangs are for the next process; those that had begun fail, and none runs twice',
  async t => {
    const { call, told } = setUp(t)
    await call('counts')
    const begun = call('never', 10_000)
    const hanging = call('loops', 300)
    const behind = [call('counts', 10_000), call('counts', 10_000)]
    const impatient = call('counts', 300)
    t.match(await hanging, { kind: 'failed', why: /no decision within 300 ms/ })
    t.match(await begun, { kind: 'failed', why: /its process was ended/ })
    t.same(await Promise.all(behind), [returned({ key: '1' }), returned({ key: '2' })])
    t.same(await impatient, returned({ key: '3' }), 'whose own time was over meanwhile')
    t.equal(told.length, 1)
  },
)

t.test('a call behind one that may take longer does not end it', async t => {
  const { call, told } = setUp(t)
  await call('counts')
  const slow = call('slow', 10_000)
  t.match(await call('counts', 5), { kind: 'failed', why: 'no decision within 5 ms' })
  t.same(await slow, returned({ key: '2' }))
  t.same(told, [])
})

t.test('a process that hangs behind an answer that it gave is ended, too', async t => {
  const { call, told } = setUp(t)
  t.same(await call('loopsLater'), returned(undefined))
  await until('another process', async () => {
    await call('nothing', 50)
    return told.length > 0
  })
  t.match(told, [{ text: /another one follows/ }])
})

t.test('what hangs in the second process, too, is for no third one', async t => {
  const { call } = setUp(t)
  await call('counts')
  const [first, second, third] = [call('loops', 100), call('loops', 100), call('counts', 10_000)]
  t.match(await first, { kind: 'failed' })
  t.match(await second, { kind: 'failed' })
  t.match(await third, { kind: 'failed', why: /no decision within 100 ms/ })
})

t.test('a thousand calls may wait for one that hangs, no more', async t => {
  const { call } = setUp(t)
  await call('counts')
  const hanging = call('loops', 300)
  const waiting = Array.from({ length: 1_000 }, () => call('decide', 10_000))
  t.match(await waiting[999], { kind: 'failed', why: 'too many calls wait' })
  t.match(await hanging, { kind: 'failed' })
  t.match(await waiting[0], { kind: 'returned' })
  t.match(await call('decide'), { kind: 'returned' })
})

t.test('a module that cannot be loaded answers at once that it fails, and is tried seldom', async t => {
  const { call, told } = setUp(t, 'this is no module')
  t.match(await call('decide'), { kind: 'failed', why: /./ })
  await until('another try', () => told.length === 2)
  const begun = performance.now()
  t.match(await call('decide', 50), { kind: 'failed' })
  t.ok(performance.now() - begun < 2_000)
})

t.test('a module that never is loaded is ended, and its calls fail', async t => {
  const { call, told, runner } = setUp(t, 'for (;;);', 300)
  const pid = runner.pid!
  t.match(await call('decide'), { kind: 'failed', why: /not load/ })
  await until('it is ended', () => !isAlive(pid) && told.length > 0)
  t.match(told, [{ fields: { cause: 'it does not load' } }])
})

t.test('a polite signal to its own process does nothing', async t => {
  const { call, told } = setUp(t)
  t.same(await call('kills'), returned(true))
  t.same(await call('counts'), returned({ key: '1' }))
  t.same(told, [])
})

t.test('calls behind one that takes the process with it are for the next one', async t => {
  const { call, told } = setUp(t)
  await call('counts')
  const pending = call('never', 10_000)
  const leaving = call('dies', 10_000)
  const behind = [call('counts', 10_000), call('later', 10_000)]
  t.match(await leaving, { kind: 'failed', why: /SIGKILL/ })
  t.match(await pending, { kind: 'failed', why: /SIGKILL/ })
  t.same(await Promise.all(behind), [returned({ key: '1' }), returned({ status: 403 })])
  t.equal(told.length, 1)
})

t.test('calls in hand at the end are answered', async t => {
  const { call, runner } = setUp(t)
  await call('counts')
  const last = call('never')
  const pid = runner.pid!
  await runner.close()
  t.notOk(isAlive(pid))
  t.match(await last, { kind: 'failed' })
  t.match(await call('counts'), { kind: 'failed' })
})

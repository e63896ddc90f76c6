// test/master/names.test.ts: host names of nodes, resolved ahead of traffic, with a resolver and a clock of our own.
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { createLog } from '../../master/logs/log.ts'
import { type Lookup, Names } from '../../master/names.ts'

/** A Names over answers that the test changes, with mock timers. */
function setUp(t: Test, answers: Map<string, readonly string[]>) {
  const lines: string[] = []
  const log = createLog({ write: text => lines.push(text) })
  const lookup: Lookup = async host => {
    const found = answers.get(host)
    if (!found) throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
    return found
  }
  let changes = 0
  const names = new Names([...answers.keys(), 'app.test', '127.0.0.1'], () => changes++, log, lookup)
  t.teardown(() => names.stop())
  return { names, lines, changes: () => changes }
}

/** Lets the mocked time pass and what it set off come to rest. */
async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms)
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

t.beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }))
t.afterEach(() => mock.timers.reset())

t.test('a numeric host is its own address and is never looked up', async t => {
  const { names } = setUp(t, new Map())
  await names.start(1000)
  t.same(names.addresses('127.0.0.1'), ['127.0.0.1'])
})

t.test('a name has all its addresses after the start', async t => {
  const { names, changes } = setUp(t, new Map([['app.test', ['192.0.2.1', '192.0.2.2']]]))
  await names.start(1000)
  t.same(names.addresses('app.test'), ['192.0.2.1', '192.0.2.2'])
  t.equal(changes(), 0, 'the first picture has them: nothing to tell')
})

t.test('one that does not resolve is warned about once, and tried again every few seconds', async t => {
  const answers = new Map<string, readonly string[]>()
  const { names, lines, changes } = setUp(t, answers)
  await names.start(1000)
  t.same(names.addresses('app.test'), [])
  await pass(3000)
  t.equal(lines.length, 1)
  t.match(lines[0], /"host":"app\.test","cause":"ENOTFOUND"/)
  answers.set('app.test', ['192.0.2.1'])
  await pass(3000)
  t.same(names.addresses('app.test'), ['192.0.2.1'])
  t.equal(changes(), 1)
})

t.test('other addresses are told within half a minute, another order is not', async t => {
  const answers = new Map<string, readonly string[]>([['app.test', ['192.0.2.1', '192.0.2.2']]])
  const { names, changes } = setUp(t, answers)
  await names.start(1000)
  answers.set('app.test', ['192.0.2.2', '192.0.2.1'])
  await pass(30_000)
  t.equal(changes(), 0)
  answers.set('app.test', ['192.0.2.3'])
  await pass(30_000)
  t.equal(changes(), 1)
  t.same(names.addresses('app.test'), ['192.0.2.3'])
})

t.test('a name that stops resolving keeps its last addresses', async t => {
  const answers = new Map<string, readonly string[]>([['app.test', ['192.0.2.1']]])
  const { names, changes } = setUp(t, answers)
  await names.start(1000)
  answers.delete('app.test')
  await pass(30_000)
  t.same(names.addresses('app.test'), ['192.0.2.1'])
  t.equal(changes(), 0)
})

t.test('a resolver that is silent does not hold up the start', async t => {
  const names = new Names(
    ['app.test'],
    () => {},
    createLog({ write: () => {} }),
    () => new Promise(() => {}),
  )
  t.teardown(() => names.stop())
  const started = names.start(1000)
  await pass(1000)
  await started
  t.same(names.addresses('app.test'), [])
})

// test/master/names.test.ts: host names of nodes, resolved ahead of traffic, with a resolver and a clock of our own.
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { createLog } from '../../master/logs/log.ts'
import { type Lookup, Names } from '../../master/names.ts'

/** A Names over answers and times to live (in seconds) that the test changes, with mock timers. */
function setUp(t: Test, answers: Map<string, readonly string[]>, ttls = new Map<string, number>()) {
  const lines: string[] = []
  const log = createLog({ write: text => lines.push(text) })
  const asked: string[] = []
  const lookup: Lookup = async host => {
    asked.push(host)
    const found = answers.get(host)
    if (!found) throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
    return found
  }
  const changed: string[] = []
  const hosts = [...answers.keys(), 'app.test', '127.0.0.1']
  const names = new Names(hosts, those => changed.push(those.join(' ')), log, {
    lookup,
    ttlOf: async host => ttls.get(host) ?? null,
    random: () => 0,
  })
  t.teardown(() => names.stop())
  return { names, lines, asked, changed, changes: () => changed.length }
}

/** Lets the mocked time pass, second by second, and what it set off come to rest. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    mock.timers.tick(Math.min(left, 1000))
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
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
  const names = new Names(['app.test'], () => {}, createLog({ write: () => {} }), {
    lookup: () => new Promise(() => {}),
    ttlOf: async () => null,
  })
  t.teardown(() => names.stop())
  const started = names.start(1000)
  await pass(1000)
  await started
  t.same(names.addresses('app.test'), [])
})

t.test('a name is asked for again as its records expire, within a minute and not every instant', async t => {
  const answers = new Map([
    ['soon.test', ['192.0.2.1']],
    ['zero.test', ['192.0.2.2']],
    ['late.test', ['192.0.2.3']],
  ])
  const ttls = new Map([
    ['soon.test', 5],
    ['zero.test', 0],
    ['late.test', 86_400],
  ])
  const { names, asked } = setUp(t, answers, ttls)
  await names.start(1000)
  await pass(60_000)
  const times = (host: string) => asked.filter(one => one === host).length - 1
  t.equal(times('soon.test'), 12)
  t.equal(times('zero.test'), 60)
  t.equal(times('late.test'), 1)
})

t.test('the name of an announced node is kept as long as a node has it', async t => {
  const answers = new Map([['node.test', ['192.0.2.1']]])
  const { names, changed } = setUp(t, answers)
  names.forgetOthers([])
  await names.start(1000)
  names.hold('node.test')
  names.hold('node.test')
  await pass(1000)
  t.same(names.addresses('node.test'), ['192.0.2.1'])
  t.same(changed, ['node.test'], 'told as soon as it resolves')
  names.forgetOthers(['app.test'])
  names.release('node.test')
  t.same(names.addresses('node.test'), ['192.0.2.1'], 'a reload and one of two nodes leave it')
  names.release('node.test')
  t.same(names.addresses('node.test'), [])
})

t.test('a name that the config has, too, survives its announced nodes', async t => {
  const { names } = setUp(t, new Map([['node.test', ['192.0.2.1']]]))
  await names.start(1000)
  names.hold('node.test')
  names.release('node.test')
  t.same(names.addresses('node.test'), ['192.0.2.1'])
})

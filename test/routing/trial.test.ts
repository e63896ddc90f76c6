// test/routing/trial.test.ts: a node that was ejected comes back on trial, and one that a check finds unwell stays away.
import t from 'tap'
import { Backend, DEFAULT_RULES } from '../../routing/backend.ts'
import type { Node } from '../../routing/node.ts'
import { fakeNode } from './nodes.ts'

const FOREVER = 1e12

for (const policy of ['smooth', 'wrr', 'lrc', 'wlrc', 'iphash', 'p2c', 'ewma', 'hash'] as const) {
  t.test(`${policy}: on trial it has one exchange at a time, until one was answered well`, async t => {
    const [a, b] = [fakeNode('a'), fakeNode('b')]
    const backend = new Backend([a, b], [], { ...DEFAULT_RULES, policy })
    const picks = (now: number): Set<string> =>
      new Set(
        Array.from({ length: 200 }, (_, i) => (backend.pickFor(now, null, `127.0.0.${i}`) as Node).name),
      )
    t.ok(backend.eject(a, 0, 1_000, 8_000))
    t.same([...picks(999)], ['b'])
    t.ok(backend.isOpen(a, 1_000), 'its rest is over')
    a.begin()
    t.same([...picks(1_000)], ['b'], 'one is in hand')
    a.end(-1, 1_000)
    t.ok(backend.isOpen(a, 1_000), 'it said nothing: another may try')
    a.begin()
    t.ok(backend.eject(a, 1_000, 1_000, 8_000), 'it failed again')
    a.end(-1, 1_000)
    t.same([...picks(2_999)], ['b'], 'twice as long')
    t.ok(backend.isOpen(a, 3_000))
    a.begin()
    a.answered(true)
    t.ok(backend.isOpen(a, 3_000), 'it answered well')
    a.begin()
    t.ok(backend.isOpen(a, 3_000))
  })
}

t.test('exchanges of before its rest do not stand for its trial', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = new Backend([a, b], [])
  a.begin() // a tunnel, say
  backend.eject(a, 0, 1_000, 1_000)
  t.ok(backend.isOpen(a, 1_000))
  a.begin()
  t.notOk(backend.isOpen(a, 1_000))
  a.end(-1, 1_000)
  t.ok(backend.isOpen(a, 1_000))
})

t.test('a node on trial with an exchange in hand is the last resort, and no reason to wait', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = new Backend([a, b], [])
  backend.eject(a, 0, 1_000, 1_000)
  t.ok(backend.isOpen(a, 1_000))
  a.begin()
  b.connectFailed('127.0.0.1', 1_000, 5_000)
  t.notOk(backend.isServing(1_000))
  t.equal(backend.pickFor(1_000, null, ''), b, 'whose rest ends')
  t.equal(backend.pickFor(1_000, [b], ''), a)
})

t.test('an unwell node is not picked until a check finds it well', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = new Backend([a, b], [])
  a.judge(false)
  for (let i = 0; i < 4; i++) t.equal(backend.pickFor(FOREVER, null, ''), b)
  a.answered(true)
  t.notOk(backend.isOpen(a, FOREVER), 'an answer says less than a check')
  t.notOk(a.restsAt(0), 'it does not rest')
  b.judge(false)
  t.not(backend.pickFor(0, null, ''), null, 'the last resort')
  t.notOk(backend.isServing(FOREVER))
  b.judge(true)
  a.judge(true)
  t.ok(backend.isOpen(a, 0) && backend.isOpen(b, 0))
})

t.test('a verdict and a rest do not end each other', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = new Backend([a, b], [])
  a.connectFailed('127.0.0.1', 0, 1_000)
  a.judge(false)
  t.ok(a.restsAt(999))
  t.notOk(backend.isOpen(a, 1_000))
  a.judge(true)
  t.ok(backend.isOpen(a, 0), 'a check that finds it well ends both')
  a.judge(false)
  a.connectFailed('127.0.0.1', 0, 1_000)
  t.notOk(backend.isOpen(a, FOREVER))
})

t.test('the limit of a backend holds for nodes without one of their own', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b', 1, ['127.0.0.1'], { limit: 2 })]
  const backend = new Backend([a, b], [], { ...DEFAULT_RULES, limit: 1 })
  for (const node of [a, b]) node.begin()
  t.equal(backend.pickFor(0, null, ''), b)
  b.begin()
  t.equal(backend.pickFor(0, null, ''), 'full')
  backend.renew([a, b], [], DEFAULT_RULES)
  t.equal(backend.pickFor(0, null, ''), a)
})

t.test('who refuses on trial is tried again', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = new Backend([a, b], [])
  backend.eject(a, 0, 1_000, 1_000)
  t.ok(backend.isOpen(a, 1_000))
  a.connectFailed('127.0.0.1', 1_000, 1_000)
  t.ok(backend.isOpen(a, 2_000))
  a.begin()
  t.notOk(backend.isOpen(a, 2_000))
})

t.test('connects that time out are followed by a trial, refused ones are not', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = new Backend([a, b], [])
  for (const node of [a, b]) node.connectFailed('127.0.0.1', 0, 1_000)
  a.needsTrial()
  for (const node of [a, b]) t.ok(backend.isOpen(node, 1_000))
  for (const node of [a, b]) node.begin()
  t.notOk(backend.isOpen(a, 1_000))
  t.ok(backend.isOpen(b, 1_000))
})

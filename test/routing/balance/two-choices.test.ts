// test/routing/balance/two-choices.test.ts: the lot falls by weight; of two, the less busy or the quicker one is picked.
import t from 'tap'
import { Backend, type BackendRules, DEFAULT_RULES } from '../../../routing/backend.ts'
import { lots } from '../../../routing/balance/lots.ts'
import type { Node } from '../../../routing/node.ts'
import { fakeNode } from '../nodes.ts'

const backendOf = (policy: 'p2c' | 'ewma', nodes: readonly Node[], more: Partial<BackendRules> = {}) =>
  new Backend(nodes, [], { ...DEFAULT_RULES, policy, random: lots(7), ...more })

function countPicks(backend: Backend, picks: number, now = 0): Map<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i < picks; i++) {
    const { name } = backend.pickFor(now, null, '') as Node
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

t.test('idle nodes are drawn by weight', async t => {
  const nodes = Array.from({ length: 10 }, (_, i) => fakeNode(`${i}`, i < 5 ? 1 : 3))
  const counts = countPicks(backendOf('p2c', nodes), 20_000)
  for (const [name, count] of counts) {
    const due = Number(name) < 5 ? 1_000 : 3_000
    t.ok(Math.abs(count - due) < due * 0.15, `${name}: ${count}`)
  }
})

t.test('the busier of two is never picked, weights considered', async t => {
  const [a, b] = [fakeNode('a', 1), fakeNode('b', 4)]
  const backend = backendOf('p2c', [a, b])
  a.begin()
  for (let i = 0; i < 3; i++) b.begin()
  t.same([...countPicks(backend, 200).keys()], ['b'], 'three by four are less than one by one')
  for (let i = 0; i < 2; i++) b.begin()
  t.same([...countPicks(backend, 200).keys()], ['a'])
})

t.test('loads stay level', async t => {
  const nodes = Array.from({ length: 100 }, (_, i) => fakeNode(`${i}`))
  const backend = backendOf('p2c', nodes)
  for (let i = 0; i < 5_000; i++) (backend.pickFor(0, null, '') as Node).begin()
  for (const { inHand } of nodes) t.ok(inHand > 40 && inHand < 60, `${inHand}`)
})

t.test('a node that starts slowly is drawn less often', async t => {
  const nodes = Array.from({ length: 10 }, (_, i) => fakeNode(`${i}`))
  const backend = backendOf('p2c', nodes, { slowStartMs: 1_000 })
  nodes[0]!.startSlowly(0)
  const early = countPicks(backend, 10_000).get('0')!
  t.ok(early > 50 && early < 200, `${early} of 10,000`)
  const half = countPicks(backend, 10_000, 500).get('0')!
  t.ok(half > 400 && half < 700, `${half} of 10,000`)
})

t.test('the quicker of two is picked, until more answers are due from it', async t => {
  const [slow, quick] = [fakeNode('slow'), fakeNode('quick')]
  const backend = backendOf('ewma', [slow, quick])
  for (const [node, ms] of [
    [slow, 100],
    [quick, 20],
  ] as const) {
    node.begin()
    node.end(ms, 0)
  }
  t.same([...countPicks(backend, 100).keys()], ['quick'])
  for (let i = 0; i < 5; i++) quick.begin()
  t.same([...countPicks(backend, 100).keys()], ['slow'], 'six times 20 is more than 100')
})

t.test('a node that never answered gets one exchange, not all of them', async t => {
  const [known, fresh] = [fakeNode('known'), fakeNode('fresh')]
  const backend = backendOf('ewma', [known, fresh])
  known.begin()
  known.end(50, 0)
  t.equal(backend.pickFor(0, null, ''), fresh)
  fresh.begin()
  t.same([...countPicks(backend, 100).keys()], ['known'])
})

t.test('a node that was slow once is tried again', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const backend = backendOf('ewma', [a, b])
  a.begin()
  a.end(5_000, 0)
  b.begin()
  b.end(10, 0)
  t.equal(backend.pickFor(0, null, ''), b)
  b.begin()
  b.end(10, 70_000)
  t.equal(backend.pickFor(70_000, null, ''), a)
})

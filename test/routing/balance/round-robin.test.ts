// test/routing/balance/round-robin.test.ts: turns by weight, without bursts, around nodes that rest.
import fc from 'fast-check'
import t from 'tap'
import { RoundRobin } from '../../../routing/balance/round-robin.ts'
import type { Node } from '../../../routing/node.ts'
import { fakeNode } from '../nodes.ts'

const picks = (turns: RoundRobin, count: number, now = 0): string =>
  Array.from({ length: count }, () => turns.pick(now, null)?.name ?? '-').join(' ')

t.test('equal nodes take turns in order', async t => {
  t.equal(picks(new RoundRobin(['a', 'b', 'c'].map(name => fakeNode(name))), 7), 'a b c a b c a')
})

t.test('weights 5, 1, 1 come without bursts', async t => {
  const turns = new RoundRobin([fakeNode('a', 5), fakeNode('b', 1), fakeNode('c', 1)])
  t.equal(picks(turns, 14), 'a a b a c a a a a b a c a a')
})

t.test('weights 2 and 1: a b a', async t => {
  t.equal(picks(new RoundRobin([fakeNode('a', 2), fakeNode('b', 1)]), 6), 'a b a a b a')
})

t.test('in each round every node has exactly its weight', async _t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), weights => {
      const nodes = weights.map((weight, i) => fakeNode(String(i), weight))
      const turns = new RoundRobin(nodes)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      for (let round = 0; round < 3; round++) {
        const counts = new Map<Node, number>()
        for (let i = 0; i < total; i++) {
          const node = turns.pick(0, null)!
          counts.set(node, (counts.get(node) ?? 0) + 1)
        }
        for (const [i, node] of nodes.entries()) if (counts.get(node) !== weights[i]) return false
      }
      return true
    }),
  )
})

t.test('a resting node is passed over, and has its turn again once its rest is over', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const turns = new RoundRobin([a, b])
  a.connectFailed('127.0.0.1', 0, 100)
  t.equal(picks(turns, 3, 99), 'b b b')
  t.match(picks(turns, 2, 100), 'a')
})

t.test('nodes tried already are not picked again', async t => {
  const [a, b] = [fakeNode('a'), fakeNode('b')]
  const turns = new RoundRobin([a, b])
  t.equal(turns.pick(0, [a]), b)
  t.equal(turns.pick(0, [a, b]), null)
})

t.test('a single node is picked while it is available', async t => {
  const a = fakeNode('a')
  const turns = new RoundRobin([a])
  t.equal(turns.pick(0, null), a)
  t.equal(turns.pick(0, [a]), null)
  a.connectFailed('127.0.0.1', 0, 100)
  t.equal(turns.pick(0, null), null)
})

t.test('no nodes, no pick', async t => {
  t.equal(new RoundRobin([]).pick(0, null), null)
})

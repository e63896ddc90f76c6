// test/routing/backend.test.ts: nodes proper come first, then fallbacks, then whoever rests the shortest.
import t from 'tap'
import { Backend } from '../../routing/backend.ts'
import type { Node } from '../../routing/node.ts'
import { fakeNode } from './nodes.ts'

const rest = (node: Node, now: number, ms: number): boolean => node.connectFailed('127.0.0.1', now, ms)

t.test('fallbacks serve only while no node proper is available', async t => {
  const [a, b, f] = [fakeNode('a'), fakeNode('b'), fakeNode('f')]
  const backend = new Backend([a, b], [f])
  t.equal(backend.pickFor(0, null, ''), a)
  rest(a, 0, 100)
  t.equal(backend.pickFor(0, null, ''), b)
  rest(b, 0, 100)
  t.equal(backend.pickFor(0, null, ''), f)
  t.equal(backend.pickFor(100, null, ''), b, 'their rest is over')
})

t.test('one exchange goes through nodes, then fallbacks, then ends', async t => {
  const [a, b, f] = [fakeNode('a'), fakeNode('b'), fakeNode('f')]
  const backend = new Backend([a, b], [f])
  const tried: Node[] = []
  for (const wanted of [a, b, f]) {
    const node = backend.pickFor(0, tried, '')!
    t.equal(node, wanted)
    tried.push(node as Node)
  }
  t.equal(backend.pickFor(0, tried, ''), null)
})

t.test('when all rest, the one whose rest ends first is picked', async t => {
  const [a, b, f] = [fakeNode('a'), fakeNode('b'), fakeNode('f')]
  const backend = new Backend([a, b], [f])
  rest(a, 0, 300)
  rest(b, 0, 200)
  rest(f, 0, 100)
  t.equal(backend.pickFor(50, null, ''), f)
  t.equal(backend.pickFor(50, [f], ''), b)
  t.equal(backend.pickFor(50, [f, b, a], ''), null)
})

t.test('nodes that leave or have no address are never picked', async t => {
  const draining = fakeNode('d')
  draining.state = 'draining'
  const gone = fakeNode('g')
  gone.state = 'gone'
  t.equal(new Backend([draining, gone, fakeNode('n', 1, [])], []).pickFor(0, null, ''), null)
})

t.test('an empty backend has nobody', async t => {
  t.equal(new Backend([], []).pickFor(0, null, ''), null)
})

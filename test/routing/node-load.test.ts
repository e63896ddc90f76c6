// test/routing/node-load.test.ts: what a node has in hand, and how it comes and goes.
import t from 'tap'
import type { NodeWatcher } from '../../routing/node.ts'
import { fakeNode } from './nodes.ts'

t.test('a node with a limit is full when it has that many in hand', async t => {
  const node = fakeNode('a', 1, ['127.0.0.1'], { limit: 2 })
  node.begin()
  t.notOk(node.isFull)
  node.begin()
  t.ok(node.isFull)
  node.end(10, 0)
  t.notOk(node.isFull)
  t.equal(node.inHand, 1)
  t.equal(node.served, 2)
  node.announced()
  t.equal(node.served, 0)
})

t.test('without a limit it never is', async t => {
  const node = fakeNode('a')
  for (let i = 0; i < 1_000; i++) node.begin()
  t.notOk(node.isFull)
})

t.test('what says nothing of the node does not count as its latency', async t => {
  const node = fakeNode('a')
  node.begin()
  node.begin()
  node.end(-1, 0)
  t.equal(node.latency.at(0), 0)
  node.end(30, 0)
  t.equal(node.latency.at(0), 30)
})

t.test('a draining node is gone with the last exchange it has in hand', async t => {
  const node = fakeNode('a')
  node.begin()
  node.begin()
  node.drain()
  node.end(1, 0)
  t.equal(node.state, 'draining')
  node.end(1, 0)
  t.equal(node.state, 'gone')
  node.answered(true)
  t.equal(node.state, 'gone')
})

t.test('an idle node that drains is gone', async t => {
  const node = fakeNode('a')
  node.drain()
  t.equal(node.state, 'gone')
})

t.test('rests grow to the most that is asked for', async t => {
  const node = fakeNode('a')
  const rests: number[] = []
  for (let now = 0; rests.length < 4; now = node.restsUntil) {
    t.ok(node.isAvailable(now))
    node.connectFailed('127.0.0.1', now, 100, 350)
    rests.push(node.restsUntil - now)
  }
  t.same(rests, [100, 200, 350, 350])
})

t.test('whoever picks hears of every change', async t => {
  const node = fakeNode('a', 1, ['127.0.0.1'], { limit: 1 })
  const heard: string[] = []
  const watcher: NodeWatcher = {
    nodeChanged: () => heard.push(node.state),
    loadChanged: () => heard.push(`${node.inHand}`),
    nodeTaken: () => heard.push('taken'),
  }
  node.watcher = watcher
  node.begin()
  node.end(1, 0)
  node.restUntil(10)
  node.restUntil(20)
  node.answered(true)
  node.leave()
  t.same(heard, ['1', '0', 'resting', 'resting', 'up', 'gone'])
})

t.test('of a node without a limit nobody hears what it has in hand, unless told to', async t => {
  const node = fakeNode('a')
  let heard = 0
  node.watcher = { nodeChanged() {}, loadChanged: () => heard++, nodeTaken() {} }
  node.begin()
  t.equal(heard, 0)
  node.tellsLoad = true
  node.end(1, 0)
  t.equal(heard, 1)
})

// test/routing/node.test.ts: a node's addresses take turns; when none can be connected to, it rests.
import t from 'tap'
import { fakeNode } from './nodes.ts'

t.test('one refused connect makes a node of one address rest', async t => {
  const node = fakeNode('a')
  t.equal(node.connectFailed('127.0.0.1', 1_000, 500), false)
  t.equal(node.state, 'resting')
  t.notOk(node.isAvailable(1_499))
  t.ok(node.isAvailable(1_500))
  t.equal(node.state, 'up')
})

t.test('an answer ends the rest', async t => {
  const node = fakeNode('a')
  node.connectFailed('127.0.0.1', 0, 500)
  node.answered(true)
  t.ok(node.isAvailable(0))
})

t.test('an answer keeps nothing alive that leaves', async t => {
  const node = fakeNode('a')
  node.state = 'draining'
  node.answered(true)
  t.equal(node.state, 'draining')
})

t.test('each address has its turn before the node rests', async t => {
  const node = fakeNode('a', 1, ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  t.equal(node.connectFailed('10.0.0.1', 0, 500), true)
  t.equal(node.address, '10.0.0.2')
  t.equal(node.connectFailed('10.0.0.2', 0, 500), true)
  t.equal(node.state, 'up')
  t.equal(node.connectFailed('10.0.0.3', 0, 500), false)
  t.equal(node.state, 'resting')
  t.equal(node.address, '10.0.0.1', 'the next try begins anew')
})

t.test('connects that fail together are one failure', async t => {
  const node = fakeNode('a', 1, ['10.0.0.1', '10.0.0.2'])
  for (let i = 0; i < 5; i++) t.equal(node.connectFailed('10.0.0.1', 0, 500), true)
  t.equal(node.address, '10.0.0.2')
  t.equal(node.state, 'up')
})

t.test('an answer in between forgives what failed before', async t => {
  const node = fakeNode('a', 1, ['10.0.0.1', '10.0.0.2'])
  node.connectFailed('10.0.0.1', 0, 500)
  node.answered(true)
  t.equal(node.connectFailed('10.0.0.2', 0, 500), true, 'the first may be back')
  t.equal(node.address, '10.0.0.1')
})

t.test('a UNIX path is one address', async t => {
  const node = fakeNode('a')
  node.endpoint = { kind: 'unix', path: '/x' }
  t.equal(node.address, '')
  t.equal(node.connectFailed('', 0, 500), false)
  t.equal(node.state, 'resting')
})

t.test('a name without addresses cannot be reached', async t => {
  const node = fakeNode('a', 1, [])
  t.equal(node.address, '')
  t.notOk(node.isAvailable(0))
})

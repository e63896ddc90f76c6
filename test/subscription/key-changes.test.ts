// test/subscription/key-changes.test.ts: changes gathered into the last word on each node, and cut into messages.
import t from 'tap'
import type { KeyPicture, NodePicture } from '../../base/picture.ts'
import { TableBuilder } from '../../routing/table-builder.ts'
import { inMessages, KeyChanges, MOST_IN_MESSAGE } from '../../subscription/key-changes.ts'

t.test('of a node that came and changed only the last is told', async t => {
  const changes = new KeyChanges()
  changes.join('a', '', node('a 1', 1))
  changes.join('a', '', node('a 2', 1))
  changes.join('a', '', node('a 1', 5))
  t.same(changes.takeAll(), [{ key: 'a', algo: '', nodes: [node('a 1', 5), node('a 2', 1)], gone: [] }])
  t.same(changes.takeAll(), [])
})

t.test('a node that came and left before anybody heard of it is not told at all', async t => {
  const changes = new KeyChanges()
  changes.join('a', '', node('a 1', 1))
  changes.leave('a', '', 'a 1', false)
  t.same(changes.takeAll(), [])
})

t.test('a node that left and came back has left: it is a new one at the end', async t => {
  const changes = new KeyChanges()
  changes.leave('a', 'lrc', 'a 1', true)
  changes.join('a', 'lrc', node('a 2', 1))
  changes.join('a', 'lrc', node('a 1', 1))
  t.match(changes.take('a'), { algo: 'lrc', nodes: [{ name: 'a 2' }, { name: 'a 1' }], gone: ['a 1'] })
})

t.test('messages are bounded, and together they say the same', async t => {
  const all = (count: number) => Array.from({ length: count }, (_, i) => node(`k ${i}`, 1))
  const keys: KeyPicture[] = [
    { key: 'large', algo: 'lrc', nodes: all(1200), gone: all(700).map(({ name }) => name) },
    ...all(30).map(({ name }) => ({ key: name, algo: '', nodes: [node(name, 1)], gone: [] })),
    { key: 'exact', algo: '', nodes: all(MOST_IN_MESSAGE), gone: [] },
    { key: 'none', algo: '', nodes: [], gone: [] },
  ]
  const messages = [...inMessages(keys)]
  const sizes = messages.map(message =>
    message.reduce((sum, { nodes, gone }) => sum + nodes.length + gone.length, 0),
  )
  t.ok(Math.max(...sizes) <= MOST_IN_MESSAGE, `${sizes}`)
  for (const { key, algo, nodes, gone } of keys) {
    const parts = messages.flat().filter(part => part.key === key)
    t.same(
      parts.flatMap(part => part.nodes),
      nodes,
    )
    t.same(parts.flatMap(part => part.gone).toSorted(), gone.toSorted())
    t.ok(parts.every(part => part.algo === algo))
  }
})

t.test('between two messages a key has the nodes that it had before, or those that it gets', async t => {
  const named = (letter: string) => Array.from({ length: 1100 }, (_, i) => node(`k ${letter}${i}`, 1))
  const [before, after, back] = [named('a'), named('b'), named('c')]
  const gone = [...before, ...back].map(({ name }) => name)
  const builder = new TableBuilder()
  builder.apply([{ key: 'k', algo: '', nodes: [...before, ...back], gone: [] }], 0)
  for (const message of inMessages([{ key: 'k', algo: '', nodes: [...after, ...back], gone }])) {
    builder.apply(message, 1)
    t.ok(builder.sizeOf('k') >= before.length + back.length, 'others are there before these leave')
    t.ok(
      back.every(({ name }) => builder.nodes.has(name)),
      'who came back is always there',
    )
  }
  t.same([...builder.nodes.keys()].toSorted(), [...after, ...back].map(({ name }) => name).toSorted())
})

function node(name: string, weight: number): NodePicture {
  const endpoint = { kind: 'tcp', addresses: ['10.0.0.1'], port: 1 } as const
  return { name, proto: 'http', endpoint, weight, modifier1: 0, modifier2: 0 }
}

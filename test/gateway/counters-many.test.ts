// test/gateway/counters-many.test.ts: what is told of thousands of busy nodes and keys: all of it, in pieces.
import t from 'tap'
import type { CounterBatch } from '../../base/messages.ts'
import { Counters } from '../../gateway/counters.ts'
import { Backend } from '../../routing/backend.ts'
import { Node } from '../../routing/node.ts'

const COUNT = 2_500

t.test('no batch tells of more than a thousand nodes, and each has its turn', async t => {
  const { batches, counters, nodes } = setUp()
  for (const node of nodes) exchange(counters, node)
  for (let now = 250; now <= 1_000; now += 250) counters.tick(now, 1)
  t.same(
    batches.map(batch => batch.nodes.length),
    [1_000, 1_000, 500],
    'and nothing when all was told',
  )
  t.same(batches.flatMap(batch => batch.nodes.map(({ name }) => name)).sort(), namesOf(nodes))
})

t.test('a node that stays in use lets the others go first', async t => {
  const { batches, counters, nodes } = setUp()
  for (const node of nodes) begin(counters, node) // and never ends
  for (let now = 250; now <= 750; now += 250) {
    counters.tick(now, 1)
    for (const node of nodes) begin(counters, node)
  }
  const told = new Set(batches.flatMap(batch => batch.nodes.map(({ name }) => name)))
  t.same([...told].sort(), namesOf(nodes), 'three batches tell of all')
})

t.test('what a node did while it waited for its turn is told with it', async t => {
  const { batches, counters, nodes } = setUp()
  for (const node of nodes) exchange(counters, node)
  counters.tick(250, 1)
  for (const node of nodes) exchange(counters, node)
  counters.tell(300, 0)
  t.equal(batches[1]!.nodes.length, COUNT, 'the last word says all')
  const told = batches.flatMap(batch => batch.nodes)
  t.equal(
    told.reduce((sum, { requests }) => sum + requests, 0),
    2 * COUNT,
  )
})

t.test('keys are told in pieces, too', async t => {
  const { batches, counters } = setUp()
  const keys = Array.from({ length: COUNT }, (_, i) => new Backend([], [], undefined, `key${i}`))
  for (const key of keys) counters.hit(key)
  counters.tick(250, 0)
  counters.hit(keys[0]!)
  counters.hit(keys[COUNT - 1]!)
  for (let now = 500; now <= 1_000; now += 250) counters.tick(now, 0)
  t.same(
    batches.map(({ hits }) => hits.length),
    [1_000, 1_000, 501],
  )
  const hits = new Map<string, number>()
  for (const batch of batches)
    for (const told of batch.hits) hits.set(told.key, (hits.get(told.key) ?? 0) + told.hits)
  t.equal(hits.get('key0'), 2)
  t.equal(hits.get(`key${COUNT - 1}`), 2)
  t.equal(hits.size, COUNT)
})

function setUp() {
  const batches: CounterBatch[] = []
  const counters = new Counters(batch => batches.push(batch))
  const nodes = Array.from({ length: COUNT }, (_, i) => {
    const endpoint = { kind: 'tcp', addresses: ['10.0.0.1'], port: 1 + i } as const
    const plain = { proto: 'http', weight: 1, modifier1: 0, modifier2: 0 } as const
    return new Node({ ...plain, name: `http://10.0.0.1:${1 + i}`, endpoint })
  })
  return { batches, counters, nodes }
}

function begin(counters: Counters, node: Node): void {
  node.begin()
  counters.note(node)
}

function exchange(counters: Counters, node: Node): void {
  begin(counters, node)
  node.end(1, 0)
}

function namesOf(nodes: readonly { readonly name: string }[]): string[] {
  return nodes.map(({ name }) => name).sort()
}

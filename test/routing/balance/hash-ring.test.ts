// test/routing/balance/hash-ring.test.ts: keys stay where they are, spread evenly, and busy nodes pass them on.
import t from 'tap'
import { Backend, DEFAULT_RULES } from '../../../routing/backend.ts'
import type { Node } from '../../../routing/node.ts'
import { fakeNode } from '../nodes.ts'

const RULES = { ...DEFAULT_RULES, policy: 'hash' as const }
const many = (count: number): Node[] =>
  Array.from({ length: count }, (_, i) => fakeNode(`http://10.0.0.${i}:80`))
const KEYS = Array.from({ length: 20_000 }, (_, i) => `user-${i}`)
const owners = (backend: Backend, keys = KEYS): Node[] =>
  keys.map(key => backend.pickFor(0, null, key) as Node)

t.test('a key leads to the same node, in whatever order nodes were announced', async t => {
  const there = owners(new Backend(many(20), [], RULES)).map(node => node.name)
  const here = owners(new Backend(many(20).reverse(), [], RULES)).map(node => node.name)
  t.same(here, there)
})

t.test('keys are spread by weight', async t => {
  const nodes = many(20)
  for (const node of nodes.slice(0, 10)) node.weight = 3
  const counts = new Map(nodes.map(node => [node, 0]))
  for (const node of owners(new Backend(nodes, [], RULES))) counts.set(node, counts.get(node)! + 1)
  for (const [node, count] of counts) {
    const due = (KEYS.length * node.weight) / 40
    t.ok(
      count > due * 0.6 && count < due * 1.4,
      `${node.name} of weight ${node.weight}: ${count}, due ${due}`,
    )
  }
})

t.test('when a node goes, only its keys move; when it comes back, so do they', async t => {
  const nodes = many(50)
  const backend = new Backend(nodes, [], RULES)
  const before = owners(backend)
  nodes[7]!.restUntil(100)
  const meanwhile = owners(backend)
  for (const [i, node] of before.entries()) {
    if (node === nodes[7]) t.not(meanwhile[i], node)
    else if (meanwhile[i] !== node) t.fail(`${KEYS[i]} moved`)
  }
  nodes[7]!.answered(true)
  t.same(
    owners(backend).map(node => node.name),
    before.map(node => node.name),
  )
})

t.test('a node that joins takes its share of keys, and others keep theirs', async t => {
  const nodes = many(50)
  const backend = new Backend(nodes, [], RULES)
  const before = owners(backend)
  const late = fakeNode('http://10.0.1.1:80')
  backend.renew([...nodes, late], [])
  const after = owners(backend)
  const moved = after.filter((node, i) => node !== before[i])
  t.ok(moved.every(node => node === late))
  t.ok(moved.length > 200 && moved.length < 800, `${moved.length} of 20,000`)
})

t.test('most nodes away or back: the same owners as without ever having had them', async t => {
  const nodes = many(40)
  const backend = new Backend(nodes, [], RULES)
  const before = owners(backend)
  for (const node of nodes.slice(5)) node.restUntil(100)
  const few = new Backend(many(5), [], RULES)
  t.same(
    owners(backend).map(node => node.name),
    owners(few).map(node => node.name),
  )
  for (const node of nodes) node.answered(true)
  t.ok(owners(backend).every((node, i) => node === before[i]))
})

t.test('what a resting node has in hand makes room for nobody', async t => {
  const nodes = many(10)
  const backend = new Backend(nodes, [], RULES)
  for (let i = 0; i < 1_000; i++) nodes[0]!.begin()
  nodes[0]!.restUntil(100)
  for (let i = 0; i < 90; i++) (backend.pickFor(0, null, 'hot') as Node).begin()
  for (const { inHand } of nodes.slice(1)) t.ok(inHand <= 13, `${inHand}`)
})

t.test('a busy node passes its keys on, always to the same one', async t => {
  const nodes = many(10)
  const backend = new Backend(nodes, [], RULES)
  const owner = backend.pickFor(0, null, 'hot') as Node
  const seen: Node[] = []
  for (let i = 0; i < 100; i++) {
    const node = backend.pickFor(0, null, 'hot') as Node
    node.begin()
    if (!seen.includes(node)) seen.push(node)
  }
  t.equal(seen[0], owner)
  for (const { inHand } of nodes) t.ok(inHand <= 13, `${inHand}: a quarter above the mean, rounded up`)
  for (const node of nodes) while (node.inHand > 0) node.end(1, 0)
  t.equal(backend.pickFor(0, null, 'hot'), owner)
})

// test/routing/table-builder.test.ts: tables made of changes are those made at once, and what did not change is untouched.
import fc from 'fast-check'
import t from 'tap'
import type { KeyPicture } from '../../base/picture.ts'
import { type Backend, DEFAULT_RULES } from '../../routing/backend.ts'
import type { Node } from '../../routing/node.ts'
import type { Table } from '../../routing/table.ts'
import { type StaticNodes, TableBuilder } from '../../routing/table-builder.ts'
import { fakePicture } from './nodes.ts'

const fresh = (): TableBuilder => new TableBuilder()
const joins = (key: string, ...names: string[]): KeyPicture => {
  return { key, algo: '', nodes: names.map(name => fakePicture(name)), gone: [] }
}
const leaves = (key: string, ...names: string[]): KeyPicture => ({ key, algo: '', nodes: [], gone: names })
const pick = (backend: Backend, now: number): Node => backend.pickFor(now, null, '') as Node
const namesOf = (table: Table): Record<string, string[]> =>
  Object.fromEntries([...table.backends].map(([key, { nodes }]) => [key, nodes.map(node => node.name)]))

t.test('nodes come and go; a key without nodes is not in the table', async t => {
  const builder = fresh()
  t.same(namesOf(builder.apply([joins('A.test', 'a', 'b'), joins('b.test', 'c')], 0).table), {
    'a.test': ['a', 'b'],
    'b.test': ['c'],
  })
  const { table, left } = builder.apply([leaves('a.test', 'a', 'nobody'), leaves('b.test', 'c')], 1)
  t.same(namesOf(table), { 'a.test': ['b'] })
  t.same(
    left.map(({ name, state }) => `${name} ${state}`),
    ['a gone', 'c gone'],
  )
  t.ok(builder.apply([leaves('a.test', 'b')], 2).table.isEmpty)
})

t.test('what did not change stays the same object', async t => {
  const builder = fresh()
  const before = builder.apply([joins('a.test', 'a'), joins('b.test', 'b')], 0).table
  const [a, b] = [before.find('a.test')!, before.find('b.test')!]
  const { table } = builder.apply([joins('c.test', 'c')], 1)
  t.equal(table.find('a.test'), a)
  t.equal(table.find('b.test'), b)
  t.equal(before.find('c.test'), null, 'the table of before is as it was')
  t.equal(builder.apply([joins('a.test', 'a2')], 2).table, table, 'no key came or went')
  t.equal(builder.apply([], 3).table, table)
  t.same(
    a.nodes.map(node => node.name),
    ['a', 'a2'],
  )
})

t.test('a changed node keeps its place, its health and its counters', async t => {
  const builder = fresh()
  const { joined } = builder.apply([joins('a.test', 'a', 'b')], 0)
  const node = joined[0]!
  node.requests = 7
  node.restUntil(100)
  const { table, joined: more } = builder.apply(
    [
      {
        key: 'a.test',
        algo: '',
        nodes: [{ ...fakePicture('a', 5), backup: 2, limit: 9, modifier1: 5 }],
        gone: [],
      },
    ],
    10,
  )
  t.same(more, [])
  t.equal(table.find('a.test')!.nodes[0], node)
  t.match(node, { weight: 5, backup: 2, limit: 9, modifier1: 5, requests: 7, state: 'resting' })
  t.equal(pick(table.find('a.test')!, 10).name, 'b')
})

t.test('a node of another protocol is another node, in the same place', async t => {
  const builder = fresh()
  const [node] = builder.apply([joins('a.test', 'a', 'b')], 0).joined
  const { table, joined, left } = builder.apply(
    [{ key: 'a.test', algo: '', nodes: [{ ...fakePicture('a'), proto: 'uwsgi' }], gone: [] }],
    1,
  )
  t.same(left, [node])
  t.same(namesOf(table), { 'a.test': ['a', 'b'] })
  t.equal(table.find('a.test')!.nodes[0], joined[0])
})

t.test('a node that leaves finishes what it has in hand', async t => {
  const builder = fresh()
  const [node] = builder.apply([joins('a.test', 'a', 'b')], 0).joined
  node!.begin()
  const { table } = builder.apply([leaves('a.test', 'a')], 1)
  t.equal(node!.state, 'draining')
  for (let i = 0; i < 3; i++) t.equal(pick(table.find('a.test')!, 1).name, 'b')
  node!.end(5, 2)
  t.equal(node!.state, 'gone')
})

t.test('announcing again forgives nothing', async t => {
  const builder = fresh()
  const [bad] = builder.apply([joins('a.test', 'bad', 'good')], 0).joined
  bad!.connectFailed('127.0.0.1', 0, 1_000, 60_000)
  builder.apply([leaves('a.test', 'bad')], 10)
  const [again] = builder.apply([joins('a.test', 'bad')], 20).joined
  t.not(again, bad)
  t.ok(again!.restsAt(999))
  t.notOk(again!.restsAt(1_000))
  again!.connectFailed('127.0.0.1', 1_000, 1_000, 60_000)
  t.equal(again!.restsUntil, 3_000, 'the second rest is longer')
})

const SLOW = { ...DEFAULT_RULES, slowStartMs: 1_000 }

t.test('a node that joins others starts slowly, the first ones do not', async t => {
  const builder = new TableBuilder(() => SLOW)
  const [first] = builder.apply([joins('a.test', 'a')], 5_000).joined
  const [second] = builder.apply([joins('a.test', 'b')], 5_000).joined
  t.equal(first!.shareAt(5_000), 1)
  t.equal(second!.shareAt(5_000), 0.1)
  t.equal(second!.shareAt(5_500), 0.5)
  t.equal(second!.shareAt(6_000), 1)
  second!.restUntil(7_000)
  t.ok(second!.isAvailable(7_000))
  t.equal(second!.shareAt(7_000), 0.1, 'after a rest, too')
})

const HASHED = { ...DEFAULT_RULES, policy: 'iphash' as const }
const byAlgo = (_: string, algo: string): typeof DEFAULT_RULES => (algo === '' ? DEFAULT_RULES : HASHED)

t.test('a key is balanced as its packets ask, until the last of them is gone', async t => {
  const builder = new TableBuilder(byAlgo)
  const backend = builder.apply([{ ...joins('a.test', 'a'), algo: 'iphash' }], 0).table.find('a.test')!
  builder.apply([joins('a.test', 'b')], 1)
  t.equal(backend.keyKind, 'address')
  builder.configure({ ...NOTHING, backends: [{ key: 'a.test', nodes: [fakePicture('s')] }] }, 2)
  t.equal(backend.keyKind, 'address')
  builder.apply([leaves('a.test', 'a', 'b')], 3)
  t.equal(backend.keyKind, 'none')
  t.same(namesOf(builder.table), { 'a.test': ['s'] })
})

t.test('keys that nothing could find are refused', async t => {
  const { table, refused } = fresh().apply([joins('/nohost', 'a'), joins('b.test', 'b')], 0)
  t.same(refused, ['/nohost'])
  t.same(namesOf(table), { 'b.test': ['b'] })
})

const NOTHING: StaticNodes = {
  backends: [],
  nodes: [],
  fallbackNodes: [],
  fallbackKey: '',
  rulesOf: byAlgo,
}

t.test(
  'static nodes stand first; one of them stands for an announced one of its name, which is remembered',
  async t => {
    const builder = fresh()
    builder.apply([joins('a.test', 'x', 'y')], 0)
    const shop = { key: 'A.test', nodes: [fakePicture('s', 5), fakePicture('y', 7)] }
    const { table, left } = builder.configure({ ...NOTHING, backends: [shop] }, 1)
    t.same(namesOf(table), { 'a.test': ['s', 'y', 'x'] })
    t.equal(builder.nodes.get('y')!.weight, 7)
    t.same(left, [])
    builder.apply([{ ...joins('a.test'), nodes: [fakePicture('y', 3)] }], 2)
    t.equal(builder.nodes.get('y')!.weight, 7)
    builder.configure(NOTHING, 3)
    t.same(namesOf(builder.table), { 'a.test': ['x', 'y'] })
    t.equal(builder.nodes.get('y')!.weight, 3)
  },
)

t.test('a config changes only what differs, of the rest too', async t => {
  const builder = fresh()
  const config = {
    ...NOTHING,
    backends: [{ key: 'a.test', nodes: [fakePicture('a'), fakePicture('b')] }],
    nodes: [fakePicture('r')],
    fallbackNodes: [fakePicture('f')],
  }
  const { table } = builder.configure(config, 0)
  const [own, rest] = [table.find('a.test')!, table.find('other.test')!]
  builder.nodes.get('r')!.restUntil(100)
  t.equal(pick(own, 0).name, 'a')
  const next = builder.configure({ ...config, nodes: [...config.nodes, fakePicture('r2')] }, 1).table
  t.equal(next.find('a.test'), own)
  t.equal(next.find('other.test'), rest)
  t.equal(pick(own, 0).name, 'b', 'it is its turn')
  t.equal(pick(rest, 1).name, 'r2', 'r rests')
  const { left } = builder.configure({ ...config, nodes: [], fallbackNodes: [] }, 2)
  t.same(builder.table.find('other.test'), null)
  t.same(
    left.map(({ name, state }) => `${name} ${state}`),
    ['r gone', 'r2 gone', 'f gone'],
  )
})

t.test('the fallback key serves what nobody else does', async t => {
  const builder = fresh()
  builder.apply([joins('spare.test', 'spare')], 0)
  builder.configure({ ...NOTHING, fallbackKey: 'Spare.test' }, 0)
  t.equal(builder.table.find('other.test')!.key, 'spare.test')
})

t.test('a verdict is remembered for a node that comes later, and for one that comes back', async t => {
  const builder = fresh()
  builder.judge('late', false)
  builder.apply([joins('a.test', 'late', 'well')], 0)
  const backend = builder.table.find('a.test')!
  for (let i = 0; i < 4; i++) t.equal(pick(backend, 1e9).name, 'well')
  builder.apply([leaves('a.test', 'late')], 1)
  builder.apply([joins('a.test', 'late')], 2)
  for (let i = 0; i < 4; i++) t.equal(pick(backend, 1e9).name, 'well')
  builder.judge('late', true)
  const picks = [pick(backend, 1e9).name, pick(backend, 1e9).name]
  t.same(picks.sort(), ['late', 'well'])
  builder.judge('well', false)
  builder.judge('late', false)
  t.ok(pick(backend, 1e9), 'the last resort')
})

const change = fc.record({
  key: fc.constantFrom('a.test', 'b.test', '.test', 'a.test/x'),
  nodes: fc.array(fc.tuple(fc.constantFrom('n1', 'n2', 'n3', 'n4'), fc.integer({ min: 1, max: 3 })), {
    maxLength: 3,
  }),
  gone: fc.array(fc.constantFrom('n1', 'n2', 'n3', 'n4'), { maxLength: 2 }),
})

t.test('however changes are gathered, the same nodes stand in the same order', async _t => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30, size: 'max' }),
      fc.array(fc.nat(4), { maxLength: 30, size: 'max' }),
      (changes, sizes) => {
        const all = changes.map(({ key, nodes, gone }) => {
          return { key, algo: '', gone, nodes: nodes.map(([name, weight]) => fakePicture(name, weight)) }
        })
        const singly = fresh()
        for (const one of all) singly.apply([one], 0)
        const inBatches = fresh()
        for (let i = 0, at = 0; at < all.length; i++) {
          const size = sizes[i] ?? 1
          inBatches.apply(all.slice(at, at + size), 0)
          at += Math.max(0, size)
          if (size === 0) inBatches.apply([], 0)
        }
        return picture(singly.table) === picture(inBatches.table) && picture(singly.table) === plain(all)
      },
    ),
    { numRuns: 300 },
  )
})

function picture(table: Table): string {
  const keys = [...table.backends].map(([key, { nodes }]) => [
    key,
    nodes.map(node => [node.name, node.weight]),
  ])
  return JSON.stringify(keys.sort())
}

// A map of names by key, in order of arrival.
function plain(changes: readonly KeyPicture[]): string {
  const keys = new Map<string, Map<string, number>>()
  for (const { key, nodes, gone } of changes) {
    const group = keys.get(key) ?? new Map<string, number>()
    keys.set(key, group)
    for (const name of gone) group.delete(name)
    for (const { name, weight } of nodes) group.set(name, weight)
  }
  const filled = [...keys].filter(([, group]) => group.size > 0)
  return JSON.stringify(filled.map(([key, group]) => [key, [...group]]).sort())
}

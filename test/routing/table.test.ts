// test/routing/table.test.ts: which backend serves a Host.
import t from 'tap'
import { Backend } from '../../routing/backend.ts'
import { Table } from '../../routing/table.ts'

const [byName, byPort, v6, rest] = [0, 1, 2, 3].map(() => new Backend([], [])) as [
  Backend,
  Backend,
  Backend,
  Backend,
]
const KEYS = new Map([
  ['a.test', byName],
  ['a.test:8080', byPort],
  ['[::1]', v6],
])

for (const [key, backend, why] of [
  ['a.test', byName, 'the name'],
  ['a.test:8080', byPort, 'name and port before the name'],
  ['a.test:9090', byName, 'the name for any other port'],
  ['[::1]', v6, 'the colons of an IPv6 address are no port'],
  ['[::1]:80', v6, 'IPv6 with a port'],
  ['b.test', rest, 'the rest'],
  ['', rest, 'no Host at all'],
  [':80', rest, 'a port alone'],
] as const) {
  t.test(`${key || 'nothing'}: ${why}`, async t => t.equal(new Table(KEYS, rest).find(key), backend))
}

t.test('without a rest an unknown key has nobody', async t => {
  const table = new Table(KEYS, null)
  t.equal(table.find('b.test'), null)
  t.notOk(table.isEmpty)
  t.notOk(table.hasOnlyRest)
})

t.test('with the rest alone the key does not matter', async t => {
  const table = new Table(new Map(), rest)
  t.equal(table.find('anything'), rest)
  t.ok(table.hasOnlyRest)
  t.notOk(table.isEmpty)
})

t.test('an empty table', async t => {
  t.ok(new Table(new Map(), null).isEmpty)
  t.equal(new Table(new Map(), null).find('a.test'), null)
})

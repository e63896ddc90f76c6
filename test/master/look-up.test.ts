// test/master/look-up.test.ts: the key that is said to serve a host is the one that gateways take.
import t from 'tap'
import { lookUp } from '../../master/look-up.ts'
import { Backend } from '../../routing/backend.ts'
import { Table } from '../../routing/table.ts'

for (const [keys, asked, key, way] of [
  [['a.test'], 'A.test', 'a.test', 'exact'],
  [['a.test'], 'a.test:81', 'a.test', 'host'],
  [['a.test', 'a.test:81'], 'a.test:81', 'a.test:81', 'exact'],
  [['.test', '.b.test'], 'a.b.test', '.b.test', 'wildcard'],
  [['.test', '.test:81'], 'a.b.test:81', '.test:81', 'wildcard'],
  [['a.test', 'a.test/x'], 'a.test/x/y', 'a.test/x', 'exact'],
  [['a.test', 'a.test/x'], 'a.test/xy', 'a.test', 'exact'],
  [['a.test/x', '.test'], 'a.test/y', '.test', 'wildcard'],
  [['[::1]'], '[::1]:80', '[::1]', 'host'],
  [['.b.test'], '.b.test', '.b.test', 'exact'],
] as const) {
  t.test(`${asked} among ${keys.join(' ')}`, async t => {
    t.same(
      lookUp(asked, text => (keys as readonly string[]).includes(text)),
      { key, way },
    )
  })
}

t.test('a wildcard does not serve its own name, and strangers find nothing', async t => {
  for (const asked of ['b.test', 'test', '', '/', 'x'.repeat(2_000), '.'.repeat(500)]) {
    t.equal(
      lookUp(asked, text => text === '.b.test'),
      null,
    )
  }
})

t.test('it finds what the table finds', async t => {
  let seed = 11
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return (seed >>> 8) % below
  }
  const some = (words: readonly string[], most: number) => {
    return Array.from({ length: random(most + 1) }, () => words[random(words.length)]!)
  }
  const host = () => [...some(['a', 'b', 'c'], 3), 'test'].join('.') + (random(3) === 0 ? ':81' : '')
  const path = () =>
    some(['x', 'y'], 3)
      .map(segment => `/${segment}`)
      .join('')
  let found = 0
  for (let round = 0; round < 300; round++) {
    const keys = Array.from(
      { length: 6 },
      () => `${random(2) === 0 ? '.' : ''}${host()}${random(2) === 0 ? path() : ''}`,
    )
    const backends = new Map(keys.map(key => [key, new Backend([], [])]))
    const table = new Table(backends, null)
    for (let i = 0; i < 20; i++) {
      const [asked, below] = [host(), path()]
      const expected = [...backends].find(([, backend]) => backend === table.find(asked, below))?.[0] ?? null
      const got = lookUp(asked + below, key => backends.has(key))?.key ?? null
      if (got !== expected) t.equal(got, expected, `${asked}${below} among ${keys.join(' ')}`)
      if (got !== null) found++
    }
  }
  t.ok(found > 1_000, `${found} found`)
})

// test/routing/table-lookup.test.ts: ports, wildcards, paths and the fallback, held against a plain reading of the rules.
import fc from 'fast-check'
import t from 'tap'
import { readKey } from '../../base/table-key.ts'
import { Backend } from '../../routing/backend.ts'
import { Table } from '../../routing/table.ts'
import { fakeNode } from './nodes.ts'

const KEYS = [
  'a.test',
  'a.test:8080',
  'a.test/api',
  'a.test/api/v2',
  'a.test:8080/api',
  '.test',
  '.b.test',
  '.b.test/x',
  '.b.test:81',
  '.b.test:81/y',
  '[::1]/v6',
]
const backends = new Map(KEYS.map(key => [key, new Backend([], [])]))
const keyOf = (backend: Backend | null): string | null =>
  [...backends].find(([, known]) => known === backend)?.[0] ?? null
const table = new Table(backends, null)

for (const [host, path, key, why] of [
  ['a.test', '/', 'a.test', 'the host'],
  ['a.test', '', 'a.test', 'a request without a path'],
  ['a.test', '/apis', 'a.test', 'paths match by whole segments'],
  ['a.test', '/api', 'a.test/api', 'the path itself'],
  ['a.test', '/api/', 'a.test/api', 'a slash behind it'],
  ['a.test', '/api/v1', 'a.test/api', 'below it'],
  ['a.test', '/api/v2/x/y/z', 'a.test/api/v2', 'the longest path'],
  ['a.test', '/API', 'a.test', 'paths keep their case'],
  ['a.test:8080', '/api/v2', 'a.test:8080/api', 'the port goes before the longer path'],
  ['a.test:9090', '/api/v2', 'a.test/api/v2', 'any other port'],
  ['c.b.test', '/', '.b.test', 'one label more'],
  ['e.d.c.b.test', '/', '.b.test', 'several labels more'],
  ['c.b.test', '/x', '.b.test/x', 'a wildcard with a path'],
  ['c.b.test:81', '/', '.b.test:81', 'a wildcard with a port'],
  ['c.b.test:81', '/x', '.b.test:81', 'the port goes first here, too'],
  ['c.b.test:82', '/x', '.b.test/x', 'any other port'],
  ['b.test', '/', '.test', 'a wildcard is not its own name'],
  ['test', '/', null, 'nor is the shortest'],
  ['x.other', '/', null, 'unknown'],
  ['[::1]:80', '/v6/x', '[::1]/v6', 'IPv6 with a port and a path'],
  ['[::1]', '/', null, 'a host that serves some paths only'],
  ['.', '/', null, 'a dot'],
  ['', '/', null, 'no host'],
] as const) {
  t.test(`${host}${path} is served by ${key}: ${why}`, async t => t.equal(keyOf(table.find(host, path)), key))
}

t.test('a host that serves some paths only leaves the others to a wildcard', async t => {
  const [some, all] = [new Backend([], []), new Backend([], [])]
  const table = new Table(new Map([['a.b.test/api', some]]).set('.b.test', all), null)
  t.equal(table.find('a.b.test', '/api'), some)
  t.equal(table.find('a.b.test', '/'), all)
})

t.test('the fallback key serves what has no node in service', async t => {
  const [a, f] = [fakeNode('a'), fakeNode('f')]
  const [own, fallback, rest] = [new Backend([a], []), new Backend([f], []), new Backend([], [])]
  const table = new Table(new Map([['a.test', own]]).set('sorry', fallback), rest, 'sorry')
  t.equal(table.find('a.test', '/', 0), own)
  t.equal(table.find('b.test', '/', 0), fallback, 'before the rest')
  a.restUntil(100)
  t.equal(table.find('a.test', '/', 0), fallback)
  t.equal(table.find('a.test', '/', 100), own)
  t.equal(table.find('a.test'), own, 'without a clock nobody asks')
  a.restUntil(200)
  f.drain()
  t.equal(table.find('a.test', '/', 150), own, 'a fallback without nodes is no better')
  t.equal(new Table(new Map([['a.test', own]]), rest, 'missing').find('b.test'), rest)
})

t.test('how a key is read', async t => {
  t.same(readKey('Shop.Example:8443/Api/v1/'), {
    host: 'shop.example:8443',
    path: '/Api/v1',
    segments: 2,
    labels: 0,
    hasPort: true,
  })
  t.equal(readKey('.shop.example')!.labels, 2)
  t.equal(readKey('a.test///')!.path, '')
  for (const bad of ['', '/api', '.', '.:80', `a${'/x'.repeat(9)}`, '.a'.repeat(17)])
    t.equal(readKey(bad), null, bad)
  t.ok(readKey(`a${'/x'.repeat(8)}`))
  t.ok(readKey('.a'.repeat(16)))
})

t.test('keys that nothing could find do no harm', async t => {
  const table = new Table(new Map([['/api', new Backend([], [])]]), null)
  t.equal(table.find('', '/api'), null)
  t.notOk(table.isEmpty)
})

t.test('how many places a look-up asks does not depend on how many keys there are', async t => {
  const keys = new Map<string, Backend>()
  const backend = new Backend([], [])
  for (let i = 0; i < 2_000; i++) keys.set(`host-${i}.test`, backend)
  t.equal(probes(new Table(keys, null), 'host-7.test', '/a/b/c'), 1)
  t.equal(probes(new Table(keys, null), 'host-7.test:80', '/a/b/c'), 2)
  t.equal(probes(new Table(keys, null), `${'a.'.repeat(100)}test`, '/a'), 1, 'there are no wildcards')
  for (let i = 0; i < 2_000; i++) keys.set(`.w${i}.test`, backend).set(`host-${i}.test/${i}/x`, backend)
  t.equal(probes(new Table(keys, null), `${'a.'.repeat(100)}test`, '/a'), 2, 'wildcards of two labels')
  t.ok(probes(new Table(keys, null), 'host-7.test', '/1/2/3/4') <= 3, 'paths of two segments')
  // A table made to be slow: wildcards of every length, with ports, all with the deepest paths, none of which fit.
  for (let labels = 1; labels <= 16; labels++) {
    for (const port of ['', ':1']) keys.set(`${'.a'.repeat(labels)}${port}${'/x'.repeat(8)}`, backend)
  }
  const most = (2 + 2 * 16) * (1 + 8)
  t.ok(probes(new Table(keys, null), `${'a.'.repeat(30)}a:1`, '/y'.repeat(100)) <= most)
})

// Counts what a look-up asks of maps.
function probes(table: Table, host: string, path: string): number {
  const { get } = Map.prototype
  let count = 0
  Map.prototype.get = function (key) {
    count++
    return get.call(this, key)
  }
  try {
    table.find(host, path)
  } finally {
    Map.prototype.get = get
  }
  return count
}

// Few letters, so that keys and requests meet often; label counts beyond what wildcards may have.
const label = fc.constantFrom('a', 'b')
const name = fc
  .oneof(
    fc.array(label, { minLength: 1, maxLength: 4 }),
    fc.array(label, { minLength: 15, maxLength: 20, size: 'max' }),
  )
  .map(labels => labels.join('.'))
const port = fc.constantFrom('', '', ':1', ':2')
const path = fc
  .oneof(
    fc.array(fc.constantFrom('x', 'y'), { maxLength: 4 }),
    fc.array(fc.constantFrom('x', 'y'), { minLength: 7, maxLength: 10, size: 'max' }),
  )
  .map(segments => segments.map(segment => `/${segment}`).join(''))
const key = fc.tuple(fc.constantFrom('', '.'), name, port, path).map(parts => parts.join(''))

t.test(
  'a look-up finds what a plain reading of the rules finds, also in a table made of changes',
  async _t => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 8, size: 'max' }), {
          maxLength: 6,
          size: 'max',
        }),
        fc.array(fc.tuple(name, port, path, fc.constantFrom('', '/')), { maxLength: 20, size: 'max' }),
        (batches, requests) => {
          let table = new Table(new Map(), null)
          const plain = new Map<string, Backend>()
          for (const batch of batches) {
            const changes = new Map(batch.map(([key, stays]) => [key, stays ? new Backend([], []) : null]))
            const before = requests.map(([name, port, path]) => table.find(name + port, path))
            const older = table
            table = table.with(changes)
            if (requests.some(([name, port, path], i) => older.find(name + port, path) !== before[i]))
              return false
            for (const [key, backend] of changes) {
              if (backend === null) plain.delete(key)
              else plain.set(key, backend)
            }
          }
          return requests.every(([name, port, path, slash]) => {
            const wanted = plainFind(plain, name, port, path)
            return (
              table.find(name + port, path + slash) === wanted &&
              new Table(plain, null).find(name + port, path + slash) === wanted
            )
          })
        },
      ),
      { numRuns: 500 },
    )
  },
)

function plainFind(
  keys: ReadonlyMap<string, Backend>,
  name: string,
  port: string,
  path: string,
): Backend | null {
  const labels = name.split('.')
  const hosts = [name]
  for (let i = 1; i < labels.length; i++) hosts.push(`.${labels.slice(i).join('.')}`)
  const paths = path.split('/').map((_, i, segments) => segments.slice(0, segments.length - i).join('/'))
  for (const host of hosts) {
    for (const withPort of port === '' ? [host] : [host + port, host]) {
      for (const prefix of paths) {
        const found = keys.get(withPort + prefix)
        if (found !== undefined && readKey(withPort + prefix) !== null) return found
      }
    }
  }
  return null
}

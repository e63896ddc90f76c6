// test/gateway/uwsgi/path-info.test.ts: PATH_INFO is decoded, holds no dot segment, and never grows.
import fc from 'fast-check'
import t from 'tap'
import { writePathInfo } from '../../../gateway/uwsgi/path-info.ts'

for (const [path, expected] of [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a/', '/a/'],
  ['//a//b//', '//a//b//'],
  ['/a%41%20b', '/aA b'],
  ['/%e4%BF%ff', '/\xe4\xbf\xff'],
  ['/a+b', '/a+b'],
  ['/%25%34%31', '/%41'],
  ['/%3f%23', '/?#'],
  ['/.', '/'],
  ['/..', '/'],
  ['/../..', '/'],
  ['/../../etc/passwd', '/etc/passwd'],
  ['/a/.', '/a/'],
  ['/a/..', '/'],
  ['/a/b/..', '/a/'],
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/b/../../../c', '/c'],
  ['/a//../b', '/a/b'],
  ['//../a', '/a'],
  ['/./.././a', '/a'],
  ['/a/%2e%2e/b', '/b'],
  ['/a/.%2E/b', '/b'],
  ['/a/%2e', '/a/'],
  ['/a%2f..%2fb', '/b'],
  ['/a%2f%2e%2e', '/'],
  ['/a/%252e%252e/b', '/a/%2e%2e/b'],
  ['/.a', '/.a'],
  ['/..a/b..', '/..a/b..'],
  ['/...', '/...'],
  ['/a/.../b', '/a/.../b'],
  ['/a\\..\\b', '/a\\..\\b'],
  ['*', '*'],
] as const) {
  t.test(`${path} is ${JSON.stringify(expected)}`, async t => t.equal(pathInfo(path), expected))
}

t.test('it is written where asked, and bytes before and behind stay', async t => {
  const source = Buffer.from('..../a/../%62....')
  const out = Buffer.alloc(20, '#')
  const end = writePathInfo(source, 4, source.length - 4, true, out, 3)
  t.equal(end, 5)
  t.equal(out.toString('latin1', 0, end), '###/b')
  t.equal(out.toString('latin1', 3 + source.length - 8), '########')
})

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/', '/', '.', '..', '%2e', '%2E', '%2f', '%2F', '//') },
  { weight: 1, arbitrary: fc.constantFrom('a', 'bc', '...', '%25', '%61', '%5c', '%ff', '~') },
)
const anyPath = fc.array(piece, { maxLength: 24 }).map(pieces => `/${pieces.join('')}`)

t.test('no path holds a dot segment, leaves the root or outgrows its source', async t => {
  fc.assert(
    fc.property(anyPath, path => {
      const result = pathInfo(path)
      const segments = result.split('/')
      return (
        result.startsWith('/') &&
        result.length <= path.length &&
        !segments.includes('..') &&
        !segments.includes('.') &&
        !result.includes('\0')
      )
    }),
    { numRuns: 5_000 },
  )
  t.pass()
})

t.test('any path is what decoding it and walking its segments gives', async t => {
  fc.assert(
    fc.property(anyPath, path => pathInfo(path) === walked(path)),
    { numRuns: 5_000 },
  )
  t.pass()
})

t.test('a path without dots is the same, decoded or not', async t => {
  fc.assert(
    fc.property(fc.stringMatching(/^\/[a-z/]{0,40}$/), path => pathInfo(path) === path),
    { numRuns: 500 },
  )
  t.pass()
})

function pathInfo(path: string): string {
  const source = Buffer.from(path, 'latin1')
  const out = Buffer.alloc(source.length + 8, '#')
  const end = writePathInfo(source, 0, source.length, path.includes('%'), out, 0)
  if (out.toString('latin1', source.length) !== '########') throw new Error(`wrote past its source: ${path}`)
  return out.toString('latin1', 0, end)
}

// The same told in another way: RFC 3986 section 5.2.4 as a stack of segments.
function walked(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const segments = decoded.split('/').slice(1)
  const kept: string[] = []
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (isLast) kept.push('')
  }
  return `/${kept.join('/')}`
}

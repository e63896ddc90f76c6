// test/gateway/rules/canonical-path.test.ts: one path, however it is spelled.
import t from 'tap'
import { canonicalPath, encodedPath, mayChange } from '../../../gateway/rules/canonical-path.ts'

const DECODED = [
  ['/', '/', '/', false],
  ['/a/b', '/a/b', '/a/b', false],
  ['/%61', '/a', '/a', false],
  ['/a%20b', '/a b', '/a%20b', false],
  ['/%2561', '/%61', '/%2561', false],
  ['/a%3Fb', '/a?b', '/a%3Fb', false],
  ['/%e2%82%ac', '/\xe2\x82\xac', '/%E2%82%AC', false],
  ['//a', '/a', '/a', true],
  ['/a///b/', '/a/b/', '/a/b/', true],
  ['/./a', '/a', '/a', true],
  ['/a/.', '/a/', '/a/', true],
  ['/a/..', '/', '/', true],
  ['/../../a', '/a', '/a', true],
  ['/a/%2e%2e/b', '/b', '/b', true],
  ['/a/.%2E/b', '/b', '/b', true],
  ['/%2e/b', '/b', '/b', true],
  ['/a%2fb', '/a/b', '/a/b', true],
  ['/a%2F..%2fb', '/b', '/b', true],
  ['/x%2fy/../z', '/z', '/z', true],
  ['/a/%2f../b', '/b', '/b', true],
  ['/a//../b', '/b', '/b', true],
  ['/a%5cb', '/a/b', '/a/b', true],
  ['/%5Ca', '/a', '/a', true],
  ['/x%5c..%5Ca', '/a', '/a', true],
  ['/x/..%5c%2e.%2fa', '/a', '/a', true],
  ['/a%255cb', '/a%5cb', '/a%255cb', false],
  ['/...', '/...', '/...', false],
  ['/.a/..b', '/.a/..b', '/.a/..b', false],
  ['/a;x/b;y', '/a;x/b;y', '/a;x/b;y', false],
  ['/;jsessionid=1', '/;jsessionid=1', '/;jsessionid=1', false],
  ['/;x/a', '/a', '/a', true],
  ['/a/;x/;/b', '/a/b', '/a/b', true],
  ['/a/..;x/b', '/b', '/b', true],
  ['/a/.;/b', '/a/b', '/a/b', true],
  ['/a/..;', '/', '/', true],
  ['/a/..%3bx/b', '/b', '/b', true],
  ['*', '*', '*', false],
] as const

for (const [path, text, target, isChanged] of DECODED)
  t.match(canonicalPath(path, true, 'decode'), { text, target, isChanged }, path)

t.test('slashes are kept where asked', async t => {
  t.match(canonicalPath('/a//b', false, 'decode'), { text: '/a//b', isChanged: false })
  t.match(canonicalPath('/a//../b', false, 'decode'), { text: '/a/b', isChanged: true })
  t.match(canonicalPath('/a%2fb%2F', true, 'keep'), {
    text: '/a%2fb%2F',
    target: '/a%2fb%2F',
    isChanged: false,
    hasKept: true,
  })
  t.match(canonicalPath('//a%2Fb%252f', true, 'keep'), {
    text: '/a%2Fb%2f',
    target: '/a%2Fb%252f',
    isChanged: true,
  })
  t.match(canonicalPath('/a%5cb%5C//c', true, 'keep'), {
    text: '/a%5cb%5C/c',
    target: '/a%5cb%5C/c',
    isChanged: true,
    hasKept: true,
  })
  t.equal(canonicalPath('/a%2Fb', true, 'reject'), null)
  t.equal(canonicalPath('/a%5Cb', true, 'reject'), null)
  t.match(canonicalPath('/a%252Fb', true, 'reject'), { text: '/a%2Fb' })
})

t.test('a canonical path is its own canonical form', async t => {
  const parts = ['/', '//', '.', '..', '%2e', '%2f', '%2F', 'a', '%61', ';x', ';', '%3b', '%25', '%5c']
  let seed = 7
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648)
  for (let i = 0; i < 20_000; i++) {
    let path = '/'
    for (let k = next() % 9; k >= 0; k--) path += parts[next() % parts.length]
    const once = canonicalPath(path, true, 'decode')!
    const again = canonicalPath(once.target, true, 'decode')!
    if (again.text === once.text && !again.isChanged && !/\/\/|\/\.\.?(\/|$)/.test(once.text)) continue
    return t.fail(`${path} became ${once.text}, spelled ${once.target}, which is ${again.text}`)
  }
  t.pass('20,000 of them')
})

t.test('a path that cannot change is known without making it', async t => {
  const may = (path: string): boolean => mayChange(Buffer.from(path), 0, path.length)
  for (const path of ['/', '/a/b', '/a.b/c', '/a;x/b']) t.notOk(may(path), path)
  for (const path of ['//', '/a//b', '/.a', '/a/.', '/;x/a']) t.ok(may(path), path)
})

t.equal(encodedPath('/a b%?#"\xff'), '/a%20b%25%3F%23%22%FF')

// test/config/magic.test.ts: what the magic variables of a file stand for.

import { symlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { fileVariables, replaceMagic, upperVariables } from '../../config/magic.ts'
import { folderOf, pairsOf } from './folder.ts'

t.test('all of one file', async t => {
  const variables = fileVariables({
    given: 'conf/app.prod.ini:web',
    section: 'web',
    path: '/srv/conf/app.prod.ini',
    inode: '7',
  })
  t.match(variables, {
    o: 'conf/app.prod.ini:web',
    p: '/srv/conf/app.prod.ini',
    s: 'app.prod.ini',
    n: 'app.prod',
    e: 'ini',
    d: '/srv/conf/',
    c: 'conf',
    0: 'srv',
    1: 'conf',
    2: '',
    x: 'web',
    i: '7',
  })
  t.match(variables.j, /^[0-9a-f]{1,8}$/)
})

t.test('a file in the root directory', async t => {
  t.match(fileVariables({ given: '/a.ini', section: '', path: '/a.ini', inode: '' }), {
    d: '/',
    c: '',
    0: '',
  })
})

t.test('standard input has no name', async t => {
  t.match(fileVariables({ given: '-', section: '', path: null, inode: '' }), { o: '-', p: '', d: '', n: '' })
})

t.test('upper case is empty until a file fixes it', async t => {
  t.equal(upperVariables(null).N, '')
  t.equal(upperVariables({ n: 'a' }).N, 'a')
})

for (const [line, replaced, unknown] of [
  ['%%', '%', []],
  ['%%d', '%d', []],
  ['%(d)', '%(d)', []],
  ['a%', 'a%', []],
  ['a%\r', 'a%\r', []],
  ['%d%d', 'DD', []],
  ['%q%é', '', ['q', 'é']],
] as const) {
  t.test(JSON.stringify(line), async t => {
    const seen: string[] = []
    t.equal(
      replaceMagic(line, { d: 'D' }, letter => seen.push(letter)),
      replaced,
    )
    t.strictSame(seen, unknown)
  })
}

t.test('machine and start directory', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nset-ph = x=%h|%v|%V|%u\n' })
  t.strictSame(pairsOf(folder.load('a.ini'))?.[1], [
    'x',
    `${hostname()}|${folder.path}|0.1.0|${process.getuid!()}`,
  ])
})

t.test('a link keeps its own name', async t => {
  const folder = folderOf(t, { 'real.ini': '[sluice]\nset-ph = x=%n %p\n' })
  symlinkSync('real.ini', join(folder.path, 'link.ini'))
  t.strictSame(pairsOf(folder.load('link.ini'))?.[1], ['x', `link ${folder.path}/link.ini`])
})

t.test('an included file does not change the upper-case variables', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\ninclude = b.ini\nset-ph = y=%n%N\n',
    'b.ini': '[sluice]\nset-ph = x=%n%N\n',
  })
  const pairs = Object.fromEntries(pairsOf(folder.load('a.ini'))!)
  t.match(pairs, { x: 'ba', y: 'aa' })
})

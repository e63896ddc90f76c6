// test/house/files.test.ts: every file says what it is about, names nothing outside the checkout, and no test sleeps.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { filesEndingIn, ROOT, readSource, withoutComments } from './source-files.ts'

const TEXTS = ['.ts', '.js', '.md', '.json', '.ini', '.py', '.sh', '.yml', '.html', '/run']
// Written in pieces, so that this file does not name what it looks for.
const OUTSIDE = new RegExp(
  [`/${'work'}/(main|shared|\\.)`, `\\.\\./${'shared'}\\b`, `/root/\\.`, `/tmp/${'common'}`].join('|'),
)
const SLEEPS = [
  /from 'node:timers\/promises'/,
  /\bAtomics\.wait\b/,
  /new Promise[^\n]*=>[^\n]*\bsetTimeout\(/,
  /\bsetTimeout\((resolve|done|r|ok)\b/,
  /\bpromisify\(setTimeout\)/,
]
// Beside or above the line: why this pause is no guess at how long something takes.
const EXCUSE = /\/\/ sleeps: \S/

t.test('a source begins with its own name and its idea', async t => {
  const wrong = filesEndingIn('.ts', '.js', '.py').filter(file => {
    const sign = file.endsWith('.py') ? '#' : '//'
    const first = readSource(file)
      .replace(/^#!.*\n/, '')
      .split('\n')[0]!
    return !first.startsWith(`${sign} ${file}: `) || first.length < `${sign} ${file}: `.length + 10
  })
  t.same(wrong, [])
})

t.test('no file names a path of the machine it was written on', async t => {
  const wrong = filesEndingIn(...TEXTS).filter(file => OUTSIDE.test(readSource(file)))
  t.same(wrong, [])
})

t.test('a link between documents leads to a file', async t => {
  const wrong = filesEndingIn('.md').flatMap(file =>
    [...readSource(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .filter(([, target = '']) => !existsSync(join(ROOT, dirname(file), target)))
      .map(([, target]) => `${file} links to ${target}`),
  )
  t.same(wrong, [])
})

t.test('no test sleeps', async t => {
  const wrong = filesEndingIn('.ts')
    .filter(file => file.startsWith('test/') && file !== 'test/house/files.test.ts')
    .flatMap(file => sleepsIn(readSource(file)).map(line => `${file}:${line}`))
  t.same(wrong, [])
})

t.test('tests mirror the sources: each test folder is a folder of the tree', async t => {
  const folders = new Set(filesEndingIn('.ts', '.js').map(file => file.split('/')[0]))
  const own = ['fuzz', 'house', 'support', 'tools', 'vectors', 'long', 'examples', 'strictness']
  const wrong = filesEndingIn('.test.ts').filter(file => {
    const folder = file.split('/')[1] ?? ''
    return !folders.has(folder) && !own.includes(folder)
  })
  t.same(wrong, [])
})

t.test('the look-out for sleeps sees one, and takes an excuse', async t => {
  t.same(sleepsIn('a()\nawait new Promise(resolve => setTimeout(resolve, 50))'), [2])
  t.same(sleepsIn('// sleeps: the clock itself is tested\nawait new Promise(r => setTimeout(r, 50))'), [])
  t.same(sleepsIn("import { setTimeout as wait } from 'node:timers/promises'"), [1])
})

// Numbers of the lines that sleep without an excuse.
function sleepsIn(source: string): number[] {
  const written = source.split('\n')
  const code = withoutComments(source).split('\n')
  return code.flatMap((line, i) => {
    const isExcused = EXCUSE.test(written[i]!) || (i > 0 && EXCUSE.test(written[i - 1]!))
    return !isExcused && SLEEPS.some(pattern => pattern.test(line)) ? [i + 1] : []
  })
}

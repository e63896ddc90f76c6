// test/routing/rules/regex/shapes.test.ts: a pattern compiled by its shape is what parsing it says, whatever was compiled before.
import fc from 'fast-check'
import t from 'tap'
import { type CompiledPattern, compileParsed } from '../../../../routing/rules/regex/compile.ts'
import { linearPattern } from '../../../../routing/rules/regex/linear.ts'
import { Shapes } from '../../../../routing/rules/regex/shapes.ts'

function general(pattern: string): CompiledPattern | null {
  const compilation = compileParsed(pattern, { trusted: false })
  return compilation.ok ? compilation.compiled : null
}

// Few parts, so that many patterns have one shape and different texts.
const TEXTS = [
  '/item',
  '/Shop-1',
  '/a',
  'x',
  '\\.php',
  '/a\\.b',
  '/zzzz',
  '/aaaa',
  '%2F',
  '-09',
  '.',
  ':;,=&!@~_',
]
const PARTS = [
  '([0-9]+)',
  '[^/]+',
  '[a-z]*',
  '[a-z]++',
  '[^\\]/]*+',
  '\\d{4}',
  '\\w+?',
  '(.*)',
  '.+',
  '(?:de|en)',
  '(?:/page)?',
  '(?:ab)+',
  '(a|b|)*',
  '/?',
  'p*',
  'a{3}',
  '[/x]{2,3}',
  '|',
  '|^',
  '\\S',
  '[\\D]',
  '[^ -~]',
  '$',
  '^',
  ')',
  '(?>a+)',
  '\\1',
  '(?=/)',
  '[[:alpha:]]',
  '(?i)',
  '{',
  '*',
]

const pattern = fc
  .tuple(
    fc.constantFrom('', '^', '(?i)', '(?i)^'),
    fc.array(fc.oneof(fc.constantFrom(...TEXTS), fc.constantFrom(...TEXTS), fc.constantFrom(...PARTS)), {
      minLength: 1,
      maxLength: 9,
    }),
    fc.constantFrom('', '$', '/?$'),
  )
  .map(([start, parts, end]) => start + parts.join('') + end)

t.test('what a shape says of a pattern is what the general way says', async t => {
  const shapes = new Shapes(general)
  let known = 0
  fc.assert(
    fc.property(pattern, each => {
      const fast = shapes.read(each)
      if (fast === null) return
      known++
      const slow = general(each)
      t.strictSame(fast, slow, each)
      if (linearPattern(fast.source) === null) t.fail(each)
    }),
    { numRuns: 2_000 },
  )
  t.ok(known > 400, `${known} had a shape`)
})

t.test('patterns that differ in their texts are parsed once', async t => {
  let parsed = 0
  const shapes = new Shapes(each => {
    parsed++
    return general(each)
  })
  for (const each of ['^/item17/([0-9]+)$', '^/shop42/([0-9]+)$', '^/SHOP-2/([0-9]+)$'])
    t.strictSame(shapes.read(each), general(each))
  t.equal(parsed, 1)
})

t.test('the first byte of a text, and its length, belong to the shape', async t => {
  const shapes = new Shapes(general)
  for (const each of [
    '^[a-z]++/abc',
    '^[a-z]++zabc',
    '^[a-z]*/abc[0-9]*x',
    '^[a-z]*yabc[0-9]*x',
    '/abcdef[0-9]+/longer-text',
    '/abcdefghijklmn[0-9]+/longer-text',
    '^/abc|^/abc',
    '^/abc|^/abd',
    `^/${'a'.repeat(120)}(b|c)${'d'.repeat(40)}`,
    `^/${'a'.repeat(150)}[0-9]+`,
  ]) {
    const fast = shapes.read(each)
    if (fast !== null) t.strictSame(fast, general(each), each)
  }
})

for (const each of [
  '',
  '^/$',
  '^(?i)/abc',
  '(?<n>a)/abcd',
  '(?=a)/abcd',
  '/abcd\\1',
  '/abcd\\x41',
  '[[:digit:]]/abcd',
  '/abcdé',
  `/${'a'.repeat(250)}`,
])
  t.test(`has no shape: ${each.slice(0, 20)}`, async t => t.equal(new Shapes(general).read(each), null))

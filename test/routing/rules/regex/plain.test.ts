// test/routing/rules/regex/plain.test.ts: what is said of plain patterns without parsing them is what parsing says.
import fc from 'fast-check'
import t from 'tap'
import { compileParsed } from '../../../../routing/rules/regex/compile.ts'
import { linearPattern } from '../../../../routing/rules/regex/linear.ts'
import { plainPattern } from '../../../../routing/rules/regex/plain.ts'

const CHARACTERS = [...'azAZ09_/~%@:,=&;!-', '\\.']

t.test('a plain pattern is what the general way makes of it, and runs on the linear engine', async t => {
  const text = fc
    .array(fc.constantFrom(...CHARACTERS), { minLength: 1, maxLength: 100 })
    .map(all => all.join(''))
  const pattern = fc
    .tuple(fc.constantFrom('', '^'), text, fc.constantFrom('', '(.*)', '.*'), fc.constantFrom('', '$'))
    .map(parts => parts.join(''))
  let plain = 0
  fc.assert(
    fc.property(pattern, each => {
      const fast = plainPattern(each)
      if (fast === null) return
      plain++
      t.strictSame({ ok: true, compiled: fast }, compileParsed(each, { trusted: false }), each)
      if (linearPattern(fast.source) === null) t.fail(each)
    }),
    { numRuns: 500 },
  )
  t.ok(plain > 300)
})

for (const pattern of [
  '',
  '^',
  '^$',
  '.*',
  '^(.*)$',
  '^/a.b',
  '^/a\\d',
  'a(.*)',
  '^/a|b',
  '^/a+',
  '^é$',
  `^${'a'.repeat(101)}`,
  '(?i)a',
  '^a$$',
  '^a\\',
]) {
  t.test(`not plain: ${pattern.slice(0, 20)}`, async t => t.equal(plainPattern(pattern), null))
}

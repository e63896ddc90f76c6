// test/subscription/glob.test.ts: patterns of keys, in a time that no key can stretch.
import fc from 'fast-check'
import t from 'tap'
import { matchesGlob } from '../../subscription/glob.ts'

for (const [pattern, text, matches] of [
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', '', false],
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'anything/at.all', true],
  ['*.example', 'a.b.example', true],
  ['*.example', '.example', true],
  ['*.example', 'example', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['?', '', false],
  ['a*b*c', 'aXbXbXc', true],
  ['a*b*c', 'aXbXbX', false],
  ['**', 'x', true],
  ['[a]', 'a', false],
  ['a.c', 'abc', false],
] as const) {
  t.test(`"${pattern}" ${matches ? 'matches' : 'does not match'} "${text}"`, async t => {
    t.equal(matchesGlob(text, pattern), matches)
  })
}

t.test('it matches what a regular expression does', async () => {
  const text = fc.stringMatching(/^[ab.]{0,12}$/)
  const pattern = fc.stringMatching(/^[ab.*?]{0,8}$/)
  fc.assert(
    fc.property(text, pattern, (text, pattern) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
      return matchesGlob(text, pattern) === new RegExp(`^${source}$`).test(text)
    }),
    { numRuns: 3_000 },
  )
})

t.test('many stars cost no more than the lengths multiplied', async t => {
  // Backtracking would need longer than the universe has.
  t.equal(matchesGlob('a'.repeat(255), `${'*a'.repeat(120)}b`), false)
})

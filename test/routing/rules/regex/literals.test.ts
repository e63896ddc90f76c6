// test/routing/rules/regex/literals.test.ts: what a pattern is said to contain is in whatever it matches.

import { setFlagsFromString } from 'node:v8'
import t from 'tap'
import { compilePattern } from '../../../../routing/rules/regex/compile.ts'
import { literalsOf } from '../../../../routing/rules/regex/literals.ts'
import { matcherOf } from '../../../../routing/rules/regex/matcher.ts'
import { parsePattern } from '../../../../routing/rules/regex/parse.ts'
import { Random } from '../../../long/fuzz-random.ts'
import { randomPattern, randomSubject } from './random-pattern.ts'

setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
setFlagsFromString('--regexp-backtracks-before-fallback=5000')

const SEED = Number(process.env.SEED ?? 1)

for (const [pattern, exact, prefixes, required] of [
  ['^/admin$', '/admin', ['/admin'], ['/admin']],
  ['^/Admin\\z', '/Admin', ['/admin'], ['/admin']],
  ['(?i)^/a$', null, ['/a'], ['/a']],
  ['^/(?:de|en)/page', null, ['/de/page', '/en/page'], ['/de/page', '/en/page']],
  ['^/api/v[12]/item(\\d+)', null, ['/api/v1/item', '/api/v2/item'], ['/api/v1/item', '/api/v2/item']],
  ['\\.php$', null, [], ['.php']],
  ['^(/a|/b)+x', null, ['/a', '/b'], ['/a', '/b']],
  ['^/a|b$', null, [], ['/a', 'b']],
  ['^/a|^/b', null, ['/a', '/b'], ['/a', '/b']],
  ['x*abc?d+', null, [], ['abcd', 'abd']],
  ['(?:abc){2,}', null, [], ['abc']],
  ['(?:ab){2}', null, [], ['abab']],
  ['[^/]+/edit', null, [], ['/edit']],
  ['.*', null, [], []],
  ['a?', null, [], []],
  ['(?!a)b', null, [], ['b']],
  ['(?m)^a', null, [], ['a']],
  ['\\d+(foo|bar\\d*x)', null, [], ['foo', 'bar']],
] as const) {
  t.test(pattern, async t => {
    t.same(literalsOf(parsePattern(pattern).root), { exact, prefixes, required })
  })
}

t.test('random patterns match nothing that lacks their literals', async t => {
  const random = new Random(SEED)
  let matches = 0
  let told = 0
  for (let i = 0; i < 4_000; i++) {
    const pattern = randomPattern(random)
    const one = compilePattern(pattern, { trusted: false })
    if (!one.ok) continue
    const { exact, prefixes, required } = one.compiled.literals
    if (prefixes.length + required.length > 0) told++
    const matcher = matcherOf(one.compiled)
    for (let j = 0; j < 8; j++) {
      const subject = randomSubject(random)
      if (!matcher.test(subject)) continue
      matches++
      const lower = subject.replace(/[A-Z]/g, letter => letter.toLowerCase())
      const holds =
        (exact === null || subject === exact || subject === `${exact}\n`) &&
        (prefixes.length === 0 || prefixes.some(text => lower.startsWith(text))) &&
        (required.length === 0 || required.some(text => lower.includes(text)))
      if (!holds) t.fail(JSON.stringify({ pattern, subject, exact, prefixes, required }))
    }
  }
  t.ok(matches > 3_000 && told > 500, `${matches} matches, ${told} patterns with literals`)
})

// test/routing/rules/regex/refused.test.ts: what cannot be had is refused by its name, with its place.
import t from 'tap'
import { compilePattern } from '../../../../routing/rules/regex/compile.ts'

for (const [pattern, problem, at] of [
  ['^/a(?R)?b', /recursion \(\?R\)/, 3],
  ['(a)(?1)', /recursion \(\?1\)/, 3],
  ['(?<n>a)(?&n)', /call of a group/, 7],
  ['(?<n>a)(?P>n)', /call of a group/, 7],
  ['(?<n>a)\\g<n>', /call of a group/, 7],
  ['(a)?(?(1)b|c)', /conditional/, 4],
  ['foo\\Kbar', /\\K/, 3],
  ['a(?C1)b', /callout/, 1],
  ['(*UTF8)a', /verb \(\*UTF8\)/, 0],
  ['a(*SKIP)b', /verb \(\*SKIP\)/, 1],
  ['\\X', /\\X/, 0],
  ['a\\p{Lu}', /\\p/, 1],
  ['[\\p{Lu}]', /\\p/, 1],
  ['(?|(a)|(b))', /branch reset/, 0],
  ['(a)\\1', /back-reference to group 1 needs an engine/, 3],
  ['a(?!bc).', /look-ahead .* needs an engine/, 1],
  ['(?>a|ab)c', /atomic group .* needs an engine/, 0],
  ['[a-z]++z', /possessive quantifier needs an engine/, 5],
  ['(?:a{100}){200}', /parts/, 0],
  ['a(b', /\( without \)/, 1],
  ['a)', /unmatched \)/, 1],
  ['a[b', /\[ without \]/, 1],
  ['*a', /nothing to repeat/, 0],
  ['a{2,1}', /least is above its most/, 1],
  ['(?<=a*)b', /not fixed/, 0],
  ['(a)\\2', /group 2, which is not there/, 3],
  ['[z-a]', /out of order/, 2],
  ['é(', /\( without \)/, 2],
] as const) {
  t.test(`${pattern} is refused`, async t => {
    const one = compilePattern(pattern, { trusted: false })
    t.match(one, { ok: false, problem })
    if (one.ok) return
    t.equal(one.at, at, 'the place, in bytes')
    t.ok(one.remedy.length > 10, 'a remedy')
  })
}

for (const pattern of ['(a)\\1', 'a(?!bc).', '(?>a|ab)c', '[a-z]++z', '(?m)^$'])
  t.test(`${pattern} runs when it is trusted`, async t => {
    t.match(compilePattern(pattern, { trusted: true }), { ok: true, compiled: { engine: 'trusted' } })
  })

t.test('a pattern that could run without trust does so with it', async t => {
  t.match(compilePattern('(a+)+$', { trusted: true }), { ok: true, compiled: { engine: 'linear' } })
})

for (const [pattern, groups] of [
  ['(?:(a)|b)*', [1]],
  ['(a*)*', [1]],
  ['(?:|a)*', [0]],
  ['(?:(a)(b)?)+', [2]],
  ['^(a)(b)?$', []],
  ['(?:/(\\w+))+', []],
] as const)
  t.test(`${pattern}: groups whose text is not PCRE's are named`, async t => {
    t.match(compilePattern(pattern, { trusted: false }), { ok: true, compiled: { doubtful: groups } })
  })

t.test('a compiled pattern is plain data', async t => {
  const one = compilePattern('^/(?!x)(?<name>a{1,20})$', { trusted: false })
  t.ok(one.ok)
  t.same(structuredClone(one), one)
  t.same(JSON.parse(JSON.stringify(one)), one)
  t.match(one, { compiled: { names: { name: 1 }, groups: 1 } })
})

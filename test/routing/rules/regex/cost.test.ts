// test/routing/rules/regex/cost.test.ts: how long a subject may be, and which engine gets it, goes by what a pattern costs at worst.
import t from 'tap'
import { type CompiledPattern, compilePattern } from '../../../../routing/rules/regex/compile.ts'

function compiled(pattern: string): CompiledPattern {
  const one = compilePattern(pattern, { trusted: false })
  if (!one.ok) throw new Error(one.problem)
  return one.compiled
}

// The worst of some hundreds of random ones: each takes some 50 ms at this length, and took up to 270 ms when the bound was higher.
for (const [pattern, most] of [
  ['((a{1,16}){1,16}){1,16}b', 75],
  ['((a{1,16}){1,16}){1,8}b', 250],
  ['(a{1,100}){1,50}b', 160],
  ['(?:(a+){1,30}){1,30}(?:[a-c][^/]){10}x', 500],
  ['(?:\\w[aceg])?((.a){0,1000}){3,}[^/]!$', 60],
  ['(?:(?:(?:(?:(?:a?){2,}){2,}){2,}){2,}){2,}x', 4_500],
  [`(?:${'a?'.repeat(100)})+x`, 4_500],
  [`${'(a*){2,17}'.repeat(20)}x`, 1_800],
  ['(?:a*[acegikmoqsuwy135]){0,200}$', 2_500],
  ['((?:a){0,16}[^/]){0,16}x', 4_500],
] as const)
  t.test(`${pattern.slice(0, 60)}: no subject of more than ${most} bytes`, async t => {
    const { longest } = compiled(pattern)
    t.ok(longest <= most, `${longest}`)
    t.ok(longest > most / 2, `${longest}`)
  })

for (const pattern of [
  '^/item/([0-9]+)/([a-z-]{1,40})$',
  '^/(\\w+)/(\\w+)/(\\w+)/(\\w+)/(\\w+)/(\\w+)/(\\w+)/(\\w+)/(\\w+)$',
  '(?i)\\.(?:jpe?g|png|gif|css|js|ico|svg|woff2?|ttf|eot|map|webp|avif|mp[34]|pdf)$',
  '^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\\.|$)){4}',
  '^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$',
  '(.*)-(.*)-(.*)-(.*)',
])
  t.test(`${pattern}: every subject`, async t => {
    t.equal(compiled(pattern).longest, 8192)
  })

for (const [pattern, most] of [
  ['^/[a-z]+$', 8192],
  ['[a-z]*[0-9]', 256],
  ['a?'.repeat(200), 8192],
  // V8's fast engine would need up to a second before it begins.
  ['a?'.repeat(300), 0],
  [`${'(?:a|b)?'.repeat(500)}x`, 0],
  // A list of words is not many choices in a row.
  [Array.from({ length: 500 }, (_, i) => `word${i}s?`).join('|'), 8192],
] as const)
  t.test(`${pattern.slice(0, 60)}: the fast engine gets subjects of ${most} bytes`, async t => {
    t.equal(compiled(pattern).fastBytes, most)
  })

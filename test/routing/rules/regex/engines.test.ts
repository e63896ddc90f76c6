// test/routing/rules/regex/engines.test.ts: V8's two engines agree, so it does not show which of them a subject met.
import t from 'tap'
import { compilePattern } from '../../../../routing/rules/regex/compile.ts'
import { linearPattern } from '../../../../routing/rules/regex/linear.ts'
import { matcherOf } from '../../../../routing/rules/regex/matcher.ts'
import { newlineSource } from '../../../../routing/rules/regex/newlines.ts'
import { Random } from '../../../long/fuzz-random.ts'
import { randomPattern, randomSubject } from './random-pattern.ts'

const SEED = Number(process.env.SEED ?? 1)
/** The backtracking one may take long for longer ones. */
const LONGEST = 16

t.test('random patterns: the same match and groups on both engines', async t => {
  const random = new Random(SEED)
  let matches = 0
  for (let i = 0; i < 2_000; i++) {
    const pattern = randomPattern(random, 2)
    const one = compilePattern(pattern, { trusted: false })
    if (!one.ok) continue
    const { source, doubtful, lines } = one.compiled
    const linear = linearPattern(source)!
    if (lines === 'final' && linearPattern(newlineSource(source)) === null)
      t.fail(`not linear with newlines: ${pattern}`)
    for (let j = 0; j < 6; j++) {
      const subject = randomSubject(random).slice(0, LONGEST)
      const [a, b] = [linear.exec(subject), new RegExp(source).exec(subject)]
      if (a !== null) matches++
      const same =
        (a === null) === (b === null) && (doubtful.length > 0 || JSON.stringify(a) === JSON.stringify(b))
      if (!same) t.fail(JSON.stringify({ pattern, source, subject, linear: a, backtracking: b }))
    }
  }
  t.ok(matches > 1_500, `${matches} matches`)
})

for (const [pattern, subject] of [
  ['a*(b)$', `${'x'.repeat(400)}aab`],
  ['(a+)b$', `${'x'.repeat(400)}aab\n`],
  ['(?m)(a+)b$', `${'x'.repeat(400)}aab\r\n${'y'.repeat(300)}aab\n`],
  ['x.*(?:a(b))(?=c)', `x${'-'.repeat(400)}abc`],
] as const)
  t.test(
    `${pattern}: a long subject goes to the linear engine, and has the groups of a short one`,
    async t => {
      const one = compilePattern(pattern, { trusted: false })
      if (!one.ok) throw new Error(one.problem)
      t.equal(one.compiled.fastBytes, 256)
      const short = subject.replace(/x{300,}|y{300,}|-{300,}/g, run => run[0]!)
      const matcher = matcherOf(one.compiled)
      t.same(matcher.exec(subject)?.slice(1), matcher.exec(short)?.slice(1))
      t.ok(matcher.test(subject))
    },
  )

for (const [pattern, expected] of [
  ['^/[a-z]{40}/[0-9]+$', `^/${'[a-z]'.repeat(40)}/[0-9]+$`],
  ['[a-z]{2,5}?x', '[a-z][a-z][a-z]{0,3}?x'],
  ['\\d{2,}', '[0-9][0-9][0-9]*'],
  ['(?:a{20}b){3}', `(?:${'a'.repeat(20)}b)`.repeat(3)],
] as const)
  t.test(`${pattern}: no engine has to count what can be copied`, async t => {
    const one = compilePattern(pattern, { trusted: false })
    if (!one.ok) throw new Error(one.problem)
    t.equal(one.compiled.source, expected)
  })

// test/routing/rules/regex/pcre.test.ts: patterns match what PCRE matches, with the same groups, and fail where it does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import t from 'tap'
import { Random } from '../../../long/fuzz-random.ts'
import { askPcre, compileBytes, difference, type Question } from './pcre.ts'
import { randomPattern, randomSubject } from './random-pattern.ts'

// As in a gateway: what backtracks too much goes to the linear engine.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
setFlagsFromString('--regexp-backtracks-before-fallback=5000')

const SEED = Number(process.env.SEED ?? 1)
const RANDOM_PATTERNS = 1_500
/** Nobody bounds how long trusted patterns take. */
const LONGEST_TRUSTED = 20

const SUBJECTS = ['', 'a', 'ab', 'abc', 'abcz', 'b', 'aab', 'aaaa', 'a\n', 'ab\n', '\n', '\n\n', 'a\nb', 'a\nb\n', 'a\rb', 'a\r\nb', 'a\r\n', '/', '/a', '/a/b/c', '/a\n', '/admin', '/admin/x', '/api/v1/items/17', 'foo.php', '/foo.php', '/foo.php/x', 'foo/', 'foo\n', 'foo\nx', 'x=1&y=2', 'A', 'ABC', 'aBc', '8', '18', '\x018', '\0', '\0g', '\xe9', '\xff', ' ', 'a b', '\t', ':alpha:', 'l', 'y', 'R', 'B', 'a{,3}', 'a{3', 'foobar', 'foo', 'foobarbaz', 'AbAb', 'abab', 'a.c', '-', 'a-z', '[', ']', 'a]', '1', '12', 'aa', 'bb', 'xx', 'abab ab', 'k', '_', '\xc3\xa9', 'a'.repeat(40), 'example.com:8080', '/old/17/x/y', '/secret', '10.0.0.1', '/2024/01/02/x.html', 'me@example.org'] // biome-ignore format: one list

for (const file of ['patterns.txt', 'rule-patterns.txt']) {
  t.test(`${file}: every construct, written by hand`, async t => {
    const patterns = readFileSync(join(import.meta.dirname, file), 'latin1')
      .split('\n')
      .filter(Boolean)
    const questions = patterns.map(pattern => ({ pattern, subjects: SUBJECTS }))
    const answers = askPcre(questions)
    for (const [i, question] of questions.entries()) {
      const answer = answers[i]!
      const strict = compileBytes(question.pattern)
      const one = strict.ok ? strict : compileBytes(question.pattern, true)
      if (!one.ok) {
        // What PCRE takes and we do not is refused by name; what it refuses, we refuse as a mistake.
        if (!('problem' in answer)) t.match(one.problem, /cannot be translated|beside/, question.pattern)
        continue
      }
      t.equal(difference(one.compiled, question, answer), '', question.pattern)
      if (file === 'rule-patterns.txt') t.equal(one.compiled.engine, 'linear', question.pattern)
    }
  })
}

t.test('random patterns', async t => {
  const random = new Random(SEED)
  const questions: Question[] = Array.from({ length: RANDOM_PATTERNS }, () => ({
    pattern: randomPattern(random),
    subjects: Array.from({ length: 10 }, () => randomSubject(random)),
  }))
  const answers = askPcre(questions)
  const counts = { linear: 0, trusted: 0, refused: 0 }
  for (const [i, question] of questions.entries()) {
    const strict = compileBytes(question.pattern)
    const one = strict.ok ? strict : compileBytes(question.pattern, true)
    if (!one.ok) {
      counts.refused++
      continue
    }
    const { engine } = one.compiled
    counts[engine]++
    if (engine === 'trusted' && question.subjects.some(({ length }) => length > LONGEST_TRUSTED)) continue
    const found = difference(one.compiled, question, answers[i]!)
    if (found !== '') t.fail(`${JSON.stringify(question.pattern)} ${found}`)
  }
  t.comment(JSON.stringify(counts))
  t.ok(counts.linear > RANDOM_PATTERNS / 3, 'most of them run')
})

t.test('what PCRE takes, and is no mistake of ours, is not called one', async t => {
  const random = new Random(SEED + 1)
  const patterns = Array.from({ length: 500 }, () => randomPattern(random, 2))
  const answers = askPcre(patterns.map(pattern => ({ pattern, subjects: [] })))
  for (const [i, pattern] of patterns.entries()) {
    const one = compileBytes(pattern, true)
    if (!one.ok && !('problem' in answers[i]!))
      t.match(one.problem, /cannot be translated|beside|parts|too large|not fixed/, JSON.stringify(pattern))
  }
})

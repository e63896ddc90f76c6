// test/routing/rules/regex/literal-index.test.ts: no rule that matches is passed over, and few that do not are tried.
import t from 'tap'
import { compilePattern } from '../../../../routing/rules/regex/compile.ts'
import { Candidates, LiteralIndex } from '../../../../routing/rules/regex/literal-index.ts'
import { type Literals, NO_LITERALS } from '../../../../routing/rules/regex/literals.ts'
import { Random } from '../../../long/fuzz-random.ts'

const SEED = Number(process.env.SEED ?? 1)

t.test('candidates come in the order of their rules, once each', async t => {
  const index = indexOf(['^/a/', 'b', '.*', '^/(?:a|c)/b', 'x', 'y', 'z', '\\d+', '^/a/b$', 'B'])
  t.same(found(index, '/a/b'), [0, 1, 2, 3, 7, 8, 9])
  t.same(found(index, '/c/bb'), [1, 2, 3, 7, 9])
  t.same(found(index, ''), [2, 7])
})

t.test('the walk goes on from any later rule', async t => {
  const index = indexOf(
    Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? 'abc' : i % 3 === 1 ? '.' : 'q')),
  )
  const candidates = new Candidates()
  index.find('abc', candidates)
  t.equal(candidates.next(0), 0)
  t.equal(candidates.next(0), 0, 'asking again changes nothing')
  t.equal(candidates.next(50), 51)
  t.equal(candidates.next(98), 99)
  t.equal(candidates.next(100), -1)
  index.find('q', candidates)
  t.equal(candidates.next(0), 1, 'filled again it begins again')
})

t.test('a prefix counts at its place only, and letters in either case', async t => {
  const index = indexOf(Array.from({ length: 20 }, (_, i) => `^/Section${i}/`))
  t.same(found(index, '/SECTION7/x'), [7])
  t.same(found(index, '/x/section7/'), [])
  t.same(found(index, '/section1'), [])
})

t.test('fewer than eight patterns are all tried', async t => {
  t.same(found(indexOf(['^/a', '^/b', '^/c']), '/x'), [0, 1, 2])
})

t.test("rules without a pattern are nobody's candidates", async t => {
  const entries = Array.from({ length: 30 }, (_, i) =>
    i % 2 === 0 ? null : { ...NO_LITERALS, required: ['a'] },
  )
  t.same(
    found(new LiteralIndex(entries), 'a'),
    entries.flatMap((entry, i) => (entry === null ? [] : [i])),
  )
})

t.test('a subject that repeats itself finds each text once', async t => {
  const entries: Literals[] = Array.from({ length: 2_000 }, () => ({ ...NO_LITERALS, required: ['a', 'aa'] }))
  const candidates = new Candidates()
  const index = new LiteralIndex(entries)
  index.find('a'.repeat(8_192), candidates)
  t.equal(countOf(candidates), 2_000)
})

t.test('random texts: the same rules as by looking for each text', async t => {
  const random = new Random(SEED)
  const text = (most: number): string =>
    Array.from({ length: 1 + random.below(most) }, () => 'ab/\xe9'[random.below(4)]!).join('')
  for (let round = 0; round < 300; round++) {
    const entries: Literals[] = Array.from({ length: 8 + random.below(200) }, () => {
      const texts = Array.from({ length: 1 + random.below(3) }, () => text(6))
      const kind = random.below(3)
      return { exact: null, prefixes: kind === 0 ? texts : [], required: kind === 1 ? texts : [] }
    })
    const index = new LiteralIndex(entries)
    for (let i = 0; i < 20; i++) {
      const subject = i === 0 ? '' : text(30)
      const wanted = entries.flatMap(({ prefixes, required }, rule) =>
        (prefixes.length === 0 || prefixes.some(one => subject.startsWith(one))) &&
        (required.length === 0 || required.some(one => subject.includes(one)))
          ? [rule]
          : [],
      )
      const seen = found(index, subject)
      if (JSON.stringify(seen) !== JSON.stringify(wanted))
        t.same(seen, wanted, JSON.stringify({ subject, entries }))
    }
  }
})

t.test('ten thousand rules: one candidate for a path, two hundred bytes a rule', async t => {
  const index = indexOf(
    Array.from(
      { length: 10_000 },
      (_, i) =>
        [`^/svc${i}/`, `^/api/v${i % 5}/item${i}/([0-9]+)$`, `/legacy${i}\\.php$`, `^/(?:de|en)/page${i}/`][
          i % 4
        ]!,
    ),
  )
  t.same(found(index, '/api/v1/item9001/7'), [9_001])
  t.same(found(index, '/x/legacy9998.php'), [9_998])
  t.same(found(index, '/en/page9999/'), [9_999])
  t.same(found(index, '/assets/app/main.js'), [])
  t.ok(index.size < 200 * 10_000, `${index.size} bytes`)
})

function indexOf(patterns: readonly string[]): LiteralIndex {
  return new LiteralIndex(
    patterns.map(pattern => {
      const one = compilePattern(pattern, { trusted: false })
      if (!one.ok) throw new Error(`${pattern}: ${one.problem}`)
      return one.compiled.literals
    }),
  )
}

function found(index: LiteralIndex, subject: string): number[] {
  const candidates = new Candidates()
  index.find(subject, candidates)
  const rules: number[] = []
  for (let rule = candidates.next(0); rule >= 0; rule = candidates.next(rule + 1)) rules.push(rule)
  return rules
}

function countOf(candidates: Candidates): number {
  let count = 0
  for (let rule = candidates.next(0); rule >= 0; rule = candidates.next(rule + 1)) count++
  return count
}

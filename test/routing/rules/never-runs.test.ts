// test/routing/rules/never-runs.test.ts: rules that can never run are found; a rule that can is never among them.
import fc from 'fast-check'
import t from 'tap'
import { type FlowRule, neverRuns } from '../../../routing/rules/never-runs.ts'

const rule = (some: Partial<FlowRule> = {}): FlowRule => {
  return {
    isLabel: false,
    isAlways: false,
    ends: false,
    jump: null,
    subject: 'path',
    test: null,
    writes: false,
    ...some,
  }
}
const label = rule({ isLabel: true, isAlways: true })
const last = rule({ isAlways: true, ends: true })
const test = (text: string, some: Partial<FlowRule> = {}) => rule({ test: text, ...some })

for (const [behaviour, rules, dead] of [
  ['a chain that goes on has none', [rule(), test('a', { ends: true }), last], []],
  [
    'what stands behind an unconditional end',
    [last, rule(), rule()],
    [{ kind: 'unreachable', rule: 1, count: 2, by: 0 }],
  ],
  ['not what a jump leads to', [rule({ jump: 2 }), last, label, rule()], []],
  [
    'but what it leads over',
    [rule({ isAlways: true, jump: 2 }), rule(), label],
    [{ kind: 'unreachable', rule: 1, count: 1, by: 0 }],
  ],
  ['nothing where a jump may lead anywhere', [rule({ jump: 'anywhere' }), last, rule(), label], []],
  [
    'a jump that never happens leads nowhere',
    [last, rule({ jump: 2 }), label, rule()],
    [{ kind: 'unreachable', rule: 1, count: 3, by: 0 }],
  ],
  ['labels that nobody jumps to', [rule(), label], [{ kind: 'unused label', rule: 1 }]],
  [
    'the same test behind one that ended the chain',
    [test('a', { ends: true }), test('a')],
    [{ kind: 'shadowed', rule: 1, by: 0 }],
  ],
  ['not for another subject', [test('a', { ends: true }), test('a', { subject: 'query' })], []],
  ['not behind one that goes on', [test('a'), test('a')], []],
  [
    'not when something was written between',
    [test('a', { ends: true }), rule({ writes: true }), test('a')],
    [],
  ],
  [
    'not when a jump leads over the first',
    [rule({ jump: 2 }), test('a', { ends: true }), label, test('a')],
    [],
  ],
  [
    'yet when the jump comes from behind the first',
    [test('a', { ends: true }), rule({ jump: 2 }), label, test('a')],
    [{ kind: 'shadowed', rule: 3, by: 0 }],
  ],
] as const) {
  t.test(behaviour, async t => t.same(neverRuns(rules), dead))
}

t.test('a hundred thousand rules take no longer than reading them', async t => {
  const rules = Array.from({ length: 100_000 }, (_, i) => test(`t${i}`, { ends: true }))
  const began = performance.now()
  t.same(neverRuns([...rules, label, ...rules.slice(0, 2)]).length, 3)
  t.ok(performance.now() - began < 2000)
})

// Every way through a chain, tests answered at will: what was called dead must be on none of them.
t.test('no rule that is called dead runs', async t => {
  const size = 7
  const any = fc.record({
    isAlways: fc.boolean(),
    ends: fc.boolean(),
    jump: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: size })),
    test: fc.constantFrom(null, 'a', 'b'),
    writes: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(any, { minLength: 2, maxLength: size }), specs => {
      const rules = specs.map(({ jump, isAlways, test, ...rest }, i) => {
        const target = jump === null ? null : i + jump
        return rule({
          ...rest,
          isAlways,
          test: isAlways ? null : test,
          jump: rest.ends || target === null || target >= specs.length ? null : target,
        })
      })
      const ran = new Set<number>()
      const walk = (at: number, known: ReadonlyMap<string, boolean>): void => {
        for (let i = at; i < rules.length; i++) {
          const { isAlways, test, ends, jump, writes } = rules[i]!
          const answers = isAlways
            ? [true]
            : test !== null && known.has(test)
              ? [known.get(test)!]
              : [true, false]
          for (const answer of answers.slice(1))
            walk(i + 1, test === null ? known : new Map([...known, [test, answer]]))
          if (!answers[0]) continue
          ran.add(i)
          if (ends) return
          const next = writes ? new Map() : test === null ? known : new Map([...known, [test, true]])
          return walk(typeof jump === 'number' ? jump : i + 1, next)
        }
      }
      walk(0, new Map())
      for (const dead of neverRuns(rules)) {
        if (dead.kind === 'unused label') continue
        const count = dead.kind === 'unreachable' ? dead.count : 1
        for (let i = dead.rule; i < dead.rule + count; i++) if (ran.has(i)) return false
      }
      return true
    }),
    { numRuns: 3000 },
  )
  t.pass()
})

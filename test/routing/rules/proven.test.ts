// test/routing/rules/proven.test.ts: the rules that people see first, those of the examples and of the recorded cases, all run
// in linear time: none needs to be trusted.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RulesPicture } from '../../../base/rules-picture.ts'
import { loadConfig } from '../../../config/load.ts'
import { planRules } from '../../../master/rules-steps.ts'
import type { PackedPattern } from '../../../routing/rules/pattern.ts'
import { readPattern } from '../../../routing/rules/read-pattern.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

type Traits = PackedPattern['traits']

interface Case {
  readonly name: string
  readonly ini: readonly string[]
  readonly expect: { readonly load_error?: unknown }
  readonly fixed_expect?: { readonly load_error?: unknown }
}

const SUBJECT_RULE =
  /^(?:error-|response-|final-)?route(?:-uri|-qs|-host|-remote-addr|-user-agent|-referer|-remote-user)? = (\S+) /
const EXAMPLES = new URL('../../../examples/', import.meta.url)
const CASES = new URL('../../vectors/routing.json', import.meta.url)

t.test('the patterns of every example', async t => {
  const names = readdirSync(EXAMPLES).filter(name => name.endsWith('.ini'))
  const texts = names.map(name => readFileSync(new URL(name, EXAMPLES), 'utf8').replaceAll('%d', '/tmp/'))
  const patterns = names.flatMap((name, i) => patternsIn(t, name, texts[i]!))
  t.ok(patterns.length >= 6, `${patterns.length} patterns`)
  t.ok(patterns.every(({ isLinear }) => isLinear))
})

t.test('the patterns of every recorded case that loads', async t => {
  const cases = (JSON.parse(readFileSync(CASES, 'utf8')) as readonly Case[]).filter(
    ({ expect, fixed_expect }) => (fixed_expect ?? expect).load_error === undefined,
  )
  const patterns = cases.flatMap(({ name, ini }) => {
    const rules = ini.filter(line => /^(?:error-|response-|final-)?route/.test(line))
    return patternsIn(t, name, `[uwsgi]\nhttp = :0\nhttp-to = 127.0.0.1:1\n${rules.join('\n')}\n`)
  })
  t.ok(patterns.length >= 40, `${patterns.length} patterns`)
  t.ok(patterns.every(({ isLinear }) => isLinear))
  // Those too whose actions wait for a later version.
  const written = cases.flatMap(({ ini }) => ini.flatMap(line => SUBJECT_RULE.exec(line)?.[1] ?? []))
  t.ok(written.length >= patterns.length / 2)
  for (const text of written) t.ok(readPattern(text.replaceAll('%%', '%')).isLinear, text)
})

// Lines that wait for a later version are told as problems; no pattern is among what is wrong.
function patternsIn(t: Test, name: string, text: string): readonly Traits[] {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'rules.ini')
  writeFileSync(file, text)
  const loaded = loadConfig([file], { cwd: directory, env: {}, version: '0.0.0' })
  if (loaded.kind !== 'config') {
    t.notOk(JSON.stringify(loaded).includes('the pattern'), name)
    return []
  }
  const { plan, problems } = planRules(loaded.config, directory)
  t.same(
    problems.filter(({ problem }) => problem.includes('the pattern')),
    [],
    name,
  )
  return plan.picture === null ? [] : patternsOf(plan.picture)
}

function patternsOf({ chains }: Pick<RulesPicture, 'chains'>): readonly Traits[] {
  return Object.values(chains).flatMap(({ rules }) =>
    rules.flatMap(({ test }) => {
      if (test.kind === 'match') return [(test.pattern as PackedPattern).traits]
      if (test.kind !== 'condition' || test.name !== 'regexp') return []
      return [(test.data as { readonly pattern: Traits }).pattern]
    }),
  )
}

// test/fuzz/targets/regex.ts: patterns as people write them in rules.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compilePattern } from '../../../routing/rules/regex/compile.ts'
import { matcherOf } from '../../../routing/rules/regex/matcher.ts'
import { type Target, wrong } from '../target.ts'

const FOLDER = join(import.meta.dirname, '../../routing/rules/regex')
const SEEDS = ['patterns.txt', 'rule-patterns.txt'].flatMap(file =>
  readFileSync(join(FOLDER, file), 'latin1').split('\n').filter(Boolean),
)
/** Short, so that none backtracks for long: whether they can is asked elsewhere. */
const SUBJECTS = ['', 'a', 'ab\n', '/a.b-C1']

export const regex: Target = {
  name: 'regex',
  asserts:
    'a problem with a remedy and a place inside of the pattern, or plain data that makes a pattern of JavaScript whose groups are those of the rule; what matches has its literals',
  seeds: () => SEEDS.map(text => Buffer.from(text, 'latin1')),
  hostile: () =>
    [
      '(',
      '(?:',
      '[',
      '[^]',
      'a*',
      'a|',
      '(a)',
      '\\Q',
      '(?i)',
      '(?#',
      'a{9',
      '(?=a)',
      'a{2}',
      '[[:alpha:]',
      '\\x{',
    ].map(part => Buffer.from(part.repeat(Math.floor(4_000 / part.length)))),
  dictionary: ['(', ')', '(?:', '(?=', '(?!', '(?<=', '(?<!', '(?>', '(?i)', '(?x)', '(?m:', '(?-s)', '(?P<n>', '(?P=n)', '(?|', '(?R)', '(?1)', '(?(1)', '(?C)', '(*F)', '(?#', '[', '[^', ']', '[]', '[:alpha:]', '[:^digit:]', '-', '\\', '\\Q', '\\E', '\\b', '\\d', '\\R', '\\K', '\\x{41}', '\\x4', '\\101', '\\1', '\\g{1}', '\\g{-1}', '\\k<n>', '\\cA', '^', '$', '.', '|', '*', '+', '?', '++', '*?', '{2}', '{2,}', '{0,3}', '{17}', '{1,200}', '{', '}', '/', 'a', '\n', '\r', '#', ' '], // biome-ignore format: one list
  mostBytes: 120,
  check(input) {
    const one = compilePattern(input.toString(), { trusted: true })
    if (!one.ok) {
      if (one.problem === '' || one.remedy === '' || one.problem.includes('undefined')) wrong('no words', one)
      if (!(one.at >= 0 && one.at <= Buffer.byteLength(input.toString()))) wrong('a place that is none', one)
      return one.problem.length & 255
    }
    const { compiled } = one
    if (JSON.stringify(JSON.parse(JSON.stringify(compiled))) !== JSON.stringify(compiled))
      wrong('no plain data')
    const matcher = matcherOf(compiled)
    if (compiled.engine !== 'linear') return 256
    for (const subject of SUBJECTS) {
      const match = matcher.exec(subject)
      if ((match !== null) !== matcher.test(subject)) wrong('test and exec differ', compiled)
      if (match === null) continue
      if (match.length !== compiled.groups + 1) wrong('other groups', compiled)
      const { prefixes, required } = compiled.literals
      const lower = subject.toLowerCase()
      if (prefixes.length > 0 && !prefixes.some(text => lower.startsWith(text)))
        wrong('not its prefix', compiled)
      if (required.length > 0 && !required.some(text => lower.includes(text))) wrong('not its text', compiled)
    }
    return 512 + (compiled.source.length & 255)
  },
  parse(input) {
    compilePattern(input.toString(), { trusted: false })
  },
}

// test/routing/rules/regex/hostile.test.ts: patterns that are known to hang end, on the longest subjects that are matched.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { compilePattern, LONGEST_SUBJECT } from '../../../../routing/rules/regex/compile.ts'

/** Far above what they take, and far below what backtracking would. */
const HANGS_MS = 2_000

const FLAGS = [
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  '--regexp-backtracks-before-fallback=5000',
]

const full = (unit: string, end = ''): string =>
  unit.repeat(LONGEST_SUBJECT).slice(0, LONGEST_SUBJECT - end.length) + end

const child: ChildProcess = fork(join(import.meta.dirname, 'hostile-run.ts'), { execArgv: FLAGS })
t.teardown(() => child.kill('SIGKILL'))

for (const [pattern, ...subjects] of [
  ['(a+)+$', full('a', '!')],
  ['^(a+)+$', full('a', '!')],
  ['^(a|a)*$', full('a', '!')],
  ['^(a|aa)+$', full('a', '!')],
  ['^(a|a?)+$', full('a', '!')],
  ['^(?:a*)*$', full('a', '!')],
  ['(?i)^(?:[a-z]+)+$', full('aB', '!')],
  ['^(.*?,){11}P', full(',1'), full(',')],
  ['(x+x+)+y', full('x')],
  ['(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]$', full('a')],
  ['\\s+$', full(' ', 'x'), full('\n', 'x')],
  ['a*b', full('a')],
  ['[a-z]*\\d', full('a')],
  ['.*.*=.*', full('x')],
  ['a.*b.*c.*d', full('a'), full(`a${'b'.repeat(90)}`), full('abc')],
  ['a+?b', full('a')],
  ['.*?.*?.*?=', full('x')],
  ['(?:aa)*b', full('a')],
  ['(?:a?){30}a{30}b', full('a')],
  ['(?:a{1,20}){1,20}b', full('a')],
  ['((a{0,5}){0,5}){0,5}$x', full('a')],
  ['^(?:(?:a{1,3}){1,3}){1,3}b', full('a')],
  [
    '^([a-zA-Z0-9_.-])+@(([a-zA-Z0-9-])+\\.)+([a-zA-Z0-9]{2,4})+$',
    full('a'),
    full('a@a.', '!'),
    full('a@aaaaaaaa', '!'),
  ],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', full('a')],
  [
    '^(?:https?://)?(?:[\\da-z.-]+)\\.(?:[a-z.]{2,6})(?:[/\\w .-]*)*/?$',
    full('http://a.aa/a', '!'),
    full('a.'),
  ],
  ['(?:(?:[^<>()]+|\\([^<>()]*\\))*)*;', full('(a)'), full('a')],
  ['^(?:[^"]|"[^"]*")*$x', full('"a')],
  ['(?=.*b).*c|\\w+\\d+\\w+\\d+!', full('a1')],
  ['^/(?!.*(?:a+)+$)', full('/a', '!')],
  ['^((?!(?:x+)+y).)*$', full('x')],
  ['foo(?=(?:a|a)*z)', full('fooa')],
  ['(?m)^\\s*$x', full('\n')],
  ['(?m)(?:a|a)*$b', full('a\n')],
  ['(a|b|ab)*c$', full('ab', '\n')],
  ['^(?:\\d+\\s*,?\\s*)+$', full('1 ', 'x')],
  ['(?<=a)(?:a+)+b', full('a')],
] as const) {
  t.test(`${pattern} ends`, async t => {
    const one = compilePattern(pattern, { trusted: false })
    if (!one.ok) {
      t.match(one.problem, /needs an engine/, 'it does not begin')
      return
    }
    t.equal(one.compiled.engine, 'linear')
    for (const subject of subjects) {
      const signal = AbortSignal.timeout(HANGS_MS)
      const answer = once(child, 'message', { signal })
      child.send({ compiled: one.compiled, subject: subject.slice(0, one.compiled.longest) })
      const [{ ms }] = (await answer) as [{ ms: number }]
      t.comment(`${ms.toFixed(2)} ms`)
      t.ok(ms < HANGS_MS, 'it ended')
    }
  })
}

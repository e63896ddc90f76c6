// test/config/any-text.test.ts: whatever a file or a command line holds, loading ends in a configuration or in
// located messages of one line each.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { FOREIGN, OPTIONS } from '../../config/table.ts'
import { folderOf, problemsOf, warningsOf } from './folder.ts'

const LOCATED = /^(a\.ini(:\d+)?|command line): [^\x00-\x1f]+[.?!]$/

const name = fc.oneof(
  fc.constantFrom(...Object.keys(OPTIONS)),
  fc.constantFrom(...FOREIGN.map(each => each.name)),
  fc.string(),
)
const piece = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '%(',
    '$(',
    '@(',
    ')',
    '%',
    ':',
    '=',
    ',',
    '[',
    ']',
    '/',
    '\\',
    '-',
    '1',
    '99999999999',
    '::',
    'unix',
    '!',
  ),
  fc.constantFrom(
    '%(http)',
    '$(HOME)',
    '@(a.ini)',
    ':8080',
    '127.0.0.1',
    '0',
    'true',
    'a.ini',
    'http://',
    '10.0.0.0/8',
  ),
)
const value = fc.array(piece, { maxLength: 5 }).map(pieces => pieces.join(''))
const line = fc.oneof(
  fc.tuple(name, value).map(([left, right]) => `${left} = ${right}`),
  value,
)

t.test('any file', async t => {
  const folder = folderOf(t, {}, { HOME: '/root' })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), lines => {
      writeFileSync(join(folder.path, 'a.ini'), `[sluice]\n${lines.join('\n')}\n`)
      checkLocated(folder.load('a.ini'))
    }),
    { numRuns: 400 },
  )
})

t.test('any command line', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = :0\n' })
  const word = fc.oneof(
    value,
    name.map(each => `--${each}`),
    fc.tuple(name, value).map(([left, right]) => `--${left}=${right}`),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), words =>
      checkLocated(folder.load(...words.filter(isSafe))),
    ),
    { numRuns: 400 },
  )
})

// These read standard input, which belongs to the test's runner.
function isSafe(word: string): boolean {
  return !/(^|=)-(:|$)/.test(word)
}

function checkLocated(loaded: Parameters<typeof problemsOf>[0]): void {
  const told = [...problemsOf(loaded), ...warningsOf(loaded)]
  const wrong = told.find(text => !LOCATED.test(text))
  if (wrong !== undefined) throw new Error(`not located, or not one sentence: ${JSON.stringify(wrong)}`)
}

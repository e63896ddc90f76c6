// test/routing/rules/regex/pcre.ts: asks PCRE itself, and holds a compiled pattern to its answers.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type CompiledPattern, compilePattern } from '../../../../routing/rules/regex/compile.ts'
import { matcherOf } from '../../../../routing/rules/regex/matcher.ts'

export interface Question {
  /** One character a byte, as the subjects are. */
  readonly pattern: string
  readonly subjects: readonly string[]
}

/** A number is PCRE's own bound, reached. */
export type Answer =
  | { readonly problem: string; readonly at: number }
  | { readonly matches: readonly (readonly (string | null)[] | number | null)[] }

const SCRIPT = join(import.meta.dirname, '../../../support/apps/pcre.py')

/** What PCRE says to each question. */
export function askPcre(questions: readonly Question[]): Answer[] {
  const input = questions.map(question => `${JSON.stringify(question)}\n`).join('')
  const { stdout, stderr, status } = spawnSync('python3', [SCRIPT], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`pcre.py: ${stderr}`)
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Answer)
}

/** Compiles what is given byte by byte: UTF-8 is decoded before it is encoded again. */
export function compileBytes(pattern: string, trusted = false): ReturnType<typeof compilePattern> {
  const text = Buffer.from(pattern, 'latin1').toString('utf8')
  return compilePattern(text, { trusted })
}

/**
 * What is wrong with how a compiled pattern matches, by PCRE's answers: '' when nothing is.
 * Groups that are said to be doubtful are not compared.
 */
export function difference(compiled: CompiledPattern, question: Question, answer: Answer): string {
  if ('problem' in answer) return `PCRE refuses it: ${answer.problem} at ${answer.at}`
  const matcher = matcherOf(compiled)
  for (const [i, subject] of question.subjects.entries()) {
    const wanted = answer.matches[i]!
    if (typeof wanted === 'number') continue
    const seen = matcher.exec(subject)
    if (matcher.test(subject) !== (wanted !== null))
      return `${JSON.stringify(subject)}: test says ${wanted === null}`
    if ((seen === null) !== (wanted === null))
      return `${JSON.stringify(subject)}: exec says ${wanted === null}`
    if (wanted === null) continue
    for (let group = 0; group <= compiled.groups; group++) {
      const [ours, theirs] = [seen![group] ?? null, wanted[group] ?? null]
      if (ours !== theirs && !compiled.doubtful.includes(group))
        return `${JSON.stringify(subject)}: group ${group} is ${JSON.stringify(ours)}, PCRE has ${JSON.stringify(theirs)} (${compiled.source})`
    }
  }
  return ''
}

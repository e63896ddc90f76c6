// routing/rules/subject.ts: what a regular expression is held against, read from a run.
import type { IndexedSubject } from './chain-index.ts'
import type { Run } from './run.ts'

/** @returns undefined from it: absent, which nothing matches */
export function readerOf(subject: IndexedSubject): (run: Run) => string | undefined {
  if (subject.kind === 'variable') {
    const { name } = subject
    return run => run.read(name) ?? '' // as a template has it
  }
  if (subject.kind === 'header') {
    const { name } = subject
    return run => run.field(name)
  }
  if (subject.kind === 'cookie') {
    const { name } = subject
    return run => run.source.cookie(name)
  }
  const { kind } = subject
  return run => run.subject(kind)
}

// routing/rules/read-pattern.ts: the regular expression of a rule, from its text to what gateways run, or why not.
import type { RulePicture } from '../../base/rules-picture.ts'
import { type Reading, WrongRule } from './action.ts'
import { shown } from './grammar.ts'
import { type CompiledPattern, compilePattern, LONGEST_SUBJECT } from './regex/compile.ts'
import { groupsIn } from './template.ts'

/** Before a pattern that no engine runs in linear time: whoever writes it vouches for it. */
export const TRUSTED = '(*trusted)'

/** @throws WrongRule */
export function readPattern(text: string): CompiledPattern {
  const isTrusted = text.startsWith(TRUSTED)
  const source = isTrusted ? text.slice(TRUSTED.length) : text
  const compilation = compilePattern(source, { trusted: isTrusted })
  if (compilation.ok) return compilation.compiled
  const { problem, remedy, at } = compilation
  const place = source === '' ? '' : `, at byte ${at + 1}`
  throw new WrongRule(`the pattern ${shown(source)}${place}: ${problem}`, remedy.replace(/\.$/, ''))
}

/** The larger the counts of a pattern, the shorter the texts that it can be held against: longer ones get 400. */
export function warnOfBound({ test }: RulePicture, warn: Reading['warn']): void {
  const longest = patternOf(test)?.longest ?? LONGEST_SUBJECT
  if (longest < LONGEST_SUBJECT)
    warn(`the pattern counts so far that a text of more than ${longest} bytes gets 400`, 'Count less in it')
}

/** A pattern for hosts, which are held against it in lower case: its own capitals shall match them all the same. */
export function hostPattern(text: string): string {
  if (!/[A-Z]/.test(text.replace(/\\./g, ''))) return text
  return text.startsWith(TRUSTED) ? `${TRUSTED}(?i)${text.slice(TRUSTED.length)}` : `(?i)${text}`
}

/**
 * Some groups cannot be told with certainty when a pattern runs in linear time: an action may not go by them.
 *
 * @throws WrongRule
 */
export function requireCertainGroups({ test, action }: RulePicture): void {
  const pattern = patternOf(test)
  if (pattern === null || pattern.doubtful.length === 0) return
  const used = groupsIn(action.data)
  const group = pattern.doubtful.find(each => used.has(each))
  if (group === undefined) return
  throw new WrongRule(
    `what $${group} holds cannot be told with certainty for this pattern`,
    'Capture it by a simpler pattern, without possessive or atomic parts around it',
  )
}

function patternOf(test: RulePicture['test']): CompiledPattern | null {
  if (test.kind === 'match') return test.pattern as CompiledPattern
  if (test.kind !== 'condition' || test.name !== 'regexp') return null
  return (test.data as { readonly pattern: CompiledPattern }).pattern
}

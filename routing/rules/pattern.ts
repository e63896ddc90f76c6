// routing/rules/pattern.ts: regular expressions of rules, made ready in the gateways.
import type { RunnablePattern } from './regex/compile.ts'
import { matcherOf as compiledMatcher, type Matcher } from './regex/matcher.ts'

export type { Matcher }

/** Longest text that is held against one, in bytes: a longer one cannot be judged. */
export const SUBJECT_LIMIT = 8192

/** @param data what compilePattern made: see Reading.pattern */
export function matcherOf(data: unknown): Matcher {
  return compiledMatcher(data as RunnablePattern)
}

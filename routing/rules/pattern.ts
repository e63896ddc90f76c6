// routing/rules/pattern.ts: regular expressions of rules, read at load and made ready in the gateways.

/** Longest text that is held against one, in bytes: a longer one cannot be judged. */
export const SUBJECT_LIMIT = 8192

export interface Matcher {
  test(subject: string): boolean
  /** Groups 0 to 9. */
  exec(subject: string): readonly (string | undefined)[] | null
}

/** @param data what compilePattern made */
export function matcherOf(data: unknown): Matcher {
  return new RegExp((data as { source: string }).source)
}

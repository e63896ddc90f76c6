// routing/rules/regex/problem.ts: what is wrong with a pattern, and where in it.

/** Thrown inside this folder only; compilePattern turns it into a value. */
export class PatternProblem extends Error {
  /** Offset in the pattern's bytes. */
  readonly at: number
  readonly remedy: string

  constructor(problem: string, remedy: string, at: number) {
    super(problem)
    this.at = at
    this.remedy = remedy
  }
}

export const CORRECT_IT = 'Correct the pattern.'

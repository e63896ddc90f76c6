// test/fuzz/minimize.ts: makes an input that fails smaller, as long as it fails in the same way.
import { Random } from '../long/fuzz-random.ts'
import type { Failure } from './loop.ts'
import type { Target } from './target.ts'

const MOST_TRIES = 3_000
/** Pieces are cut by chance: a smaller input gets some chances to fail. */
const CHANCES = 12

/** @param problem how it failed */
export function minimize(target: Target, input: Buffer, problem: string): Failure {
  const kind = kindOf(problem)
  let failure: Failure = { problem, input }
  let tries = 0
  for (let size = input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < failure.input.length && tries < MOST_TRIES; ) {
      const { input: whole } = failure
      const less = Buffer.concat([whole.subarray(0, at), whole.subarray(at + size)])
      tries++
      const found = problemOf(target, less)
      if (kindOf(found) === kind) failure = { problem: found, input: less }
      else at += size
    }
  }
  return failure
}

/** What is wrong with what a target makes of an input, cut in several ways; '' when nothing is. */
export function problemOf(target: Target, input: Buffer): string {
  for (let seed = 1; seed <= CHANCES; seed++) {
    try {
      target.check(input, new Random(seed))
    } catch (error) {
      return (error as Error).message
    }
  }
  return ''
}

// Before the details.
function kindOf(problem: string): string {
  return problem.split(':', 1)[0]!
}

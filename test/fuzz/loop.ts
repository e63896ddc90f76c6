// test/fuzz/loop.ts: feeds a target mutated inputs until a number of them or a time is reached.
import { Random } from '../long/fuzz-random.ts'
import { corpusOf, unpooled } from './corpus.ts'
import { Dearest } from './dearest.ts'
import { minimize } from './minimize.ts'
import { Mutator } from './mutator.ts'
import type { Target } from './target.ts'

const MOST_POOL = 4_000
const CLOCK_EVERY = 512
/** Inputs before any time is taken: code that is not compiled yet seems dear. */
const WARM_UP = 20_000
/** One input in so many is made of those that cost most, by a chance of its own: else time would change what a seed makes. */
const DEAR_EVERY = 16
/** Divides it, so that those are timed. */
const TIMED_EVERY = 4

export interface Bounds {
  readonly seed: number
  /** Most inputs, and most time. */
  readonly count: number
  readonly ms: number
  /** Told each input before it is fed, for who watches from outside. */
  readonly onInput?: (input: Buffer) => void
}

export interface Outcome {
  readonly inputs: number
  readonly ms: number
  readonly dearest: Dearest
  readonly failure: Failure | null
}

export interface Failure {
  readonly problem: string
  /** Made as small as it still fails. */
  readonly input: Buffer
}

/** Ends at the first failure. The same seed makes the same inputs. */
export function fuzz(target: Target, { seed, count, ms, onInput }: Bounds): Outcome {
  const random = new Random(seed)
  const dearRandom = new Random(seed ^ 0x5bd1e995)
  const mutator = new Mutator(target.dictionary, target.mostBytes)
  const pool = [...corpusOf(target)]
  const seen = new Set<number>()
  const dearest = new Dearest(target)
  const start = performance.now()
  let inputs = 0

  const feed = (input: Buffer, by: Random): string => {
    onInput?.(input)
    try {
      const kind = target.check(input, by)
      if (by === random && !seen.has(kind) && pool.length < MOST_POOL) {
        seen.add(kind)
        pool.push(unpooled(input))
      }
      if (inputs > WARM_UP && inputs % TIMED_EVERY === 0) dearest.measure(input)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }

  let problem = ''
  let input: Buffer = Buffer.alloc(0)
  for (; inputs < count && problem === ''; inputs++) {
    if (inputs % CLOCK_EVERY === 0 && performance.now() - start > ms) break
    const isDear = inputs % DEAR_EVERY === 0 && dearest.pool.length > 0
    const by = isDear ? dearRandom : random
    input = mutator.make(isDear ? dearest.pool : pool, by)
    problem = feed(input, by)
  }
  if (problem === '') dearest.measureHostile()
  const failure = problem === '' ? null : minimize(target, Buffer.from(input), problem)
  return { inputs, ms: performance.now() - start, dearest, failure }
}

// test/fuzz/target.ts: what the fuzzer knows of a parser: how to feed it, and what must hold whatever it is fed.
import type { Random } from '../long/fuzz-random.ts'

export interface Target {
  readonly name: string
  /** What {@link Target.check} holds it to, in a sentence for docs/fuzzing.md. */
  readonly asserts: string
  /** What mutation begins with, beside the files of the corpus. */
  seeds(): readonly Buffer[]
  /** Tokens that mean something to it, one character a byte. */
  readonly dictionary: readonly string[]
  /** Longest input that mutation makes. */
  readonly mostBytes: number
  /** Inputs as large as the product's limits allow, made to cost much; their time is taken, too. */
  hostile?(): readonly Buffer[]
  /**
   * What the parser makes of bytes that come in pieces: `cuts` are their ends, ascending, the last one bytes.length.
   * Equal results are equal events. Absent where a text is only ever read whole.
   */
  events?(bytes: Buffer, cuts: readonly number[]): string | number
  /**
   * Everything that must hold for an input. Bytes behind its end are garbage that must not be looked at.
   *
   * @returns a number for the kind of input; one of a new kind is mutated further
   * @throws Error that says what is wrong
   */
  check(input: Buffer, random: Random): number
  /** The parser's work alone, as a connection makes it do it: its time is taken. */
  parse(input: Buffer): void
}

/** Its row in docs/fuzzing.md. */
export function listed({ name, asserts }: Target): string {
  return `| \`${name}\` | ${asserts} |`
}

/** A second reader is slow: it reads one input in so many, and of those that were refused still fewer. */
export const SECOND_READER_EVERY = 6
export const SECOND_READER_ON_REFUSED = 24

/** Refuses what a parser did. @throws always */
export function wrong(problem: string, seen: unknown = ''): never {
  throw new Error(`${problem}${seen === '' ? '' : `: ${JSON.stringify(seen)}`}`)
}

/** A few places to cut an input at, all of them now and then when it is short. The last is its end. */
export function cutsOf(length: number, random: Random): number[] {
  const cuts: number[] = []
  if (length <= 96 && random.below(64) === 0) {
    for (let at = 1; at < length; at++) cuts.push(at)
  } else if (length > 1) {
    let at = 0
    for (let n = random.below(3); n >= 0; n--) {
      at += 1 + random.below(length)
      if (at >= length) break
      cuts.push(at)
    }
  }
  cuts.push(length)
  return cuts
}

/** Holds a target to it that pieces change nothing. @returns what the whole input means */
export function sameInPieces(target: Target, input: Buffer, random: Random): string | number {
  const whole = target.events!(input, [input.length])
  // Other garbage behind the end than before.
  const copy = OTHER_PLACE.subarray(0, input.copy(OTHER_PLACE))
  const cuts = cutsOf(input.length, random)
  const split = target.events!(copy, cuts)
  if (whole !== split) wrong('pieces mean another thing than the whole', { whole, split, cuts })
  return whole
}

const OTHER_PLACE = Buffer.alloc(256 * 1024, '\r\n')

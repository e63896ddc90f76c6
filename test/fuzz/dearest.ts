// test/fuzz/dearest.ts: keeps the input that costs a parser most for each of its bytes.
import { unpooled } from './corpus.ts'
import type { Target } from './target.ts'

/** Shorter inputs count as this long: a call costs something whatever is in it, and no packet is shorter. */
const FEWEST_BYTES = 64
const REPEATS = 9
const MOST_KEPT = 8
/** For all runs of one input together. */
const LONGEST_MS = 500

export class Dearest {
  readonly #target: Target
  /** Of those that mutation made, the last ones that were dearest. */
  readonly pool: Buffer[] = []
  input: Buffer = Buffer.alloc(0)
  nsPerByte = 0

  constructor(target: Target) {
    this.#target = target
  }

  /** Takes the time of inputs made by hand to be dear, once code is warm. */
  measureHostile(): void {
    for (const input of this.#target.hostile?.() ?? []) this.#take(input, this.again(input))
  }

  /** Takes the time of one input. One that seems dearest is measured again, and has to be so in its best run. */
  measure(input: Buffer): void {
    const size = Math.max(input.length, FEWEST_BYTES)
    if (this.#once(input) / size <= this.nsPerByte) return
    const best = this.again(input)
    if (best > this.nsPerByte) this.pool.push(this.#take(input, best))
    if (this.pool.length > MOST_KEPT) this.pool.shift()
  }

  /** @returns ns per byte in the best of some runs: what it costs when nothing else disturbs */
  again(input: Buffer, repeats = REPEATS): number {
    let best = Number.POSITIVE_INFINITY
    const end = performance.now() + LONGEST_MS
    for (let i = 0; i < repeats && (i === 0 || performance.now() < end); i++) {
      best = Math.min(best, this.#once(input))
    }
    return best / Math.max(input.length, FEWEST_BYTES)
  }

  #take(input: Buffer, nsPerByte: number): Buffer {
    if (nsPerByte <= this.nsPerByte) return this.input
    this.nsPerByte = nsPerByte
    this.input = unpooled(input)
    return this.input
  }

  #once(input: Buffer): number {
    const start = performance.now()
    this.#target.parse(input)
    return (performance.now() - start) * 1e6
  }
}

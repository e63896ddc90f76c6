// test/long/fuzz-random.ts: chance that a seed repeats, and what the fuzzer notes down.

/** The same seed gives the same numbers (a 32-bit mulberry). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** @returns an integer from 0 up to, without, `end` */
  below(end: number): number {
    return this.#next() % end
  }

  /** @param chance from 0 to 1 */
  happens(chance: number): boolean {
    return this.#next() / 2 ** 32 < chance
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let word = this.#state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }
}

/** One request on its way: both sides of the gateway know it by its token. */
export interface Asked {
  readonly token: string
  readonly bodyBytes: number
  /** Its bytes were changed on purpose: any refusal is right, and its body may be any. */
  readonly isMutant: boolean
  /** The node cut its answer: whoever takes it for whole was deceived. */
  isCut: boolean
}

/** What a round knows and finds. */
export class Ledger {
  readonly asked = new Map<string, Asked>()
  readonly problems: string[] = []
  /** Whom nodes must be told as the client. */
  readonly client: string
  answers = 0

  constructor(client: string) {
    this.client = client
  }

  /** @param detail whatever helps to understand it; shortened */
  problem(kind: string, detail: unknown): void {
    this.problems.push(`${kind}: ${JSON.stringify(detail).slice(0, 1_500)}`)
  }
}

/** A body that shows whose it is, wherever it is cut. */
export function bodyOf(token: string, length: number): string {
  return `${token};`.repeat(Math.ceil(length / (token.length + 1))).slice(0, length)
}

/** Other bytes in between, some milliseconds, as on a real network. */
export function pause(ms: number): Promise<void> {
  // sleeps: it spreads the traffic; nothing is judged by it
  return new Promise(resolve => setTimeout(resolve, ms))
}

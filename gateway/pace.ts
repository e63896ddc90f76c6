// gateway/pace.ts: a floor for how fast a client sends its requests and takes its answers (min-rate).
// Nothing is measured as bytes pass: once a second those connections are looked at on which something is going on, and
// the counters that they keep anyway are read. Time counts only where it was the client's turn at two looks in a row.
import { guard } from './boundary.ts'

/** How a connection shows what its client is doing. The first four fields belong to the paces. */
export interface Paced {
  isWatched: boolean
  pace: Pace | null
  paceNext: Paced | null
  pacePrevious: Paced | null
  /** Bytes a second, for what it does just now; 0: no floor. */
  readonly minRate: number
  readonly minRateAfterMs: number
  /** A number for the head or body that the client is sending, where nobody else holds it up; 0: none. */
  readonly sending: number
  /** Bytes of that which came. */
  readonly sentBytes: number
  /** A number for the answer that waits for the client to take it; 0: none. */
  readonly taking: number
  /** Bytes of that which the kernel has taken. */
  readonly takenBytes: number
  /** Bytes of that which wait for it, together: it may have taken any part of them. */
  readonly waitingBytes: number
  readonly isIdle: boolean
  sendsTooSlowly(): void
  takesTooSlowly(): void
  abandon(): void
}

const LOOK_MS = 1_000
/** The kernel shows only in steps what a client took: so much may be taken already, unseen. */
const UNSEEN_BYTES = 65_536

/**
 * The connections of one gateway on which something is going on while there is a floor. Most are over before the next
 * look, so that joining and leaving allocate nothing; why there is no Map stands in roster.ts.
 */
export class Paces {
  #first: Paced | null = null
  #next: Paced | null = null // looked at next
  #lookedAt = 0

  /** Called at each request and unfinished head. */
  watch(connection: Paced): void {
    if (connection.isWatched) return
    connection.isWatched = true
    connection.paceNext = this.#first
    if (this.#first !== null) this.#first.pacePrevious = connection
    this.#first = connection
  }

  /** Harmless when it is not watched. */
  forget(connection: Paced): void {
    if (!connection.isWatched) return
    const { paceNext, pacePrevious } = connection
    if (pacePrevious === null) this.#first = paceNext
    else pacePrevious.paceNext = paceNext
    if (paceNext !== null) paceNext.pacePrevious = pacePrevious
    if (this.#next === connection) this.#next = paceNext
    connection.paceNext = connection.pacePrevious = connection.pace = null
    connection.isWatched = false
  }

  /** Called at each tick. @param now milliseconds @param afterMs of the picture in force */
  tick(now: number, afterMs: number): void {
    const everyMs = Math.min(LOOK_MS, afterMs / 4)
    const passedMs = now - this.#lookedAt
    if (passedMs < everyMs) return
    this.#lookedAt = now
    // A process that stood still holds nothing against its clients.
    const elapsedMs = Math.min(passedMs, 2 * everyMs)
    let connection = this.#first
    while (connection !== null) {
      this.#next = connection.paceNext
      if (connection.isIdle && connection.taking === 0) this.forget(connection)
      else {
        connection.pace ??= new Pace(connection)
        guard('pace', connection.pace, Pace.look, elapsedMs)
      }
      connection = this.#next
    }
  }
}

/** Of one connection, from the first look at it on. */
export class Pace {
  readonly #connection: Paced
  readonly #sends = new Turn()
  readonly #takes = new Turn()
  #takenAtFirst = 0

  constructor(connection: Paced) {
    this.#connection = connection
  }

  static look(pace: Pace, elapsedMs: number): void {
    const connection = pace.#connection
    const { minRate, minRateAfterMs } = connection
    const sendsMs = pace.#sends.add(connection.sending, elapsedMs)
    const takesMs = pace.#takes.add(connection.taking, elapsedMs)
    if (takesMs === 0) pace.#takenAtFirst = connection.takenBytes
    if (minRate === 0) return
    const least = minRate / 1_000
    if (sendsMs >= minRateAfterMs && connection.sentBytes < sendsMs * least) connection.sendsTooSlowly()
    else if (takesMs >= minRateAfterMs) {
      const taken =
        connection.takenBytes - pace.#takenAtFirst + Math.max(UNSEEN_BYTES, connection.waitingBytes)
      if (taken < takesMs * least) connection.takesTooSlowly()
    }
  }

  abandon(): void {
    this.#connection.abandon()
  }
}

/** For how long it has been the client's turn with one thing. */
class Turn {
  #what = 0
  #ms = 0
  #wasOn = false

  /** @returns milliseconds; 0 while it is not its turn */
  add(what: number, elapsedMs: number): number {
    const wasOn = this.#wasOn
    this.#wasOn = what !== 0
    if (what === 0) return 0
    if (what !== this.#what) {
      this.#what = what
      this.#ms = 0
    } else if (wasOn) this.#ms += elapsedMs
    return this.#ms
  }
}

// routing/queue.ts: exchanges that wait until a node of their key has room: first come, first served, not too many and
// not too long. Pure: the clock is handed in, and whoever holds the queue asks it when a node has room and when time goes by.

/** What waits in a queue. Every field belongs to the queue; made once with its exchange, so that waiting allocates nothing. */
export interface Waiting {
  /** Since when, in the clock of the caller; -1: in no queue. */
  waitsSince: number
  waitsNext: Waiting | null
  waitsPrevious: Waiting | null
}

export class WaitingQueue {
  /** Most that wait, and how long each may, in milliseconds. A change holds for those who wait already, too. */
  mostLength: number
  mostMs: number
  #length = 0
  #first: Waiting | null = null
  #last: Waiting | null = null

  /** @param mostLength 0: nobody waits */
  constructor(mostLength: number, mostMs: number) {
    this.mostLength = mostLength
    this.mostMs = mostMs
  }

  get length(): number {
    return this.#length
  }

  /** Who waits longest. */
  get first(): Waiting | null {
    return this.#first
  }

  /** @returns false when it is full, or the entry waits already: answer 503 with {@link retryAfter} */
  join(entry: Waiting, now: number): boolean {
    if (this.#length >= this.mostLength || entry.waitsSince >= 0) return false
    entry.waitsSince = now
    entry.waitsPrevious = this.#last
    entry.waitsNext = null
    if (this.#last === null) this.#first = entry
    else this.#last.waitsNext = entry
    this.#last = entry
    this.#length++
    return true
  }

  /** Its client left. Harmless when it does not wait. The entry must not wait in another queue. */
  leave(entry: Waiting): void {
    if (entry.waitsSince < 0) return
    const { waitsPrevious: previous, waitsNext: next } = entry
    if (previous === null) this.#first = next
    else previous.waitsNext = next
    if (next === null) this.#last = previous
    else next.waitsPrevious = previous
    entry.waitsPrevious = entry.waitsNext = null
    entry.waitsSince = -1
    this.#length--
  }

  /** A node has room: takes out who waits longest. Take out the overdue before. @returns null when nobody waits */
  next(): Waiting | null {
    const entry = this.#first
    if (entry !== null) this.leave(entry)
    return entry
  }

  /** Takes out one that waited too long; call it until it returns null, at each tick. */
  nextOverdue(now: number): Waiting | null {
    const entry = this.#first
    if (entry === null || now - entry.waitsSince < this.mostMs) return null
    this.leave(entry)
    return entry
  }

  /** Seconds for Retry-After: as long as one may wait, at least 1. */
  get retryAfter(): number {
    return Math.max(1, Math.ceil(this.mostMs / 1_000))
  }
}

/**
 * What one of several gateways enforces of a limit for all (of a node, of a queue): rounded up, as nobody shares memory.
 *
 * @param limit 0: none
 */
export function shareOfLimit(limit: number, gateways: number): number {
  return Math.ceil(limit / Math.max(1, gateways))
}

// gateway/idle-queue.ts: idle connections in the order in which they became idle, so that the one idle longest is at hand.
// Linked through the connections themselves: joining and leaving allocate nothing.

/** What waits in the queue. The first three fields belong to the queue. */
export interface Idle {
  isQueued: boolean
  idleNext: Idle | null
  idlePrevious: Idle | null
  /** Accepted, or secure, less than {@link FRESH_MS} ago: its first request is on its way. */
  readonly isFresh: boolean
  /** Its client has not taken the last answer yet. */
  readonly isOwing: boolean
  /** Close: others need the place. */
  giveWay(): void
}

/** A new connection's first request, or its handshake, has so long to come before others may take its place. */
export const FRESH_MS = 1_000
/** Entries looked at for one that can be closed. */
const MOST_LOOKS = 16

export class IdleQueue {
  #first: Idle | null = null
  #last: Idle | null = null

  /** Becomes the last. */
  add(entry: Idle): void {
    if (entry.isQueued) this.remove(entry)
    entry.isQueued = true
    entry.idlePrevious = this.#last
    if (this.#last === null) this.#first = entry
    else this.#last.idleNext = entry
    this.#last = entry
  }

  /** Harmless when it is not in the queue. */
  remove(entry: Idle): void {
    if (!entry.isQueued) return
    const { idleNext, idlePrevious } = entry
    if (idlePrevious === null) this.#first = idleNext
    else idlePrevious.idleNext = idleNext
    if (idleNext === null) this.#last = idlePrevious
    else idleNext.idlePrevious = idlePrevious
    entry.idleNext = entry.idlePrevious = null
    entry.isQueued = false
  }

  /** Closes the one that has been idle longest. @returns false when none is idle */
  closeLongest(): boolean {
    let entry = this.#first
    for (let looks = 0; looks < MOST_LOOKS && entry !== null; looks++) {
      const next: Idle | null = entry.idleNext
      if (!entry.isFresh && !entry.isOwing) {
        this.remove(entry)
        entry.giveWay()
        return true
      }
      if (entry.isOwing) this.add(entry) // to the end: many of them must not hide the others
      entry = next
    }
    return false
  }
}

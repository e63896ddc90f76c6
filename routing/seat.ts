// routing/seat.ts: a node's place in one backend: whether it may be picked now, and what the balance keeps of it.
import type { Node, NodeWatcher } from './node.ts'

/**
 * open: may be picked. full: serves, but has all it may have. resting: that, or on trial with an exchange in hand. out:
 * draining, gone, or without an address.
 */
export type Standing = 'open' | 'full' | 'resting' | 'out'

/** What holds seats, and hears of their nodes. */
export interface Bench {
  seatChanged(seat: Seat): void
  loadChanged(seat: Seat): void
  seatLost(): void
}

export class Seat implements NodeWatcher {
  readonly node: Node
  /** Order of announcement in the backend, and among the seats of its level. */
  order = 0
  place = 0
  standing: Standing = 'out'
  /** Tried already by the exchange that picks: closed for the length of that pick. */
  isSetAside = false
  /** Its place in the one heap that holds it, if any, by `heapKey`. */
  heapAt = 0
  heapKey = 0
  /** Smooth turns: when the window of its next turn opens, in rounds; kept up to date only while it is in no line. */
  turn = 0
  /** Turns it may still take in this round (wrr), or has saved while it starts slowly (smooth turns). */
  credit = 0
  readonly #bench: Bench

  constructor(node: Node, bench: Bench) {
    this.node = node
    this.#bench = bench
    node.watcher?.nodeTaken()
    node.watcher = this
  }

  /** As the node is, rests that are over not ended. */
  currentStanding(): Standing {
    const { state, isReachable, isFull, isTried } = this.node
    if (!isReachable) return 'out'
    if (state === 'up') return isTried ? 'resting' : isFull ? 'full' : 'open'
    return state === 'resting' ? 'resting' : 'out'
  }

  /** While it rests: by when it is picked as the last resort. One that is being tried comes after all others. */
  get restKey(): number {
    return this.node.isTried ? Number.POSITIVE_INFINITY : this.node.outUntil
  }

  nodeChanged(): void {
    this.#bench.seatChanged(this)
  }

  loadChanged(): void {
    this.#bench.loadChanged(this)
  }

  nodeTaken(): void {
    this.#bench.seatLost()
  }
}

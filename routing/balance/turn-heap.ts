// routing/balance/turn-heap.ts: smooth weighted turns over many nodes, in a time that grows with their logarithm.
// In a round of length 1, a node of weight w has w turns, each a window of length 1/w. Of the windows that are open, the
// one that closes first is taken (worst-case fair queueing, WF2Q+). So at any moment a node had less than one turn more
// or less than its share: turns neither come in runs nor fall behind.
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import { SeatHeap } from '../seat-heap.ts'
import type { Balance } from './balance.ts'

/** Turns that one pick lets pass because their nodes start slowly; when all do, nobody gains by waiting. */
const MOST_SKIPS = 8
/** Rounds after which time begins anew: a double would lose its fine end. */
const MOST_ROUNDS = 2 ** 16
/** Sums of fractions: what is this near is now. Weights are far below a million. */
const NEAR = 1e-7

export class TurnHeap implements Balance {
  readonly #seats: readonly Seat[]
  readonly #waiting = new SeatHeap() // by the opening of the window, seat.turn
  readonly #due = new SeatHeap() // open windows, by their end
  #weight = 0 // of the seats in both
  #time = 0 // in rounds

  /** @param before whose turns go on; null: all begin anew */
  constructor(seats: readonly Seat[], before: TurnHeap | null = null) {
    this.#seats = seats
    if (before !== null) this.#time = before.#time
    else for (const seat of seats) seat.turn = 0
    for (const seat of seats) if (seat.standing === 'open') this.add(seat)
  }

  // A seat that was away does not make up for the turns it missed.
  add(seat: Seat): void {
    if (seat.turn < this.#time) seat.turn = this.#time
    this.#weight += seat.node.weight
    this.#wait(seat)
  }

  remove(seat: Seat): void {
    this.#weight -= seat.node.weight
    if (seat.isDue) this.#due.remove(seat)
    else this.#waiting.remove(seat)
  }

  loaded(): void {}

  pick(now: number): Node | null {
    if (this.#time > MOST_ROUNDS) this.#beginAnew()
    for (let skips = 0; ; skips++) {
      const seat = this.#next()
      if (seat === null) return null
      seat.turn += 1 / seat.node.weight
      this.#wait(seat)
      this.#time += 1 / Math.max(1, this.#weight) // a weight may change shortly before all is made anew
      if (skips === MOST_SKIPS || takesTurn(seat, now)) return seat.node
    }
  }

  // Takes it out. A window opens for each that is taken, so the loop runs once in the mean.
  #next(): Seat | null {
    const waiting = this.#waiting
    if (this.#due.top === null && waiting.topKey > this.#time) {
      if (waiting.top === null) return null
      this.#time = waiting.topKey
    }
    while (waiting.topKey <= this.#time + NEAR) {
      const seat = waiting.top!
      waiting.remove(seat)
      seat.isDue = true
      this.#due.add(seat, seat.turn + 1 / seat.node.weight)
    }
    const seat = this.#due.top!
    this.#due.remove(seat)
    return seat
  }

  #wait(seat: Seat): void {
    seat.isDue = false
    this.#waiting.add(seat, seat.turn)
  }

  #beginAnew(): void {
    for (const seat of this.#seats) seat.turn -= this.#time
    this.#waiting.lower(this.#time)
    this.#due.lower(this.#time)
    this.#time = 0
  }
}

// A node that starts slowly takes every tenth of its turns, then every ninth, …
function takesTurn(seat: Seat, now: number): boolean {
  const share = seat.node.shareAt(now)
  if (share >= 1) return true
  seat.credit += share
  if (seat.credit < 1) return false
  seat.credit -= 1
  return true
}

// routing/balance/two-choices.ts: of two nodes drawn by lot the better one (p2c; with times of answers: peak EWMA).
// What each gateway knows is old and partial; going for the best of all, they would all go for the same one.
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'
import { SumTree } from './sum-tree.ts'

/** Draws until one that starts slowly is let in. */
const MOST_DRAWS = 8
/** Cost of a node that has work but gave no answer yet: more than any that did. */
const UNKNOWN_MS = 1e9

/** Nodes are drawn by weight. A pick costs a few steps per bit of their number. */
export class TwoChoices implements Balance {
  readonly #seats: readonly Seat[]
  readonly #weights: SumTree
  readonly #byLatency: boolean
  readonly #random: () => number
  #open = 0

  /**
   * @param byLatency true: by how long answers lately took and how many are due; false: by exchanges in hand
   * @param random from 0 up to, not including, 1
   */
  constructor(seats: readonly Seat[], byLatency: boolean, random: () => number) {
    this.#seats = seats
    this.#byLatency = byLatency
    this.#random = random
    this.#weights = new SumTree(
      Float64Array.from(seats, seat => (seat.standing === 'open' ? seat.node.weight : 0)),
    )
    for (const seat of seats) if (seat.standing === 'open') this.#open++
  }

  add(seat: Seat): void {
    this.#open++
    this.#weights.set(seat.place, seat.node.weight)
  }

  remove(seat: Seat): void {
    this.#open--
    this.#weights.set(seat.place, 0)
  }

  loaded(): void {}

  pick(now: number): Node | null {
    if (this.#open === 0) return null
    const place = this.#draw(now, 0, 0)
    const one = this.#seats[place]!.node
    if (this.#open === 1) return one
    const other = this.#seats[this.#draw(now, this.#weights.sumBefore, this.#weights.at(place))]!.node
    return this.#costOf(other, now) < this.#costOf(one, now) ? other : one
  }

  // Weights lie in a row, and the lot falls on one of them, but not on the stretch that is left out.
  #draw(now: number, from: number, without: number): number {
    for (let draws = 1; ; draws++) {
      const lot = Math.floor(this.#random() * (this.#weights.total - without))
      const place = this.#weights.placeOf(lot < from ? lot : lot + without)
      if (draws === MOST_DRAWS) return place
      const share = this.#seats[place]!.node.shareAt(now)
      if (share >= 1 || this.#random() < share) return place
    }
  }

  // In hand is counted by weight, in units of the mean weight: ten in hand of a node twice as strong are five.
  #costOf(node: Node, now: number): number {
    const load = (node.inHand * (this.#weights.total / this.#open)) / node.weight
    if (!this.#byLatency) return load
    const ms = node.latency.at(now)
    return ms === 0 && node.inHand > 0 ? UNKNOWN_MS + load : ms * (load + 1)
  }
}

// routing/seat-heap.ts: seats by a number, the least first, where an exchange can pass over those that it tried.
import { Heap, isBefore } from './heap.ts'
import type { Node } from './node.ts'
import type { Seat } from './seat.ts'

/** Of equal keys the first announced goes first. */
export class SeatHeap extends Heap<Seat> {
  /**
   * The first, in order of keys, whose node is not left out. Below such a seat none is earlier, so this visits at most
   * twice as many seats as are left out, and one.
   */
  firstWithout(leftOut: readonly Node[] | null): Seat | null {
    return leftOut === null ? this.top : this.#firstUnder(0, leftOut)
  }

  #firstUnder(at: number, leftOut: readonly Node[]): Seat | null {
    const seat = this.entries[at] ?? null
    if (seat === null || !leftOut.includes(seat.node)) return seat
    const left = this.#firstUnder(2 * at + 1, leftOut)
    const right = this.#firstUnder(2 * at + 2, leftOut)
    if (left === null || right === null) return left ?? right
    return isBefore(left, right) ? left : right
  }
}

// routing/seat-heap.ts: seats by a number, the least first. A seat knows its place, so that it can be taken from the
// middle; it is in one heap at a time, as a node that rests has no turn.
import type { Node } from './node.ts'
import type { Seat } from './seat.ts'

export class SeatHeap {
  readonly #seats: Seat[] = []

  /** The seat with the least key, of equal ones the first announced; null when empty. */
  get top(): Seat | null {
    return this.#seats[0] ?? null
  }

  /** Key of the top; Infinity when empty. */
  get topKey(): number {
    return this.#seats.length === 0 ? Number.POSITIVE_INFINITY : this.#seats[0]!.heapKey
  }

  add(seat: Seat, key: number): void {
    seat.heapKey = key
    this.#seats.push(seat)
    this.#rise(this.#seats.length - 1, seat)
  }

  /** The seat must be in this heap. */
  remove(seat: Seat): void {
    const at = seat.heapAt
    const last = this.#seats.pop()!
    if (last === seat) return
    this.#rise(at, last)
    this.#sink(last.heapAt, last)
  }

  /** Takes the same from every key. */
  lower(by: number): void {
    for (const seat of this.#seats) seat.heapKey -= by
  }

  get size(): number {
    return this.#seats.length
  }

  clear(): void {
    this.#seats.length = 0
  }

  /**
   * The first, in order of keys, whose node is not left out. Below such a seat none is earlier, so this visits at most
   * twice as many seats as are left out, and one.
   */
  firstWithout(leftOut: readonly Node[] | null): Seat | null {
    return leftOut === null ? this.top : this.#firstUnder(0, leftOut)
  }

  #firstUnder(at: number, leftOut: readonly Node[]): Seat | null {
    const seat = this.#seats[at] ?? null
    if (seat === null || !leftOut.includes(seat.node)) return seat
    const left = this.#firstUnder(2 * at + 1, leftOut)
    const right = this.#firstUnder(2 * at + 2, leftOut)
    if (left === null || right === null) return left ?? right
    return isBefore(left, right) ? left : right
  }

  #rise(from: number, seat: Seat): void {
    const seats = this.#seats
    let at = from
    while (at > 0) {
      const above = seats[(at - 1) >> 1]!
      if (!isBefore(seat, above)) break
      seats[at] = above
      above.heapAt = at
      at = (at - 1) >> 1
    }
    seats[at] = seat
    seat.heapAt = at
  }

  #sink(from: number, seat: Seat): void {
    const seats = this.#seats
    const size = seats.length
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && isBefore(seats[below + 1]!, seats[below]!)) below++
      const next = seats[below]!
      if (!isBefore(next, seat)) break
      seats[at] = next
      next.heapAt = at
      at = below
    }
    seats[at] = seat
    seat.heapAt = at
  }
}

function isBefore(a: Seat, b: Seat): boolean {
  return a.heapKey < b.heapKey || (a.heapKey === b.heapKey && a.order < b.order)
}

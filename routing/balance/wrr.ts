// routing/balance/wrr.ts: weighted turns as uWSGI's routers give them, pick for pick (docs/balance.md).
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'

/**
 * A round gives each node floor(weight / least weight) turns, then takes them from the front of the list: in runs, and
 * coarse (2, 3 and 7 act as 1, 1 and 3). For those who need what they had; smooth turns are fairer. A pick costs the
 * same for any number of nodes in the mean; the one that begins a round looks at all of them.
 */
export class Wrr implements Balance {
  readonly #seats: readonly Seat[]
  readonly #all: readonly Seat[]
  #from = 0 // no open seat before this place has credit

  /** @param all of every level: the least weight is taken over them all */
  constructor(seats: readonly Seat[], all: readonly Seat[]) {
    this.#seats = seats
    this.#all = all
  }

  add(seat: Seat): void {
    if (seat.credit > 0 && seat.place < this.#from) this.#from = seat.place
  }

  remove(): void {}
  loaded(): void {}

  pick(): Node | null {
    const seats = this.#seats
    for (; this.#from < seats.length; this.#from++) {
      const seat = seats[this.#from]!
      if (seat.credit <= 0 || !isOpen(seat)) continue
      seat.credit--
      return seat.node
    }
    const last = this.#refill()
    if (last === null) return null
    last.credit--
    return last.node
  }

  #refill(): Seat | null {
    let least = Number.POSITIVE_INFINITY
    for (const seat of this.#all) if (isAlive(seat) && seat.node.weight < least) least = seat.node.weight
    let last: Seat | null = null
    for (const seat of this.#seats) {
      if (!isAlive(seat)) continue
      seat.credit = Math.floor(seat.node.weight / least)
      if (isOpen(seat)) last = seat
    }
    this.#from = 0
    return last
  }
}

function isAlive(seat: Seat): boolean {
  return seat.standing === 'open' || seat.standing === 'full'
}

function isOpen(seat: Seat): boolean {
  return seat.standing === 'open' && !seat.isSetAside
}

// routing/balance/least-requests.ts: fewest requests in hand, as uWSGI's routers count them (lrc, wlrc), pick for pick.
//
// uWSGI walks its list: the first node with the fewest in hand, and once it meets an idle one, it goes on from that as
// long as the next in the list is idle too and was not given more since it last announced itself. Two trees find the
// same node without the walk:
//   load     in hand, by weight for wlrc; ELSEWHERE for a node that is not to be picked but still busy (uWSGI's list
//            keeps those, and they end a walk); Infinity for one that is not in the list
//   stops    0 where a walk that came so far ends, 1 where it goes on
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'
import { LeastTree } from './least-tree.ts'

const ELSEWHERE = Number.MAX_VALUE

/** A pick and each change cost a few steps per bit of the number of nodes. */
export class LeastRequests implements Balance {
  readonly #seats: readonly Seat[]
  readonly #byWeight: boolean
  readonly #load: LeastTree
  readonly #stops: LeastTree

  constructor(seats: readonly Seat[], byWeight: boolean) {
    this.#seats = seats
    this.#byWeight = byWeight
    this.#load = new LeastTree(Float64Array.from(seats, seat => this.#loadOf(seat, seat.standing === 'open')))
    this.#stops = new LeastTree(Float64Array.from(seats, (_, place) => this.#stopOf(place)))
  }

  add(seat: Seat): void {
    this.#update(seat, true)
  }

  remove(seat: Seat): void {
    this.#update(seat, false)
  }

  loaded(seat: Seat): void {
    this.#update(seat, seat.standing === 'open')
  }

  pick(): Node | null {
    const least = this.#load.least
    if (least >= ELSEWHERE) return null
    const first = this.#load.firstFrom(0, least)
    return this.#seats[least > 0 ? first : this.#stops.firstFrom(first, 0)]!.node
  }

  #update(seat: Seat, isOpen: boolean): void {
    const place = seat.place
    this.#load.set(place, this.#loadOf(seat, isOpen))
    this.#stops.set(place, this.#stopOf(place))
    const previous = this.#load.lastBefore(place, ELSEWHERE)
    if (previous >= 0) this.#stops.set(previous, this.#stopOf(previous))
  }

  #loadOf({ node }: Seat, isOpen: boolean): number {
    if (isOpen) return this.#byWeight ? node.inHand / node.weight : node.inHand
    return node.inHand > 0 ? ELSEWHERE : Number.POSITIVE_INFINITY
  }

  #stopOf(place: number): number {
    if (this.#load.at(place) > ELSEWHERE) return 1
    const next = this.#load.firstFrom(place + 1, ELSEWHERE)
    if (next < 0 || this.#load.at(next) > 0) return 0
    return this.#seats[next]!.node.served <= this.#seats[place]!.node.served ? 1 : 0
  }
}

// routing/balance/hash-ring.ts: a key leads to the same node on every gateway, and few keys move when nodes come and go;
// a node that is busier than the others passes its keys on (consistent hashing with bounded loads).
//
// Each node is one point on a circle of 2^32, at the hash of its name. A key has 21 points; each looks for the node that
// follows, and the key goes to the nearest of these, distances divided by weights (multi-probe consistent hashing). So a
// node costs one number, where the usual ring needs a hundred points a node for the same evenness.
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'
import { hashOf, rehash } from './text-hash.ts'

const PROBES = 21
/** A node takes at most this times its share of what is in hand. */
const MOST_OF_SHARE = 1.25
const CIRCLE = 2 ** 32
/** Above any number of nodes; times the circle it is still an exact double. */
const MOST_SEATS = 2 ** 20

/**
 * A pick costs the same for any number of nodes (21 steps, and a few past those that are busy or away). While more than
 * half of the nodes are away, or after one came back, the next pick first makes the circle anew.
 */
export class HashRing implements Balance {
  readonly #inOrder: readonly Seat[] // by points, open or not
  readonly #points: Float64Array // points[i] belongs to inOrder[i]
  #ring: Seat[] = []
  #ringPoints = new Float64Array(0)
  #starts = new Int32Array(1) // place in the ring of the first point in each 1/n of the circle
  #isCurrent = false
  #open = 0
  #openWeight = 0
  #inHand = 0 // of the seats that are open
  readonly #isOnRing: Uint8Array // by place of the seat, as is the next
  readonly #counted: Int32Array // what #inHand has of it; -1: not open

  constructor(seats: readonly Seat[]) {
    // Point and place as one number: sorting numbers is ten times faster than sorting seats.
    const sorted = Float64Array.from(seats, seat => hashOf(seat.node.name) * MOST_SEATS + seat.place).sort()
    this.#inOrder = Array.from(sorted, number => seats[number % MOST_SEATS]!)
    this.#points = sorted.map(number => Math.floor(number / MOST_SEATS))
    this.#counted = new Int32Array(seats.length).fill(-1)
    this.#isOnRing = new Uint8Array(seats.length)
    for (const seat of seats) if (seat.standing === 'open') this.add(seat)
  }

  add(seat: Seat): void {
    if (this.#isOnRing[seat.place] === 0) this.#isCurrent = false
    this.#counted[seat.place] = seat.node.inHand
    this.#inHand += seat.node.inHand
    this.#openWeight += seat.node.weight
    this.#open++
  }

  remove(seat: Seat): void {
    this.#inHand -= this.#counted[seat.place]!
    this.#counted[seat.place] = -1
    this.#openWeight -= seat.node.weight
    this.#open--
  }

  loaded(seat: Seat): void {
    const counted = this.#counted[seat.place]!
    if (counted < 0) return
    this.#inHand += seat.node.inHand - counted
    this.#counted[seat.place] = seat.node.inHand
  }

  pick(_now: number, _tried: readonly Node[] | null, key: string): Node | null {
    if (this.#open === 0) return null
    if (!this.#isCurrent || this.#open * 2 < this.#ring.length) this.#makeRing()
    return this.#withRoom(this.#nearest(hashOf(key)))
  }

  // Place in the ring of the node that owns a key.
  #nearest(hash: number): number {
    let best = -1
    let bestDistance = Number.POSITIVE_INFINITY
    for (let i = 0, probe = hash; i < PROBES; i++, probe = rehash(probe)) {
      const at = this.#firstOpenFrom(this.#firstAfter(probe))
      const distance = this.#ringPoints[at]! - probe
      const weighted = (distance >= 0 ? distance : distance + CIRCLE) / this.#ring[at]!.node.weight
      if (weighted >= bestDistance) continue
      bestDistance = weighted
      best = at
    }
    return best
  }

  // On from there, the first that is not busier than its share allows: there always is one, as the mean is below.
  #withRoom(from: number): Node {
    const allowed = ((this.#inHand + 1) * MOST_OF_SHARE) / this.#openWeight
    let at = from
    for (let steps = 0; steps < this.#ring.length; steps++) {
      const node = this.#ring[at]!.node
      if (node.inHand < Math.ceil(allowed * node.weight)) return node
      at = this.#firstOpenFrom(at + 1)
    }
    return this.#ring[from]!.node
  }

  #firstAfter(point: number): number {
    const points = this.#ringPoints
    let at = this.#starts[Math.floor((point / CIRCLE) * (this.#starts.length - 1))]!
    while (at < points.length && points[at]! < point) at++
    return at
  }

  // Goes on past seats that closed since the ring was made, round the circle. At least one is open.
  #firstOpenFrom(from: number): number {
    const ring = this.#ring
    let at = from < ring.length ? from : 0
    while (this.#counted[ring[at]!.place]! < 0) at = at + 1 < ring.length ? at + 1 : 0
    return at
  }

  #makeRing(): void {
    this.#ring = this.#inOrder.filter(seat => this.#counted[seat.place]! >= 0)
    this.#ringPoints = this.#points.filter((_, i) => this.#counted[this.#inOrder[i]!.place]! >= 0)
    this.#isOnRing.fill(0)
    for (const seat of this.#ring) this.#isOnRing[seat.place] = 1
    this.#isCurrent = true
    const parts = this.#ring.length
    this.#starts = new Int32Array(parts + 1)
    for (let part = 0, at = 0; part <= parts; part++) {
      while (at < parts && this.#ringPoints[at]! < (part / parts) * CIRCLE) at++
      this.#starts[part] = at
    }
  }
}

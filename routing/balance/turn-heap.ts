// routing/balance/turn-heap.ts: smooth weighted turns over many nodes, in a time that does not grow with them.
// In a round of length 1, a node of weight w has w turns, each a window of length 1/w. Of the windows that are open, the
// one that closes first is taken (worst-case fair queueing, WF2Q+). So at any moment a node had less than one turn more
// or less than its share: turns neither come in runs nor fall behind.
//
// Nodes of one weight have their turns one after the other: they stand in a line, and only the first of each line is
// looked at. So a pick costs a few steps per bit of the number of weights, not of nodes, and of ten thousand cold nodes
// it touches but the one it takes.

import { Heap } from '../heap.ts'
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'
import { TurnLine } from './turn-line.ts'

/** Turns that one pick lets pass because their nodes start slowly; when all do, nobody gains by waiting. */
const MOST_SKIPS = 8
/** Rounds after which time begins anew: a double would lose its fine end. */
const MOST_ROUNDS = 2 ** 16
/** Sums of fractions: what is this near is now. Weights are far below a million. */
const NEAR = 1e-7

export class TurnHeap implements Balance {
  readonly #seats: readonly Seat[]
  readonly #nodes: readonly Node[]
  // By place of the seat. One that closed keeps its place in the line until its turn comes.
  readonly #isOpen: Uint8Array
  readonly #isInLine: Uint8Array
  readonly #lineOf: readonly TurnLine[]
  readonly #waiting = new Heap<TurnLine>() // lines by the opening of the first window
  readonly #due = new Heap<TurnLine>() // those whose first window is open, by its end
  #weight = 0 // of the open seats
  #time = 0 // in rounds

  /** @param before whose turns go on; null: all begin anew */
  constructor(seats: readonly Seat[], before: TurnHeap | null = null) {
    this.#seats = seats
    this.#nodes = seats.map(seat => seat.node)
    this.#isOpen = new Uint8Array(seats.length)
    this.#isInLine = new Uint8Array(seats.length)
    this.#lineOf = linesOf(this.#nodes)
    if (before !== null) this.#time = before.#leave()
    for (const seat of seats) seat.turn = before === null ? 0 : Math.max(seat.turn, this.#time)
    const open = seats.filter(seat => seat.standing === 'open')
    for (const seat of open.sort((a, b) => a.turn - b.turn)) this.add(seat)
  }

  // A seat that was away does not make up for the turns it missed. It comes first or last in its line, as nobody looks
  // for a place in the middle; last is at most one turn behind the first, whatever it was told before its weight grew.
  add(seat: Seat): void {
    const { place } = seat
    const line = this.#lineOf[place]!
    this.#weight += line.weight
    this.#isOpen[place] = 1
    if (this.#isInLine[place] === 1) return
    this.#isInLine[place] = 1
    const turn = Math.max(seat.turn, this.#time)
    if (line.isEmpty) line.push(place, Math.min(turn, this.#time + line.step))
    else if (turn > line.turn || turn >= line.lastTurn) {
      return line.push(place, Math.max(line.lastTurn, Math.min(turn, line.turn + line.step)))
    } else {
      ;(line.isDue ? this.#due : this.#waiting).remove(line)
      line.unshift(place, turn)
    }
    this.#wait(line)
  }

  remove({ place }: Seat): void {
    this.#isOpen[place] = 0
    this.#weight -= this.#lineOf[place]!.weight
  }

  loaded(): void {}

  pick(now: number): Node | null {
    if (this.#time > MOST_ROUNDS) this.#beginAnew()
    for (let skips = 0; ; skips++) {
      const line = this.#next()
      if (line === null) return null
      const { place } = line
      line.pass()
      this.#wait(line)
      this.#time += 1 / this.#weight
      if (skips === MOST_SKIPS || this.#takesTurn(place, now)) return this.#nodes[place]!
    }
  }

  // Takes the line out whose first has its turn. A window opens for each that is taken, so the loops run once in the mean.
  #next(): TurnLine | null {
    const waiting = this.#waiting
    const due = this.#due
    for (;;) {
      if (due.top === null && waiting.topKey > this.#time) {
        if (waiting.top === null) return null
        this.#time = waiting.topKey
      }
      while (waiting.topKey <= this.#time + NEAR) {
        const line = waiting.top!
        waiting.remove(line)
        line.isDue = true
        due.add(line, line.turn + line.step)
      }
      const line = due.top!
      due.remove(line)
      if (this.#isOpen[line.place] === 1) return line
      this.#passOver(line)
    }
  }

  // Each seat that closed is met once, however many of them there are.
  #passOver(line: TurnLine): void {
    while (!line.isEmpty && this.#isOpen[line.place] === 0) {
      this.#isInLine[line.place] = 0
      this.#seats[line.place]!.turn = line.turn
      line.shift()
    }
    if (!line.isEmpty) this.#wait(line)
  }

  #wait(line: TurnLine): void {
    line.isDue = false
    line.order = line.place
    this.#waiting.add(line, line.turn)
  }

  // A node that starts slowly takes every tenth of its turns, then every ninth, …
  #takesTurn(place: number, now: number): boolean {
    const node = this.#nodes[place]!
    if (node.slowStartMs === 0) return true
    const share = node.shareAt(now)
    if (share >= 1) return true
    const seat = this.#seats[place]!
    seat.credit += share
    if (seat.credit < 1) return false
    seat.credit -= 1
    return true
  }

  #beginAnew(): void {
    for (const seat of this.#seats) seat.turn -= this.#time
    for (const line of new Set(this.#lineOf)) line.lower(this.#time)
    this.#waiting.lower(this.#time)
    this.#due.lower(this.#time)
    this.#time = 0
  }

  // What comes after it has the seats in other places, and maybe other lines. @returns the time
  #leave(): number {
    for (const line of new Set(this.#lineOf))
      line.forEach((place, turn) => {
        this.#seats[place]!.turn = turn
      })
    return this.#time
  }
}

// lines[i] is that of nodes[i].
function linesOf(nodes: readonly Node[]): TurnLine[] {
  const counts = new Map<number, number>()
  for (const { weight } of nodes) counts.set(weight, (counts.get(weight) ?? 0) + 1)
  const lines = new Map<number, TurnLine>()
  for (const [weight, count] of counts) lines.set(weight, new TurnLine(weight, count))
  return nodes.map(({ weight }) => lines.get(weight)!)
}

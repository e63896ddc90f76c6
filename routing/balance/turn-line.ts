// routing/balance/turn-line.ts: places of one weight, in the order of their turns: who has had a turn goes to the end.
// A ring: its memory is walked in order, whatever its length.
import type { Heaped } from '../heap.ts'

export class TurnLine implements Heaped {
  heapAt = 0
  heapKey = 0
  order = 0
  /** The window of its first was seen to be open. */
  isDue = false
  readonly weight: number
  /** From one turn of a place to its next, in rounds. */
  readonly step: number
  readonly #places: Int32Array
  readonly #turns: Float64Array // turns[i] is when the window of places[i] opens
  #first = 0
  #size = 0

  /** @param most places that it may hold */
  constructor(weight: number, most: number) {
    this.weight = weight
    this.step = 1 / weight
    this.#places = new Int32Array(most)
    this.#turns = new Float64Array(most)
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** The first. Not of an empty line, nor are the next two. */
  get place(): number {
    return this.#places[this.#first]!
  }

  /** When its window opens. */
  get turn(): number {
    return this.#turns[this.#first]!
  }

  /** When that of the last opens. */
  get lastTurn(): number {
    return this.#turns[this.#at(this.#size - 1)]!
  }

  /** @param turn not before that of the last */
  push(place: number, turn: number): void {
    const at = this.#at(this.#size++)
    this.#places[at] = place
    this.#turns[at] = turn
  }

  /** @param turn not behind that of the first */
  unshift(place: number, turn: number): void {
    this.#first = this.#at(this.#places.length - 1)
    this.#size++
    this.#places[this.#first] = place
    this.#turns[this.#first] = turn
  }

  shift(): void {
    this.#first = this.#at(1)
    this.#size--
  }

  /** The first had its turn, and becomes the last. */
  pass(): void {
    const { place, turn } = this
    const next = Math.max(turn + this.step, this.lastTurn)
    this.shift()
    this.push(place, next)
  }

  /** Tells each place and its turn, from the first to the last. */
  forEach(tell: (place: number, turn: number) => void): void {
    for (let i = 0; i < this.#size; i++) tell(this.#places[this.#at(i)]!, this.#turns[this.#at(i)]!)
  }

  /** Takes the same from every turn. */
  lower(by: number): void {
    for (let i = 0; i < this.#turns.length; i++) this.#turns[i]! -= by
  }

  #at(i: number): number {
    const at = this.#first + i
    return at < this.#places.length ? at : at - this.#places.length
  }
}

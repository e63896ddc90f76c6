// routing/balance/least-tree.ts: numbers by place, and the first place whose number is below a bound.
// A tournament: node i of the tree holds the least of nodes 2i and 2i + 1; the numbers are its leaves.

export class LeastTree {
  readonly #least: Float64Array
  readonly #leaves: number // a power of two

  constructor(values: Float64Array) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, values.length)))
    this.#least = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY)
    this.#least.set(values, this.#leaves)
    for (let i = this.#leaves - 1; i > 0; i--) this.#join(i)
  }

  /** Infinity when there is none. */
  get least(): number {
    return this.#least[1]!
  }

  at(place: number): number {
    return this.#least[this.#leaves + place]!
  }

  set(place: number, value: number): void {
    let i = this.#leaves + place
    if (this.#least[i] === value) return
    this.#least[i] = value
    for (i >>= 1; i > 0; i >>= 1) this.#join(i)
  }

  /** @returns the first place at or after `from` whose number is at most `bound`; -1 for none */
  firstFrom(from: number, bound: number): number {
    let i = this.#leaves + from
    if (from >= this.#leaves) return -1
    while (this.#least[i]! > bound) {
      while ((i & 1) === 1) i >>= 1 // no brother to the right
      if (i === 0) return -1
      i++
    }
    while (i < this.#leaves) {
      i *= 2
      if (this.#least[i]! > bound) i++
    }
    return i - this.#leaves
  }

  /** @returns the last place before `end` whose number is at most `bound`; -1 for none */
  lastBefore(end: number, bound: number): number {
    if (end <= 0) return -1
    let i = this.#leaves + end - 1
    while (this.#least[i]! > bound) {
      while ((i & 1) === 0) i >>= 1 // no brother to the left
      if (i === 1) return -1
      i--
    }
    while (i < this.#leaves) {
      i = 2 * i + 1
      if (this.#least[i]! > bound) i--
    }
    return i - this.#leaves
  }

  #join(i: number): void {
    const left = this.#least[2 * i]!
    const right = this.#least[2 * i + 1]!
    this.#least[i] = left < right ? left : right
  }
}

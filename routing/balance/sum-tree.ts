// routing/balance/sum-tree.ts: numbers by place, and the place where their running sum passes a value.
// A Fenwick tree: sums[i] is the sum of the last (i & -i) numbers up to i, so both ways cost a step per bit of the size.

export class SumTree {
  readonly #values: Float64Array
  readonly #sums: Float64Array // from 1
  readonly #half: number // the greatest power of two that is not above the size
  #total = 0
  /** The sum of the numbers before the place that placeOf found last. */
  sumBefore = 0

  /** @param values none negative; copied */
  constructor(values: Float64Array) {
    const size = values.length
    this.#values = values.slice()
    this.#sums = new Float64Array(size + 1)
    this.#half = size === 0 ? 0 : 2 ** Math.floor(Math.log2(size))
    for (let i = 1; i <= size; i++) {
      this.#sums[i]! += values[i - 1]!
      this.#total += values[i - 1]!
      const above = i + (i & -i)
      if (above <= size) this.#sums[above]! += this.#sums[i]!
    }
  }

  get total(): number {
    return this.#total
  }

  at(place: number): number {
    return this.#values[place]!
  }

  set(place: number, value: number): void {
    const change = value - this.#values[place]!
    if (change === 0) return
    this.#values[place] = value
    this.#total += change
    for (let i = place + 1; i < this.#sums.length; i += i & -i) this.#sums[i]! += change
  }

  /**
   * @param sum 0 or more, below the total
   * @returns the first place up to which the numbers add up to more than `sum`
   */
  placeOf(sum: number): number {
    let rest = sum
    let place = 0
    for (let step = this.#half; step > 0; step >>= 1) {
      const next = place + step
      if (next >= this.#sums.length || this.#sums[next]! > rest) continue
      rest -= this.#sums[next]!
      place = next
    }
    this.sumBefore = sum - rest
    return place
  }
}

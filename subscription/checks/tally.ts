// subscription/checks/tally.ts: successes and failures of one node in a row, and what they make of it.

export interface Thresholds {
  readonly rise: number
  readonly fall: number
}

export class Tally {
  /** Until it fails often enough, a node is well: it was proven before, or the config says that it is there. */
  isWell = true
  #inARow = 0 // of outcomes that speak against isWell

  /** @returns whether it made the node well or unwell */
  count(isSuccess: boolean, { rise, fall }: Thresholds): boolean {
    if (isSuccess === this.isWell) {
      this.#inARow = 0
      return false
    }
    if (++this.#inARow < (this.isWell ? fall : rise)) return false
    this.isWell = isSuccess
    this.#inARow = 0
    return true
  }
}

// routing/balance/round-robin.ts: smooth weighted turns over one backend.
import type { Node } from '../node.ts'

/** Gives nodes turns by weight, without bursts (2 and 1: a b a). Built when the table changes. */
export class RoundRobin {
  readonly #nodes: readonly Node[]
  readonly #credit: Int32Array // credit[i] belongs to nodes[i]; the sum is 0 between picks

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes
    this.#credit = new Int32Array(nodes.length)
  }

  /**
   * Once per try; allocates nothing.
   *
   * @param now milliseconds, in the clock that nodes rest by
   * @param tried nodes not to pick again, null for none
   * @returns null when no node is available
   */
  pick(now: number, tried: readonly Node[] | null): Node | null {
    const nodes = this.#nodes
    const credit = this.#credit
    if (nodes.length === 1 && tried === null) return nodes[0]!.isAvailable(now) ? nodes[0]! : null
    let best = -1
    let total = 0
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      if (!node.isAvailable(now) || tried?.includes(node)) continue
      total += node.weight
      credit[i]! += node.weight
      if (best < 0 || credit[i]! > credit[best]!) best = i
    }
    if (best < 0) return null
    credit[best]! -= total
    return nodes[best]!
  }
}

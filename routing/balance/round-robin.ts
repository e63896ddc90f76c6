// routing/balance/round-robin.ts: smooth weighted turns over a few nodes, by looking at each of them.
import type { Node } from '../node.ts'
import type { Balance } from './balance.ts'

/**
 * Gives nodes turns by weight, without bursts (2 and 1: a b a). Costs a few nanoseconds a node: many are better served by
 * {@link TurnHeap}. Asks the nodes themselves at each pick, so it need not be told of changes.
 */
export class RoundRobin implements Balance {
  readonly #nodes: readonly Node[]
  readonly #credit: Float64Array // credit[i] belongs to nodes[i]; while none joins or leaves, the sum is 0 between picks

  /** @param before whose credits go on: without them, whoever is first would be first after each change */
  constructor(nodes: readonly Node[], before: RoundRobin | null = null) {
    this.#nodes = nodes
    this.#credit = new Float64Array(nodes.length)
    for (let i = 0; i < nodes.length; i++) this.#credit[i] = before?.creditOf(nodes[i]!) ?? 0
  }

  /** 0 for a node that is not among them. */
  creditOf(node: Node): number {
    return this.#credit[this.#nodes.indexOf(node)] ?? 0
  }

  add(): void {}
  remove(): void {}
  loaded(): void {}

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
    if (nodes.length === 1 && tried === null) return isOpen(nodes[0]!, now) ? nodes[0]! : null
    let best = -1
    let total = 0
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      if (!isOpen(node, now) || tried?.includes(node)) continue
      const weight = node.slowStartMs === 0 ? node.weight : node.weight * node.shareAt(now)
      total += weight
      credit[i]! += weight
      if (best < 0 || credit[i]! > credit[best]!) best = i
    }
    if (best < 0) return null
    credit[best]! -= total
    return nodes[best]!
  }
}

function isOpen(node: Node, now: number): boolean {
  return node.isAvailable(now) && !node.isFull
}

// routing/backend.ts: the group of nodes that serves one key, and which of them is next.
import { RoundRobin } from './balance/round-robin.ts'
import type { Node } from './node.ts'

export class Backend {
  readonly nodes: readonly Node[]
  readonly fallback: readonly Node[]
  readonly #turns: RoundRobin
  readonly #fallbackTurns: RoundRobin

  /** @param fallback nodes tried once none of `nodes` is left */
  constructor(nodes: readonly Node[], fallback: readonly Node[]) {
    this.nodes = nodes
    this.fallback = fallback
    this.#turns = new RoundRobin(nodes)
    this.#fallbackTurns = new RoundRobin(fallback)
  }

  /**
   * Picks the node for one try: an available one in turn, else an available fallback, else of the resting ones that
   * whose rest ends first. The last is why a backend of one node serves again as soon as that node does.
   *
   * @param tried nodes that this exchange tried already, null for none
   * @returns null when nothing is left to try
   */
  pick(now: number, tried: readonly Node[] | null): Node | null {
    return this.#turns.pick(now, tried) ?? this.#fallbackTurns.pick(now, tried) ?? this.#soonest(tried)
  }

  #soonest(tried: readonly Node[] | null): Node | null {
    let best: Node | null = null
    for (const node of [...this.nodes, ...this.fallback]) {
      if (node.state !== 'resting' || !node.isReachable || tried?.includes(node)) continue
      if (best === null || node.restsUntil < best.restsUntil) best = node
    }
    return best
  }
}

// gateway/upstream/pools.ts: the pools of all nodes. Each stands on its node: a look into a map of ten thousand costs a
// quarter of a microsecond, as neither the map nor the node is in a cache.
import type { Node } from '../../routing/node.ts'
import { NodePool, type Tally } from './pool.ts'

/** Looked at in one sweep: ten thousand would hold the loop for some milliseconds. What is too old is not used in any case. */
const MOST_SWEPT = 1_000

export class Pools {
  readonly #all = new Set<NodePool>()
  #toSweep = this.#all.values() // from where the last sweep ended
  readonly #tally: Tally
  #limit: number

  /** @param limit idle connections kept at most, of each node */
  constructor(limit: number, tally: Tally) {
    this.#limit = limit
    this.#tally = tally
  }

  setLimit(limit: number): void {
    this.#limit = limit
    for (const pool of this.#all) pool.limit = limit
  }

  of(node: Node): NodePool {
    return (node.connections as NodePool | null) ?? this.#make(node)
  }

  /** The node left: what it has in hand goes on, and nothing is kept. */
  forget(node: Node): void {
    const pool = node.connections as NodePool | null
    if (pool === null) return
    node.connections = null
    this.#all.delete(pool)
    pool.close()
  }

  /** Closes what was idle too long, of the pools whose turn it is. */
  sweep(now: number, most = MOST_SWEPT): void {
    for (let i = Math.min(most, this.#all.size); i > 0; i--) {
      let next = this.#toSweep.next()
      if (next.done) {
        this.#toSweep = this.#all.values()
        next = this.#toSweep.next()
      }
      next.value!.sweep(now)
    }
  }

  /** Closes a kept connection to a node, of the first that has one. @returns false when there is none */
  closeLongest(): boolean {
    for (const pool of this.#all) if (pool.closeLongest()) return true
    return false
  }

  /** Closes every idle connection, and keeps none any more. */
  close(): void {
    for (const pool of this.#all) pool.close()
  }

  // An exchange may still reach for a node that left.
  #make(node: Node): NodePool {
    const isCurrent = node.state === 'up' || node.state === 'resting'
    const pool = new NodePool(node, isCurrent ? this.#limit : 0, this.#tally)
    if (!isCurrent) return pool
    node.connections = pool
    this.#all.add(pool)
    return pool
  }
}

// master/totals.ts: what gateways counted, added up over all of them and over all reloads.
import type { CounterBatch, NodeRest } from '../base/messages.ts'
import type { Status } from './controls.ts'

interface NodeTotals {
  requests: number
  failures: number
  /** In the clock of {@link Totals}; 0: it does not rest. */
  restsUntil: number
}

export class Totals {
  readonly #now: () => number
  readonly #open = new Map<number, number>() // connections of each gateway, by pid
  readonly #nodes = new Map<string, NodeTotals>()
  #accepted = 0
  #requests = 0
  #refused = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  add(pid: number, batch: CounterBatch): void {
    this.#open.set(pid, batch.connections)
    this.#accepted += batch.accepted
    this.#requests += batch.requests
    this.#refused += batch.refused
    for (const { name, requests, failures, restsMs } of batch.nodes) {
      const node = this.#nodes.get(name) ?? { requests: 0, failures: 0, restsUntil: 0 }
      node.requests += requests
      node.failures += failures
      node.restsUntil = restsMs === 0 ? 0 : this.#now() + restsMs
      this.#nodes.set(name, node)
    }
  }

  /** A gateway ended: what it counted stays. */
  gone(pid: number): void {
    this.#open.delete(pid)
  }

  /** Nodes that left the config are forgotten, so that names which come and go do not pile up. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#nodes.keys()) if (!names.has(name)) this.#nodes.delete(name)
  }

  connectionsOf(pid: number): number {
    return this.#open.get(pid) ?? 0
  }

  /** For gateways that start. */
  rests(): NodeRest[] {
    const now = this.#now()
    return [...this.#nodes].flatMap(([name, { restsUntil }]) => {
      return restsUntil > now ? [{ name, ms: restsUntil - now }] : []
    })
  }

  get counters(): Status['counters'] {
    const connections = [...this.#open.values()].reduce((sum, open) => sum + open, 0)
    return { connections, accepted: this.#accepted, requests: this.#requests, refused: this.#refused }
  }

  /** @param names all nodes of the config, also those that nothing was counted of yet */
  nodes(names: Iterable<string>): Status['nodes'] {
    const now = this.#now()
    return [...new Set(names)].map(name => {
      const { requests, failures, restsUntil } = this.#nodes.get(name) ?? NOTHING
      return { name, requests, failures, isResting: restsUntil > now }
    })
  }
}

const NOTHING: NodeTotals = { requests: 0, failures: 0, restsUntil: 0 }

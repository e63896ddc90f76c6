// master/totals.ts: what gateways counted, added up over all of them and over all reloads.
import type { CounterBatch, NodeCounters, NodeRest } from '../base/messages.ts'
import type { Status } from './controls.ts'
import { Recent } from './recent.ts'

/** What is known of one node. Times are of the clock of {@link Totals}, in milliseconds. */
export interface NodeTotal {
  readonly requests: number
  readonly failures: number
  /** Bytes from the node, and to it. */
  readonly tx: number
  readonly rx: number
  /** Exchanges that it has now, in gateways that live. */
  readonly inHand: number
  /** How long answers lately took to begin: mean of the gateways that saw some; 0: none did. */
  readonly latencyMs: number
  /** Requests of the last minute. */
  readonly lastMinute: number
  /** Of its last rest in any gateway; 0: it never rested. The rest goes on while `restsUntil` is to come. */
  readonly restsSince: number
  readonly restsUntil: number
  /** Why it rests, or rested last; '' when nobody said. */
  readonly cause: string
  /** Since when there is such a node; 0: nobody said that there is. */
  readonly since: number
}

/** What one gateway said last of a node. */
interface Seen {
  inHand: number
  latencyMs: number
}

interface Counted {
  requests: number
  failures: number
  tx: number
  rx: number
  restsSince: number
  restsUntil: number
  cause: string
  /** The gateway that knows of the rest. */
  restsIn: number
  readonly seen: Map<number, Seen>
  readonly recent: Recent
}

export class Totals {
  readonly #now: () => number
  readonly #open = new Map<number, number>() // connections of each gateway, by pid
  readonly #nodes = new Map<string, Counted>()
  readonly #hits = new Map<string, number>()
  readonly #since = new Map<string, number>() // when each node came, by name
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
    for (const { key, hits } of batch.hits) this.#hits.set(key, this.hits(key) + hits)
    for (const counters of batch.nodes) this.#count(pid, counters)
  }

  /** A gateway ended: what it counted stays, what it had in hand is gone. Its rests stay, for the one that follows it. */
  gone(pid: number): void {
    this.#open.delete(pid)
    for (const { seen } of this.#nodes.values()) seen.delete(pid)
  }

  /** All there are from now on. Nodes that left, and keys that no node has any more, are forgotten, so that names which come and go do not pile up. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#nodes.keys()) if (!names.has(name)) this.#nodes.delete(name)
    for (const name of this.#since.keys()) if (!names.has(name)) this.#since.delete(name)
    const now = this.#now()
    for (const name of names) if (!this.#since.has(name)) this.#since.set(name, now)
    const keys = new Set(['', ...[...names].map(keyOf)])
    for (const key of this.#hits.keys()) if (!keys.has(key)) this.#hits.delete(key)
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

  /** @param name as in messages; a node that nothing was counted of yet has zeros */
  node(name: string): NodeTotal {
    const since = this.#since.get(name) ?? 0
    const counted = this.#nodes.get(name)
    if (counted === undefined) return { ...NOTHING, since }
    const { requests, failures, tx, rx, restsSince, restsUntil, cause, seen, recent } = counted
    const all = [...seen.values()]
    const latencies = all.map(({ latencyMs }) => latencyMs).filter(ms => ms > 0)
    return {
      requests,
      failures,
      tx,
      rx,
      inHand: sum(all.map(({ inHand }) => inHand)),
      latencyMs: latencies.length === 0 ? 0 : sum(latencies) / latencies.length,
      lastMinute: recent.within(60_000, this.#now()),
      restsSince,
      restsUntil,
      cause,
      since,
    }
  }

  /** Requests that a node had in the last `ms`, a minute at most; to the second. */
  requestsWithin(name: string, ms: number): number {
    return this.#nodes.get(name)?.recent.within(ms, this.#now()) ?? 0
  }

  /** Look-ups that found the key; of http-to: ''. */
  hits(key: string): number {
    return this.#hits.get(key) ?? 0
  }

  #count(pid: number, counters: NodeCounters): void {
    const now = this.#now()
    const node = this.#nodes.get(counters.name) ?? fresh()
    node.requests += counters.requests
    node.failures += counters.failures
    node.tx += counters.tx
    node.rx += counters.rx
    if (counters.requests > 0) node.recent.add(counters.requests, now)
    node.seen.set(pid, { inHand: counters.inHand, latencyMs: counters.latencyMs })
    rest(node, pid, counters, now)
    this.#nodes.set(counters.name, node)
  }
}

// Each gateway rests a node by what it saw itself: that another one goes on with it ends no rest.
function rest(node: Counted, pid: number, { restsMs, cause }: NodeCounters, now: number): void {
  if (restsMs > 0) {
    if (node.restsUntil <= now) node.restsSince = now
    node.restsUntil = now + restsMs
    node.restsIn = pid
    node.cause = cause
  } else if (node.restsIn === pid && node.restsUntil > now) {
    node.restsUntil = now
  }
}

function fresh(): Counted {
  return { ...NOTHING, restsIn: 0, seen: new Map(), recent: new Recent() }
}

// "shop.example http://10.0.0.1:80"; those of http-to have no key.
function keyOf(name: string): string {
  const blank = name.indexOf(' ')
  return blank < 0 ? '' : name.slice(0, blank)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0)
}

const NOTHING: NodeTotal = Object.freeze({
  requests: 0,
  failures: 0,
  tx: 0,
  rx: 0,
  inHand: 0,
  latencyMs: 0,
  lastMinute: 0,
  restsSince: 0,
  restsUntil: 0,
  cause: '',
  since: 0,
})

// gateway/counters.ts: what happened in this gateway since the master was last told. Counting is adding to integers that
// stand on objects which are there anyway; a few times a second the sums are gathered and sent, of those only that were
// in use since: ten thousand idle nodes cost nothing. Of thousands in use each is told less often: that is dearer than counting.
import type { CounterBatch, NodeCounters } from '../base/messages.ts'
import type { Backend } from '../routing/backend.ts'
import type { Node } from '../routing/node.ts'

const QUIET_MS = 250
// Nodes, and keys, of one batch: what does not hold the loop. Ten thousand busy nodes are told every 2.5 seconds each.
const MOST_AT_ONCE = 1_000

export class Counters {
  accepted = 0
  requests = 0
  refused = 0
  readonly #send: (batch: CounterBatch) => void
  #connections = 0 // as told
  #toldAt = 0
  // Which are to be looked at: in use since they were told, with exchanges in hand, or resting.
  #nodes: Node[] = []
  #backends: Backend[] = []

  constructor(send: (batch: CounterBatch) => void) {
    this.#send = send
  }

  /** Something of the node begins to count. Once is enough while it has exchanges in hand or rests. */
  note(node: Node): void {
    if (node.isOnNews) return
    node.isOnNews = true
    this.#nodes.push(node)
  }

  /** A look-up found it. */
  hit(backend: Backend): void {
    backend.hits++
    if (backend.isOnNews) return
    backend.isOnNews = true
    this.#backends.push(backend)
  }

  /** Called at each tick. @param now milliseconds, the clock of the nodes' rests */
  tick(now: number, connections: number): void {
    if (now - this.#toldAt >= QUIET_MS) this.#tell(now, connections, MOST_AT_ONCE)
  }

  /** Tells all that is new, if anything is. */
  tell(now: number, connections: number): void {
    this.#tell(now, connections, Number.POSITIVE_INFINITY)
  }

  #tell(now: number, connections: number, most: number): void {
    this.#toldAt = now
    const news = this.#newsOfNodes(now, most)
    const hits = this.#newsOfKeys(most)
    const { accepted, requests, refused } = this
    const isNothing = news.length + hits.length + accepted + requests + refused === 0
    if (isNothing && connections === this.#connections) return
    this.#connections = connections
    this.accepted = this.requests = this.refused = 0
    this.#send({ connections, accepted, requests, refused, nodes: news, hits })
  }

  // Those that stay go behind those that were not looked at.
  #newsOfNodes(now: number, most: number): CounterBatch['nodes'] {
    const news: NodeCounters[] = []
    const looked = this.#nodes
    this.#nodes = looked.splice(most)
    for (const node of looked) {
      const until = node.restsAt(now) ? node.restsUntil : 0
      if (node.requests + node.failures > 0 || until !== node.restTold || node.inHand !== node.inHandTold)
        news.push(newsOf(node, until, now))
      node.isOnNews = node.inHand > 0 || until > 0
      if (node.isOnNews) this.#nodes.push(node)
    }
    return news
  }

  #newsOfKeys(most: number): CounterBatch['hits'] {
    const looked = this.#backends
    if (looked.length === 0) return []
    this.#backends = looked.splice(most)
    const news = looked.map(({ key, hits }) => ({ key, hits }))
    for (const backend of looked) {
      backend.hits = 0
      backend.isOnNews = false
    }
    return news
  }
}

function newsOf(node: Node, until: number, now: number): NodeCounters {
  const { name, requests, failures, tx, rx, inHand } = node
  const restsMs = until === 0 ? 0 : Math.ceil(until - now)
  node.requests = node.failures = node.tx = node.rx = 0
  node.restTold = until
  node.inHandTold = inHand
  return {
    name,
    requests,
    failures,
    restsMs,
    cause: until === 0 ? '' : node.cause,
    tx,
    rx,
    inHand,
    latencyMs: node.latency.at(now),
  }
}

// gateway/counters.ts: what happened in this gateway since the master was last told. Counting is adding to integers that
// stand on objects which are there anyway; a few times a second the sums are gathered and sent, of those only that were
// in use since: ten thousand idle nodes cost nothing.
import type { CounterBatch, NodeCounters } from '../base/messages.ts'
import type { Backend } from '../routing/backend.ts'
import type { Node } from '../routing/node.ts'

const QUIET_MS = 250

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
    if (now - this.#toldAt >= QUIET_MS) this.tell(now, connections)
  }

  /** Tells what is new, if anything is. */
  tell(now: number, connections: number): void {
    this.#toldAt = now
    const news = this.#newsOfNodes(now)
    const hits = this.#newsOfKeys()
    const { accepted, requests, refused } = this
    const isNothing = news.length + hits.length + accepted + requests + refused === 0
    if (isNothing && connections === this.#connections) return
    this.#connections = connections
    this.accepted = this.requests = this.refused = 0
    this.#send({ connections, accepted, requests, refused, nodes: news, hits })
  }

  #newsOfNodes(now: number): CounterBatch['nodes'] {
    const news: NodeCounters[] = []
    const staying: Node[] = []
    for (const node of this.#nodes) {
      const until = node.restsAt(now) ? node.restsUntil : 0
      if (node.requests + node.failures > 0 || until !== node.restTold || node.inHand !== node.inHandTold)
        news.push(newsOf(node, until, now))
      node.isOnNews = node.inHand > 0 || until > 0
      if (node.isOnNews) staying.push(node)
    }
    this.#nodes = staying
    return news
  }

  #newsOfKeys(): CounterBatch['hits'] {
    if (this.#backends.length === 0) return []
    const news = this.#backends.map(({ key, hits }) => ({ key, hits }))
    for (const backend of this.#backends) {
      backend.hits = 0
      backend.isOnNews = false
    }
    this.#backends = []
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

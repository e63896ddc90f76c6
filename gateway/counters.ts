// gateway/counters.ts: what happened in this gateway since the master was last told. Counting is adding to integers that
// stand on objects which are there anyway; a few times a second the sums are gathered and sent.
import type { CounterBatch } from '../base/messages.ts'
import type { Node } from '../routing/node.ts'

const QUIET_MS = 250

export class Counters {
  accepted = 0
  requests = 0
  refused = 0
  readonly #send: (batch: CounterBatch) => void
  #connections = 0 // as told
  #toldAt = 0

  constructor(send: (batch: CounterBatch) => void) {
    this.#send = send
  }

  /** Called at each tick. @param now milliseconds, the clock of the nodes' rests */
  tick(now: number, connections: number, nodes: Iterable<Node>): void {
    if (now - this.#toldAt >= QUIET_MS) this.tell(now, connections, nodes)
  }

  /** Tells what is new, if anything is. */
  tell(now: number, connections: number, nodes: Iterable<Node>): void {
    this.#toldAt = now
    const news = newsOf(nodes, now)
    const { accepted, requests, refused } = this
    if (news.length + accepted + requests + refused === 0 && connections === this.#connections) return
    this.#connections = connections
    this.accepted = this.requests = this.refused = 0
    this.#send({ connections, accepted, requests, refused, nodes: news, hits: [] })
  }
}

function newsOf(nodes: Iterable<Node>, now: number): CounterBatch['nodes'] {
  const news: CounterBatch['nodes'][number][] = []
  for (const node of nodes) {
    const until = node.restsAt(now) ? node.restsUntil : 0
    const { name, requests, failures } = node
    if (requests + failures === 0 && until === node.restTold) continue
    const restsMs = until === 0 ? 0 : Math.ceil(until - now)
    const latencyMs = node.latency.at(now)
    news.push({ name, requests, failures, restsMs, cause: '', tx: 0, rx: 0, inHand: node.inHand, latencyMs })
    node.requests = node.failures = 0
    node.restTold = until
  }
  return news
}

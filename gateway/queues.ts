// gateway/queues.ts: the exchanges that wait because every node of their backend has all it may have.
import { type Backend, FULL } from '../routing/backend.ts'
import type { Node } from '../routing/node.ts'
import { type Waiting, WaitingQueue } from '../routing/queue.ts'
import { guard } from './boundary.ts'

/** An exchange, as its queue sees it. */
export interface Queued extends Waiting {
  /** Asks for a node anew. */
  pick(now: number): Node | typeof FULL | null
  /** It left the queue, and this is its node; null: there is none any more. */
  proceed(node: Node | null): void
  /** It left the queue, as it waited too long. */
  giveUp(): void
  abandon(): void
}

export class Queues {
  readonly #backends = new Set<Backend>() // those for which somebody waits
  #served: Backend | null = null // whose queue is being worked through

  /** @returns false when too many wait already, or nobody may */
  join(backend: Backend, entry: Queued, now: number): boolean {
    const { queueLength, queueMs } = backend.rules
    if (queueLength === 0) return false
    backend.queue ??= new WaitingQueue(queueLength, queueMs)
    backend.queue.mostLength = queueLength
    if (!backend.queue.join(entry, now)) return false
    this.#backends.add(backend)
    return true
  }

  /** Seconds after which a client may try again that could not wait, or not longer. */
  retryAfter(backend: Backend): number {
    return backend.queue?.retryAfter ?? 1
  }

  /** A node may have room: whoever waits longest has it. */
  serve(backend: Backend, now: number): void {
    const { queue } = backend
    if (queue === null || this.#served === backend) return // who left in between is seen by the loop that runs
    const outer = this.#served
    this.#served = backend
    for (;;) {
      const first = queue.first as Queued | null
      if (first === null) break
      const node = first.pick(now)
      if (node === FULL) break
      queue.leave(first)
      guard('queue', first, proceed, node)
    }
    this.#served = outer
    if (queue.length === 0) this.#backends.delete(backend)
  }

  /** Time went by: some waited too long, and some node may have recovered or joined. */
  tick(now: number): void {
    for (const backend of this.#backends) {
      const queue = backend.queue!
      queue.mostMs = backend.rules.queueMs
      for (;;) {
        const entry = queue.nextOverdue(now) as Queued | null
        if (entry === null) break
        guard('queue', entry, giveUp)
      }
      this.serve(backend, now)
    }
  }
}

const proceed = (entry: Queued, node: Node | null): void => entry.proceed(node)
const giveUp = (entry: Queued): void => entry.giveUp()

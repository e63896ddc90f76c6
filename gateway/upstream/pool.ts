// gateway/upstream/pool.ts: the kept connections of one http node; the one used last is taken first.
import type { Node } from '../../routing/node.ts'
import { UpstreamConnection, type UpstreamUser } from './connection.ts'

/** Nodes rarely keep an idle connection longer; those that say so (Keep-Alive: timeout=N) are believed. */
const IDLE_MS = 60_000
/** A request that must not be sent twice takes only a connection that was in use this recently. */
const FRESH_MS = 1_000

/** Counts the open connections to all nodes. */
export interface Tally {
  nodeConnections: number
  /** Whether the descriptors that are left are for others. */
  readonly isOut: boolean
}

/**
 * Thousands of pools have one connection each, and an exchange meets a pool that the processor's caches have forgotten:
 * so the connections are linked through themselves, and it looks at two objects.
 */
export class NodePool {
  readonly node: Node
  readonly tally: Tally
  /** Idle connections kept at most. */
  limit: number
  #idleLimitMs = IDLE_MS
  #idle = 0
  #last: UpstreamConnection | null = null // the others before it, down to the one that has been idle longest
  #first: UpstreamConnection | null = null

  constructor(node: Node, limit: number, tally: Tally) {
    this.node = node
    this.tally = tally
    this.limit = limit
  }

  /**
   * A connection for one exchange, kept or new.
   *
   * @param mayRepeat whether the request can be sent again when a kept connection turns out to be closed
   * @param fresh never a kept one
   * @returns null when there is no descriptor for a new one
   */
  take(user: UpstreamUser, now: number, mayRepeat: boolean, fresh: boolean): UpstreamConnection | null {
    if (!fresh) {
      const oldest = now - (mayRepeat ? this.#idleLimitMs : Math.min(FRESH_MS, this.#idleLimitMs))
      const kept = this.#last
      if (kept !== null && kept.idleSince >= oldest) {
        this.forget(kept)
        kept.user = user
        kept.received = 0
        return kept
      }
    }
    return this.tally.isOut ? null : new UpstreamConnection(this.node, this, user)
  }

  put(connection: UpstreamConnection): void {
    connection.isReused = true
    if (this.limit === 0) return connection.close()
    // The oldest gives way: were it the new one, a full pool would stay too stale for requests that must not be repeated.
    if (this.#idle >= this.limit) this.closeLongest()
    const before = this.#last
    this.#last = connection
    if (before === null) this.#first = connection
    else {
      before.idleNext = connection
      connection.idlePrevious = before
    }
    connection.isIdle = true
    this.#idle++
  }

  /** Harmless when it is not idle. */
  forget(connection: UpstreamConnection): void {
    if (!connection.isIdle) return
    const { idleNext, idlePrevious } = connection
    if (idleNext === null) this.#last = idlePrevious
    else idleNext.idlePrevious = idlePrevious
    if (idlePrevious === null) this.#first = idleNext
    else idlePrevious.idleNext = idleNext
    connection.idleNext = connection.idlePrevious = null
    connection.isIdle = false
    this.#idle--
  }

  /** The node said how long it keeps idle connections; stay a second below. */
  learnTimeout(seconds: number): void {
    this.#idleLimitMs = Math.min(IDLE_MS, Math.max(500, seconds * 1000 - 1000))
  }

  /** Closes what was idle too long. */
  sweep(now: number): void {
    while (this.#first !== null && this.#first.idleSince < now - this.#idleLimitMs) this.closeLongest()
  }

  /** Closes the one that has been idle longest. @returns false when none is idle */
  closeLongest(): boolean {
    const longest = this.#first
    if (longest === null) return false
    this.forget(longest)
    longest.close()
    return true
  }

  /** Closes every idle connection, and keeps none any more: the node left the picture, or the process ends. */
  close(): void {
    this.limit = 0
    while (this.closeLongest());
  }
}

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

export class NodePool {
  readonly node: Node
  readonly tally: Tally
  readonly #idle: UpstreamConnection[] = []
  #idleLimitMs = IDLE_MS
  /** Idle connections kept at most. */
  limit: number

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
      const kept = this.#idle.at(-1)
      if (kept !== undefined && kept.idleSince >= oldest) {
        this.#idle.pop()
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
    if (this.#idle.length >= this.limit) this.closeLongest()
    this.#idle.push(connection)
  }

  forget(connection: UpstreamConnection): void {
    const i = this.#idle.indexOf(connection)
    if (i >= 0) this.#idle.splice(i, 1)
  }

  /** The node said how long it keeps idle connections; stay a second below. */
  learnTimeout(seconds: number): void {
    this.#idleLimitMs = Math.min(IDLE_MS, Math.max(500, seconds * 1000 - 1000))
  }

  /** Closes what was idle too long: the oldest stand first. */
  sweep(now: number): void {
    let old = 0
    while (old < this.#idle.length && this.#idle[old]!.idleSince < now - this.#idleLimitMs) old++
    if (old === 0) return // thousands of pools are looked at each second
    for (const connection of this.#idle.splice(0, old)) connection.close()
  }

  /** Closes the one that has been idle longest. @returns false when none is idle */
  closeLongest(): boolean {
    const longest = this.#idle.shift()
    longest?.close()
    return longest !== undefined
  }

  /** Closes every idle connection, and keeps none any more: the node left the picture, or the process ends. */
  close(): void {
    this.limit = 0
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}

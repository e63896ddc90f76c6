// gateway/upstream/connection.ts: one connection to a node, and whom it serves just now.
import type { Node } from '../../routing/node.ts'
import { connect } from '../node-socket.ts'
import { LOBBY_BYTES } from '../slabs.ts'
import type { Socket, SocketOwner } from '../socket.ts'
import type { NodePool } from './pool.ts'

/** The exchange a connection serves, as the connection sees it. */
export interface UpstreamUser {
  upstreamOpened(): void
  /** bytes[start, end) hold during the call only. */
  upstreamData(bytes: Buffer, start: number, end: number): void
  /** The node will send no more, and has no error to show. */
  upstreamEnded(): void
  /** @param code the system's error code, '' when the node just closed */
  upstreamLost(code: string): void
  upstreamFlushed(): void
}

export class UpstreamConnection implements SocketOwner {
  readonly node: Node
  /** The one of the node's addresses that was connected to; '' for a UNIX path. */
  readonly address: string
  readonly socket: Socket
  readonly #pool: NodePool
  user: UpstreamUser | null
  isOpen = false
  /** Served an exchange before: the node may be closing it at this very moment. */
  isReused = false
  /** Answer bytes of the exchange in hand. */
  received = 0
  /** When it became idle, in whole milliseconds of the wheel: V8 keeps a fraction in an object of its own. */
  idleSince = 0
  /** The pool's: it is among the idle ones, with those that became idle before and after it. */
  isIdle = false
  idleNext: UpstreamConnection | null = null
  idlePrevious: UpstreamConnection | null = null
  #isCounted = true

  constructor(node: Node, pool: NodePool, user: UpstreamUser) {
    this.node = node
    this.#pool = pool
    this.user = user
    this.address = node.address
    pool.tally.nodeConnections++
    this.socket = connect(node.endpoint, this.address, this)
  }

  onOpen(): void {
    this.isOpen = true
    if (this.user === null) this.close()
    else this.user.upstreamOpened()
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.user === null) return this.#drop() // nobody asked: never hand these bytes to the next exchange
    this.received += end - start
    this.user.upstreamData(bytes, start, end)
  }

  onEnd(): void {
    if (this.user === null) this.#drop()
    else this.user.upstreamEnded()
  }

  onClose(code: string): void {
    this.#discount()
    if (this.user === null) this.#drop()
    else this.user.upstreamLost(code)
  }

  onFlushed(): void {
    this.user?.upstreamFlushed()
  }

  /** The exchange is over. @param reusable the node keeps the connection and both messages were complete */
  release(reusable: boolean): void {
    this.user = null
    if (!reusable || this.socket.isDestroyed || this.socket.isDeaf) return this.close()
    if (this.received <= LOBBY_BYTES) this.socket.rest()
    this.#pool.put(this)
  }

  /** It serves nobody. */
  close(): void {
    this.#discount()
    this.socket.destroy()
  }

  #drop(): void {
    this.#pool.forget(this)
    this.close()
  }

  #discount(): void {
    if (this.#isCounted) this.#pool.tally.nodeConnections--
    this.#isCounted = false
  }
}

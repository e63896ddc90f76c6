// test/support/raw-node.ts: a node whose every byte is the test's own: it shows what came, and sends what it is told,
// how it is told. For HTTP and uwsgi, over TCP and UNIX sockets.
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Test, temporaryDirectory } from './tmp.ts'
import { decodePacket, packetEnd, type UwsgiPacket } from './uwsgi-packet.ts'

/** What a node does on one connection. Its reads reject with {@link PeerLeft} when the bytes do not come. */
export type Script = (connection: RawConnection, index: number) => Promise<void>

export interface RawNodeOptions {
  /** Default: 'tcp'. */
  readonly listen?: 'tcp' | 'unix'
  /** Runs for each connection. Default: nothing is done; the test drives what {@link RawNode.next} gives. */
  readonly script?: Script
}

export interface RawNode {
  /** For http-to, without the protocol: "127.0.0.1:40001" or "/tmp/…/node.sock". */
  readonly address: string
  /** All there ever were, in the order of their coming. */
  readonly connections: readonly RawConnection[]
  /** The next connection that was not given out yet; waits for it. */
  next(): Promise<RawConnection>
  /** Closes the listening socket and resets every connection. */
  stop(): Promise<void>
}

/** The other side closed or reset before the bytes came that a script waits for. */
export class PeerLeft extends Error {
  override readonly name = 'PeerLeft'
}

/** Starts a node; it stops with the test. */
export async function startRawNode(
  t: Test,
  { listen = 'tcp', script }: RawNodeOptions = {},
): Promise<RawNode> {
  const connections: RawConnection[] = []
  const waiting: (() => void)[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    const connection = new RawConnection(socket)
    connections.push(connection)
    for (const wake of waiting.splice(0)) wake()
    script?.(connection, connections.length - 1).catch((error: unknown) => {
      if (!(error instanceof PeerLeft)) throw error // no test passes over an error of its own script
    })
  })
  const path = listen === 'unix' ? join(temporaryDirectory(t), 'node.sock') : ''
  await new Promise<void>(resolve => {
    if (listen === 'unix') server.listen(path, resolve)
    else server.listen(0, '127.0.0.1', resolve)
  })
  let given = 0
  const node: RawNode = {
    address: path || `127.0.0.1:${(server.address() as { port: number }).port}`,
    connections,
    async next() {
      const index = given++
      while (connections.length <= index) await new Promise<void>(resolve => waiting.push(resolve))
      return connections[index]!
    },
    async stop() {
      for (const connection of connections) connection.reset()
      await new Promise(resolve => server.close(resolve))
    },
  }
  t.teardown(() => node.stop())
  return node
}

/** One connection. Reads consume in order what came; `received` keeps everything. */
export class RawConnection {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #at = 0 // consumed so far
  #hasEnded = false
  #isClosed = false
  #waiting: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes])
      this.#wake()
    })
    socket.on('end', () => {
      this.#hasEnded = true
      this.#wake()
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
    socket.on('error', () => {}) // a reset; 'close' follows
  }

  /** Every byte that came, as Latin-1. */
  get received(): string {
    return this.#received.toString('latin1')
  }

  /** Whether the other side sent its FIN. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The next HTTP head with its empty line. */
  head(): Promise<string> {
    return this.through('\r\n\r\n')
  }

  /** Up to the next `mark` and with it, as Latin-1: '0\r\n\r\n' ends a plain chunked body. */
  async through(mark: string): Promise<string> {
    const bytes = await this.#take(rest => {
      const at = rest.indexOf(mark, 0, 'latin1')
      return at < 0 ? -1 : at + mark.length
    })
    return bytes.toString('latin1')
  }

  /** The next `count` bytes. */
  bytes(count: number): Promise<Buffer> {
    return this.#take(rest => (rest.length < count ? -1 : count))
  }

  /** The next uwsgi packet; a body that follows is left to {@link bytes}. */
  async packet(): Promise<UwsgiPacket> {
    return decodePacket(await this.#take(packetEnd))
  }

  /** Everything up to the other side's FIN. */
  async rest(): Promise<Buffer> {
    return this.#take(rest => (this.#hasEnded ? rest.length : -1))
  }

  /** Resolves once the other side has sent its FIN, or has gone otherwise. */
  async end(): Promise<void> {
    while (!this.#hasEnded && !this.#isClosed) await this.#change()
  }

  /** Resolves once the connection is gone in both directions. */
  async gone(): Promise<void> {
    while (!this.#isClosed) await this.#change()
  }

  /** Sends, and resolves when the kernel has taken it. Text is Latin-1. */
  async send(bytes: string | Buffer): Promise<void> {
    const taken = new Promise<void>(resolve => this.socket.write(bytes, 'latin1', () => resolve()))
    await taken
  }

  /** Sends a byte at a time, each in a packet of its own. */
  async drip(bytes: string | Buffer): Promise<void> {
    for (const byte of Buffer.from(bytes as string, 'latin1')) {
      if (this.#isClosed) return
      await this.send(Buffer.of(byte))
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Sends a FIN; goes on reading. */
  finish(): void {
    this.socket.end()
  }

  /** Closes both directions: FIN, or RST when bytes came that were not read. */
  close(): void {
    this.socket.destroy()
  }

  /** Ends the connection by RST; by a plain close where it is a UNIX socket. */
  reset(): void {
    if (this.socket.remoteAddress === undefined) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** Stops reading, so that the kernel's buffers fill. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  // @param endIn tells where the wanted bytes end, -1 for not yet
  async #take(endIn: (rest: Buffer) => number): Promise<Buffer> {
    for (;;) {
      const rest = this.#received.subarray(this.#at)
      const end = endIn(rest)
      if (end >= 0) {
        this.#at += end
        return rest.subarray(0, end)
      }
      if (this.#hasEnded || this.#isClosed)
        throw new PeerLeft(`the peer left after ${JSON.stringify(this.received)}`)
      await this.#change()
    }
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

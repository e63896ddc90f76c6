// master/stats-server.ts: writes a document to whoever connects to the address of http-stats. Readers that are slow or silent
// are cut, and there are never many of them: the master has other work.
import net from 'node:net'
import type { Log } from './logs/log.ts'
import { boundName } from './picture.ts'
import { StartRefused } from './refused.ts'
import { bindProblem, type SystemError } from './sockets/bind-problem.ts'
import { OwnSocket } from './sockets/held-socket.ts'
import type { SocketRights } from './sockets/socket-rights.ts'
import { type BindRequest, type BoundListener, type Rebound, rebind } from './sockets/sockets.ts'

/** From connecting to having read it all. */
const LIMIT_MS = 4000
/** Beyond, connections are closed as they come. */
const MOST_READERS = 32
/** Those who come within so many milliseconds get the same document, so that many cost no more than one. */
const SAME_MS = 100
/** One that takes long to make is kept for so many times as long: readers have a tenth of the master's time at most. */
const SAME_TIMES = 10
const BACKLOG = 100
const HEAD = Buffer.from(
  'HTTP/1.0 200 OK\r\nConnection: close\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json\r\n\r\n',
)

export interface StatsServerOptions {
  /** The document as of now. */
  readonly document: () => string
  readonly log: Log
  /** For tests. */
  readonly limitMs?: number
}

/** Where, and how. */
export interface StatsPlace {
  /** null: nowhere. */
  readonly bind: BindRequest | null
  /** An HTTP answer, once something was asked (stats-http). */
  readonly isHttp: boolean
  /** Of the file of a UNIX socket. */
  readonly rights: SocketRights
}

export class StatsServer {
  readonly #options: StatsServerOptions
  readonly #readers = new Set<net.Socket>()
  #bound: readonly BoundListener[] = []
  #isHttp = false
  #latest: { readonly bytes: Buffer; readonly until: number } | null = null

  constructor(options: StatsServerOptions) {
    this.#options = options
  }

  /** Binds, and tells nothing yet: before rights are given up. @throws StartRefused */
  async bind(place: StatsPlace): Promise<void> {
    const { bound } = await rebind([], requestsOf(place), optionsOf(place))
    this.#bound = bound
    this.#isHttp = place.isHttp
  }

  /** @throws StartRefused when somebody else listens there meanwhile */
  async begin(): Promise<void> {
    for (const listener of this.#bound) await this.#serve(listener)
  }

  /**
   * Prepares what the next config asks for; an address that stays goes on.
   *
   * @throws StartRefused, nothing changed
   */
  async change(place: StatsPlace): Promise<Pick<Rebound, 'commit' | 'undo'>> {
    const before = this.#bound
    const next = await rebind(before, requestsOf(place), optionsOf(place))
    try {
      for (const listener of next.bound) if (!before.includes(listener)) await this.#serve(listener)
    } catch (error) {
      next.undo()
      throw error
    }
    return {
      commit: () => {
        this.#bound = next.bound
        this.#isHttp = place.isHttp
        next.commit()
      },
      undo: () => next.undo(),
    }
  }

  /** Frees the address and cuts who still reads. Twice is harmless. */
  close(): void {
    for (const listener of this.#bound) listener.close()
    for (const reader of this.#readers) reader.destroy()
  }

  async #serve(listener: BoundListener): Promise<void> {
    const { sockets, request } = listener
    const server = net.createServer(socket => this.#accept(socket))
    server.maxConnections = MOST_READERS
    const [socket] = sockets
    if (!(socket instanceof OwnSocket)) throw new Error('http-stats needs a socket of its own')
    try {
      await socket.serve(server, BACKLOG)
    } catch (error) {
      throw new StartRefused('SLUICE_BIND_FAILED', [bindProblem(request, error as SystemError)])
    }
    server.on('error', error => this.#options.log.warn({ err: error }, 'http-stats could not accept'))
    server.unref()
    this.#options.log.info({ address: boundName(listener) }, 'http-stats listens')
  }

  // What a reader sends is read and dropped: a socket that is closed with bytes unread resets, and takes the end of the
  // document along.
  #accept(socket: net.Socket): void {
    this.#readers.add(socket)
    const limit = setTimeout(() => socket.destroy(), this.#options.limitMs ?? LIMIT_MS).unref()
    socket
      .unref()
      .on('error', () => {})
      .once('close', () => {
        clearTimeout(limit)
        this.#readers.delete(socket)
      })
    if (this.#isHttp) socket.once('data', () => this.#tell(socket, HEAD)).resume()
    else this.#tell(socket.resume(), null)
  }

  #tell(socket: net.Socket, head: Buffer | null): void {
    const document = this.#document()
    if (document === null) {
      socket.destroy()
      return
    }
    if (head !== null) socket.write(head)
    socket.end(document)
  }

  #document(): Buffer | null {
    const now = performance.now()
    if (this.#latest !== null && now < this.#latest.until) return this.#latest.bytes
    try {
      const bytes = Buffer.from(this.#options.document())
      const took = performance.now() - now
      this.#latest = { bytes, until: now + Math.max(SAME_MS, SAME_TIMES * took) }
      return bytes
    } catch (error) {
      this.#options.log.error({ code: 'SLUICE_INTERNAL', err: error }, 'no statistics for http-stats')
      return null
    }
  }
}

function requestsOf({ bind }: StatsPlace): BindRequest[] {
  return bind === null ? [] : [bind]
}

function optionsOf({ rights }: StatsPlace) {
  return { copies: 1, isShared: false, rights }
}

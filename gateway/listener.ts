// gateway/listener.ts: an accepting socket with its TLS: every connection becomes an Http1Connection.
import net from 'node:net'
import tls from 'node:tls'
import type { ListenerPicture } from '../base/picture.ts'
import { isAcceptable, tlsOptions } from '../certs/serve/context.ts'
import { guard } from './boundary.ts'
import { Http1Connection } from './http1/connection.ts'
import { adopt } from './node-socket.ts'
import type { World } from './world.ts'

export class Listener {
  readonly picture: ListenerPicture
  readonly #world: World
  readonly #server: net.Server
  readonly #connections = new Set<Http1Connection>()

  constructor(picture: ListenerPicture, world: World) {
    this.picture = picture
    this.#world = world
    const options = { noDelay: true, allowHalfOpen: true, keepAlive: world.running.picture.soKeepalive }
    if (picture.tls === null) this.#server = net.createServer(options, socket => this.#accept(socket))
    else {
      const handshakeTimeout = world.running.picture.headersTimeoutMs
      const settings = picture.tls
      this.#server = tls.createServer({ ...options, ...tlsOptions(settings), handshakeTimeout }, socket => {
        if (isAcceptable(socket, settings)) this.#accept(socket)
        else socket.destroy()
      })
      // A failed handshake is the client's business; its socket must not stay.
      this.#server.on('tlsClientError', (_error, socket: net.Socket) => socket.destroy())
    }
  }

  /** Accepts on the descriptor that the master bound. Rejects when the kernel does not let us listen there. */
  listen(backlog: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ fd: this.picture.slot }, backlog, () => {
        this.#server.off('error', reject)
        this.#server.on('error', error =>
          this.#world.tell('error', 'accept failed', { listener: this.picture.name, error: error.message }),
        )
        resolve()
      })
    })
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Accepts no more; idle connections close, busy ones after their answer. */
  stop(): void {
    this.#server.close()
    for (const connection of this.#connections) connection.stop()
  }

  /** Closes whatever is left. */
  drop(): void {
    for (const connection of this.#connections) connection.drop()
  }

  #accept(socket: net.Socket): void {
    if (!this.picture.isUnix && socket.remoteAddress === undefined) return void socket.destroy()
    guard('accept', { abandon: () => socket.destroy() }, () =>
      adopt(socket, narrow => {
        const connection = new Http1Connection(narrow, this.#world, this.picture, this.#forget)
        this.#connections.add(connection)
        return connection
      }),
    )
  }

  readonly #forget = (connection: Http1Connection): void => {
    this.#connections.delete(connection)
  }
}

// gateway/listener.ts: an accepting socket. Every connection becomes an Http1Connection, behind its PROXY header and its
// TLS handshake where there are such; what either asks for is looked up in the picture in force.
import net from 'node:net'
import type { ListenerPicture, TlsPicture } from '../base/picture.ts'
import { Handshakes } from '../certs/serve/handshakes.ts'
import { Arrival } from './arrival.ts'
import { guard, reportDefect } from './boundary.ts'
import { Http1Connection } from './http1/connection.ts'
import { adopt } from './node-socket.ts'
import { Roster } from './roster.ts'
import type { Origin } from './socket.ts'
import type { World } from './world.ts'

export class Listener {
  picture: ListenerPicture
  readonly #world: World
  readonly #server: net.Server
  readonly #arrivals = new Roster<Arrival>()
  readonly #connections = new Roster<Http1Connection>()
  #handshakes: Handshakes<Arrival> | null = null

  /** @throws Error when OpenSSL does not like the picture */
  constructor(picture: ListenerPicture, world: World) {
    this.picture = picture
    this.#world = world
    this.#handshakes = this.#handshakesFor(picture.tls)
    this.#server = net.createServer({ allowHalfOpen: true }, this.#accepted)
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

  /**
   * Makes ready for another picture of the same socket. Handshakes under way end as they began.
   *
   * @returns puts it in force, which cannot fail
   * @throws Error when OpenSSL does not like the picture
   */
  prepare(picture: ListenerPicture): () => void {
    const handshakes = this.#handshakesFor(picture.tls)
    return () => {
      this.picture = picture
      this.#handshakes = handshakes
    }
  }

  /** Those on their way to HTTP are among them. */
  get connectionCount(): number {
    return this.#arrivals.size + this.#connections.size
  }

  /** Accepts no more. What waits in the kernel is for whoever else has the socket. */
  close(): void {
    this.#server.close()
  }

  /** Accepts no more; idle connections close, busy ones after their answer. */
  stop(): void {
    this.close()
    for (const arrival of this.#arrivals.members()) arrival.hurry()
    for (const connection of this.#connections.members()) connection.stop()
  }

  /** Closes whatever is left. */
  drop(): void {
    for (const arrival of this.#arrivals.members()) arrival.socket.destroy()
    for (const connection of this.#connections.members()) connection.drop()
  }

  // As guard does, without a closure for each connection.
  readonly #accepted = (socket: net.Socket): void => {
    try {
      this.#accept(socket)
    } catch (error) {
      reportDefect('accept', error)
      socket.destroy()
    }
  }

  #accept(socket: net.Socket): void {
    const address = socket.remoteAddress
    // A client that has reset already has no address, as only UNIX clients have none.
    if (address === undefined && !this.picture.isUnix) return void socket.destroy()
    const { admission, running } = this.#world
    const { proxyProtocol, soKeepalive } = running.picture
    const network = admission.take(socket, proxyProtocol ? '' : (address ?? ''), this.#isClear)
    if (network === null) return
    if (soKeepalive) socket.setKeepAlive(true)
    if (!proxyProtocol && this.#handshakes === null) return this.#serve(socket, null, network)
    socket.on('close', () => admission.leave(network))
    const arrival = new Arrival(socket, this.#world, this.#forgetArrival)
    this.#arrivals.add(arrival)
    if (proxyProtocol) arrival.awaitHeader(this.#identified)
    else this.#secure(arrival)
  }

  get #isClear(): boolean {
    return this.#handshakes === null
  }

  // A proxy that speaks for itself, or for nobody it names, is not counted as a client.
  readonly #identified = (arrival: Arrival): void => {
    const { origin, socket } = arrival
    const address = origin === null || origin.isStranger ? '' : origin.address
    if (this.#world.admission.takeFrom(socket, address, this.#isClear)) this.#secure(arrival)
  }

  readonly #secure = (arrival: Arrival): void => {
    const { socket } = arrival
    if (this.#handshakes === null) return this.#arrived(socket, arrival)
    socket.setNoDelay(true) // a handshake is several small writes
    this.#handshakes.begin(socket, arrival)
  }

  // The socket is the arrival's own, or the secure one over it.
  readonly #arrived = (socket: net.Socket, arrival: Arrival): void => {
    guard('accept', { abandon: () => socket.destroy() }, () => {
      // A secure socket would ask the kernel for its other end anew.
      const { remoteAddress, remotePort } = arrival.socket
      const peer = { address: remoteAddress ?? '', port: remotePort ?? 0, isStranger: false }
      const isThere = this.picture.isUnix || arrival.origin !== null || remoteAddress !== undefined
      if (isThere) this.#serve(socket, arrival.origin ?? peer, null)
      else socket.destroy()
      arrival.leave() // later: there is no moment in which nobody counts it
    })
  }

  /** @param network see {@link Http1Connection.network} */
  #serve(socket: net.Socket, origin: Origin | null, network: string | null): void {
    const adopted = adopt(socket, origin)
    const connection = new Http1Connection(adopted, this.#world, this, network, this.#forget)
    this.#connections.add(connection)
    adopted.begin(connection)
  }

  #handshakesFor(tls: TlsPicture | null): Handshakes<Arrival> | null {
    const current = this.#handshakes
    if (tls === null) return null
    return current?.follows(tls) ? current : new Handshakes(tls, this.#arrived, current)
  }

  readonly #forget = (connection: Http1Connection): void => {
    this.#connections.remove(connection)
    if (connection.network !== null) this.#world.admission.leave(connection.network)
  }

  readonly #forgetArrival = (arrival: Arrival): void => {
    this.#arrivals.remove(arrival)
  }
}

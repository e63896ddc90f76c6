// certs/serve/handshakes.ts: the TLS side of a listener, under one picture: accepted sockets go in, secure ones come out.
// It never listens, so that another picture is another object on the same socket: handshakes under way end with the old
// one, and whoever was there before resumes with the new one.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'
import type { TlsPicture } from '../../base/picture.ts'
import { isAcceptable, tlsOptions } from './context.ts'

/** The caller has a time-out of its own; Node's, per silence, would be a second one. */
const NEVER_MS = 2 ** 31 - 1

/**
 * What leads from a secure socket back to the caller's object: a TLSSocket has no public way to the socket it was made
 * of. All that Node calls for a connection runs in the context it was begun in. The box is emptied at the end of the
 * handshake, as sockets to nodes, made in the same context and kept for long, hold on to it.
 */
interface Box<A> {
  arrival: A | null
}
const boxes = new AsyncLocalStorage<Box<unknown>>()

export class Handshakes<A> {
  readonly #picture: TlsPicture
  readonly #server: Server

  /**
   * @param onSecure called once for each handshake that succeeds, with what {@link begin} was given
   * @param before whose place this takes
   * @throws Error when OpenSSL does not like the picture
   */
  constructor(
    picture: TlsPicture,
    onSecure: (socket: TLSSocket, arrival: A) => void,
    before: Handshakes<A> | null,
  ) {
    this.#picture = picture
    const tls = process.getBuiltinModule('node:tls') // a sixth of what a gateway without it would load
    this.#server = tls.createServer({ ...tlsOptions(picture), handshakeTimeout: NEVER_MS }, socket => {
      const box = boxes.getStore() as Box<A>
      const arrival = box.arrival!
      box.arrival = null
      socket.allowHalfOpen = true
      if (isAcceptable(socket, picture)) onSecure(socket, arrival)
      else socket.destroy()
    })
    // A failed handshake is the client's business; its socket must not stay.
    this.#server.on('tlsClientError', (_error, socket: Socket) => socket.destroy())
    if (before?.mayBeResumedUnder(picture)) this.#server.setTicketKeys(before.#server.getTicketKeys())
  }

  /** Whether this is what the picture asks for. */
  follows(picture: TlsPicture): boolean {
    const mine = this.#picture
    return mine.cert === picture.cert && mine.key === picture.key && this.mayBeResumedUnder(picture)
  }

  /** A resumed session brings ciphers and a client's certificate along: what they had to meet must not have changed. */
  mayBeResumedUnder(picture: TlsPicture): boolean {
    const mine = this.#picture
    return (
      mine.ciphers === picture.ciphers &&
      mine.clientCa === picture.clientCa &&
      mine.clientCertRequired === picture.clientCertRequired
    )
  }

  /** Begins one; when it fails, or the client ends its side before it is over, `socket` closes. */
  begin(socket: Socket, arrival: A): void {
    socket.allowHalfOpen = false
    boxes.run({ arrival }, () => this.#server.emit('connection', socket))
  }
}

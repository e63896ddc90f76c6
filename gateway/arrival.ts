// gateway/arrival.ts: a connection on its way to HTTP: its PROXY header is awaited, or its TLS handshake goes on.
import type { Socket } from 'node:net'
import type { Waiting } from '../base/wheel.ts'
import { plainAddress } from './client.ts'
import { FRESH_MS, type Idle } from './idle-queue.ts'
import type { ProxyHeader } from './proxy-protocol/header.ts'
import { receiveHeader } from './proxy-protocol/reception.ts'
import type { Listed } from './roster.ts'
import type { Origin } from './socket.ts'
import type { World } from './world.ts'

/** While the process ends nobody waits longer for a handshake, or for a request behind it. */
export const STOPPING_MS = 1_000

export class Arrival implements Waiting, Idle, Listed<Arrival> {
  readonly socket: Socket
  /** Whom a PROXY header names; null: the connection's other end. */
  origin: Origin | null = null
  readonly #world: World
  readonly #onGone: (arrival: Arrival) => void
  readonly #acceptedAt: number
  #awaited = 'TLS handshake' // for the event log

  deadline = 0
  wheelTick = -1
  wheelNext: Waiting | null = null
  wheelPrevious: Waiting | null = null

  isQueued = false
  idleNext: Idle | null = null
  idlePrevious: Idle | null = null
  readonly isOwing = false

  rosterNext: Arrival | null = null
  rosterPrevious: Arrival | null = null

  /** @param onGone called when it has arrived, and when its socket closes */
  constructor(socket: Socket, world: World, onGone: (arrival: Arrival) => void) {
    this.socket = socket
    this.#world = world
    this.#onGone = onGone
    this.#acceptedAt = world.wheel.now
    // All of it together has the time that a request's head has.
    world.wheel.arm(this, world.running.picture.headersTimeoutMs)
    world.admission.idle.add(this)
    socket.on('error', ignore) // 'close' follows
    socket.on('close', () => this.leave())
  }

  /**
   * Awaits the PROXY header, if the other end may send one at all.
   *
   * @param onRead called once {@link origin} is known; otherwise the socket is closed
   */
  awaitHeader(onRead: (arrival: Arrival) => void): void {
    const { proxies } = this.#world.running
    this.#awaited = 'PROXY protocol header'
    if (!proxies.isEmpty && !proxies.trusts(this.#peer))
      return this.#refuse('its peer is not in trusted-proxy')
    receiveHeader(this.socket, header => {
      if (header.kind === 'refused') return this.#refuse(header.cause)
      this.#awaited = 'TLS handshake'
      this.origin = this.#originOf(header)
      onRead(this)
    })
  }

  onDeadline(): void {
    if (this.#awaited === 'TLS handshake') this.socket.destroy()
    else this.#refuse('no whole PROXY header within http-headers-timeout')
  }

  get isFresh(): boolean {
    return this.#world.wheel.now - this.#acceptedAt < FRESH_MS
  }

  /** Others need its place. */
  giveWay(): void {
    this.leave()
    this.socket.destroy()
  }

  /** The process ends: it had better be quick. */
  hurry(): void {
    this.#world.wheel.arm(this, STOPPING_MS)
  }

  /** Waits for nothing any more. */
  leave(): void {
    this.#world.wheel.remove(this)
    this.#world.admission.idle.remove(this)
    this.#onGone(this)
  }

  #originOf(header: Exclude<ProxyHeader, { kind: 'refused' }>): Origin | null {
    if (header.kind === 'client') return { address: header.address, port: header.port, isStranger: false }
    if (header.kind === 'proxy') return null
    return { address: this.#peer, port: this.socket.remotePort ?? 0, isStranger: true }
  }

  get #peer(): string {
    const address = this.socket.remoteAddress ?? ''
    return plainAddress(address) || address
  }

  #refuse(cause: string): void {
    const { troubles, wheel } = this.#world
    const peer = this.#peer || 'unix'
    troubles.report(`PROXY protocol: ${cause}`, wheel.now, 'connection refused', { peer, cause })
    this.socket.destroy()
  }
}

function ignore(): void {}

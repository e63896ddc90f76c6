// subscription/resubscriber.ts: sends announcements on to other servers (http-resubscribe).
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { DatagramTarget } from '../base/datagram-address.ts'

export interface ResubscriberOptions {
  readonly targets: readonly DatagramTarget[]
  /** What a host resolves to now; [] while it does not. */
  readonly addresses: (host: string) => readonly string[]
  readonly multicastTtl: number
  readonly multicastLoop: boolean
  /** Told once for each target and cause, until a packet could be sent again. */
  readonly onError: (target: DatagramTarget, cause: string) => void
}

export class Resubscriber {
  readonly #options: ResubscriberOptions
  readonly #sockets = new Map<'udp4' | 'udp6', Socket>()
  readonly #failing = new Map<DatagramTarget, string>()
  #isClosed = false

  constructor(options: ResubscriberOptions) {
    this.#options = options
  }

  /** To every target; what cannot be sent is lost, as on any network. */
  send(bytes: Buffer): void {
    if (this.#isClosed) return
    for (const target of this.#options.targets) {
      const address = this.#options.addresses(target.host)[0]
      if (address === undefined) this.#failed(target, 'it does not resolve')
      else this.#sendTo(target, address, bytes)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
  }

  #sendTo(target: DatagramTarget, address: string, bytes: Buffer): void {
    this.#socket(isIPv6(address) ? 'udp6' : 'udp4').send(bytes, target.port, address, error => {
      if (error !== null) this.#failed(target, error.message)
      else this.#failing.delete(target)
    })
  }

  #failed(target: DatagramTarget, cause: string): void {
    if (this.#isClosed || this.#failing.get(target) === cause) return
    this.#failing.set(target, cause)
    this.#options.onError(target, cause)
  }

  // Bound at the first packet, to a port that the kernel picks.
  #socket(type: 'udp4' | 'udp6'): Socket {
    const known = this.#sockets.get(type)
    if (known !== undefined) return known
    const socket = createSocket(type)
    const { multicastTtl, multicastLoop } = this.#options
    socket.on('error', () => {}) // each packet's own failure is told
    socket.on('listening', () => {
      socket.setMulticastTTL(multicastTtl)
      socket.setMulticastLoopback(multicastLoop)
    })
    socket.unref()
    this.#sockets.set(type, socket)
    return socket
  }
}

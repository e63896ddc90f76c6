// subscription/sockets.ts: the UDP sockets on which announcements come in. A reload opens new ones before it closes others.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import type { DatagramAddress } from '../base/datagram-address.ts'

export interface SocketEvents {
  readonly onDatagram: (bytes: Buffer, source: string) => void
  /** One of them cannot receive for now. */
  readonly onError: (address: DatagramAddress, error: Error) => void
}

/** Why an address could not be bound. */
export class BindFailed extends Error {
  override readonly name = 'BindFailed'
  readonly address: DatagramAddress
  /** Its place among those that were asked for. */
  readonly index: number

  /** @param cause of the system */
  constructor(address: DatagramAddress, index: number, cause: Error) {
    super(cause.message, { cause })
    this.address = address
    this.index = index
  }
}

/** Sockets that are open and wait for one of the two. */
export interface Rebound {
  commit(): void
  undo(): void
}

interface Bound {
  readonly address: DatagramAddress
  readonly socket: Socket
}

// For the moment in which thousands of nodes leave and come. The kernel gives what net.core.rmem_max allows.
const RECEIVE_BYTES = 4 * 2 ** 20

export class ServerSockets {
  readonly #events: SocketEvents
  #bound: readonly Bound[] = []
  #isReceiving = false

  constructor(events: SocketEvents) {
    this.#events = events
  }

  /** Port that was really bound, for each address. */
  get ports(): number[] {
    return this.#bound.map(({ socket }) => socket.address().port)
  }

  /**
   * Binds these addresses; what is bound already is kept. Nothing is closed until commit().
   *
   * @throws BindFailed, nothing changed
   */
  async rebind(addresses: readonly DatagramAddress[]): Promise<Rebound> {
    const kept = new Set<Bound>()
    const wanted: Bound[] = []
    const fresh: Bound[] = []
    const undo = () => {
      for (const { socket } of fresh) socket.close()
    }
    for (const [index, address] of addresses.entries()) {
      const known = this.#bound.find(bound => bound.address.text === address.text && !kept.has(bound))
      if (known !== undefined) {
        kept.add(known)
        wanted.push(known)
        continue
      }
      try {
        const bound = { address, socket: await this.#open(address) }
        fresh.push(bound)
        wanted.push(bound)
      } catch (error) {
        undo()
        throw new BindFailed(address, index, error as Error)
      }
    }
    const commit = () => {
      for (const bound of this.#bound) if (!kept.has(bound)) bound.socket.close()
      this.#bound = wanted
    }
    return { commit, undo }
  }

  /** From now on datagrams are handed on; those before are lost, as nodes repeat themselves. */
  receive(): void {
    this.#isReceiving = true
  }

  /** Now and then: groups are joined on networks that came since. */
  joinAgain(): void {
    for (const { address, socket } of this.#bound) if (address.isMulticast) joinAll(socket, address)
  }

  close(): void {
    for (const { socket } of this.#bound) socket.close()
    this.#bound = []
  }

  async #open(address: DatagramAddress): Promise<Socket> {
    const { host, port, isIpv6, isMulticast } = address
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      // An address has one owner; a packet to a group is for everybody who joined it.
      reuseAddr: isMulticast,
      ipv6Only: isIpv6,
      recvBufferSize: RECEIVE_BYTES,
    })
    const bound = Promise.withResolvers<void>()
    socket.once('error', bound.reject)
    // Bound to the group itself: what is sent to the port otherwise was not meant for it.
    socket.bind({ address: host, port, exclusive: true }, bound.resolve)
    try {
      await bound.promise
      const problem = isMulticast ? joinAll(socket, address) : null
      if (problem !== null) throw problem
    } catch (error) {
      socket.close()
      throw error
    }
    socket.off('error', bound.reject)
    socket.on('error', error => this.#events.onError(address, error))
    socket.on('message', (bytes: Buffer, { address: source }: RemoteInfo) => {
      if (this.#isReceiving) this.#events.onDatagram(bytes, source)
    })
    return socket
  }
}

/** @returns the last failure when no network could be joined on; null: one was, or was before */
function joinAll(socket: Socket, { host, isIpv6 }: DatagramAddress): Error | null {
  const [group = '', zone] = host.split('%')
  const interfaces = zone === undefined ? interfacesOf(isIpv6) : [`::%${zone}`]
  let failure: Error | null = new Error('this machine has no network')
  let hasJoined = false
  for (const one of interfaces) {
    try {
      socket.addMembership(group, one)
      hasJoined = true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') hasJoined = true
      failure = error as Error
    }
  }
  if (hasJoined) failure = null
  return failure
}

function interfacesOf(isIpv6: boolean): string[] {
  const names = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family }) => family === (isIpv6 ? 'IPv6' : 'IPv4'))
      .map(({ address }) => (isIpv6 ? `::%${name}` : address)),
  )
  return [...new Set(names)]
}

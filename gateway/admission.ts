// gateway/admission.ts: which client connections are let in: max-connections, max-connections-per-ip, and never more
// than there are descriptors. At the limit the connection that has been idle longest makes room for a new one.
import type { Socket } from 'node:net'
import { answerText, type OwnAnswer } from './answers.ts'
import { plainAddress } from './client.ts'
import { countDescriptors } from './descriptors.ts'
import { IdleQueue } from './idle-queue.ts'
import type { World } from './world.ts'

/** A refused client gets so long to read why; what it sends meanwhile is thrown away. */
const LINGER_MS = 1_000
const RETRY_AFTER_SECONDS = 1
/** Idle connections closed per tick when a reload lowered the limit. */
const MOST_CLOSED_AT_ONCE = 100

export class Admission {
  readonly idle = new IdleQueue()
  /** Clients let in whose sockets are open. */
  connections = 0
  /** Kept by the pools; open or being opened. */
  nodeConnections = 0
  readonly #world: World
  readonly #descriptors = countDescriptors()
  readonly #perNetwork = new Map<string, number>()
  #lingering = 0

  constructor(world: World) {
    this.#world = world
  }

  /**
   * Takes in a client that was accepted, or answers why not, and closes.
   *
   * @param address numeric; '' for UNIX clients, and where a PROXY header will tell it: then {@link takeFrom} follows
   * @param isClear whether it can be told in HTTP: it speaks no TLS
   * @returns what {@link leave} is to be told once the socket has closed; null: it was refused, the socket is none of the
   * caller's business any more
   */
  take(socket: Socket, address: string, isClear: boolean): string | null {
    const network = this.#countedAs(address)
    // First, so that one client cannot push out the idle connections of others.
    if (this.#isCrowd(network)) return this.#refuse(socket, 429, network, isClear)
    if (this.#isFull() && !this.#makeRoom()) return this.#refuse(socket, 503, '', isClear)
    this.connections++
    this.#world.counters.accepted++
    this.#enter(network)
    return network
  }

  /** A client that was taken in is gone. */
  leave(network: string): void {
    this.connections--
    this.#leave(network)
  }

  /** The same as {@link take} for one whose address came behind {@link take}. */
  takeFrom(socket: Socket, address: string, isClear: boolean): boolean {
    const network = this.#countedAs(address)
    if (network === '') return true
    if (this.#isCrowd(network)) {
      this.#refuse(socket, 429, network, isClear)
      return false
    }
    this.#enter(network)
    socket.on('close', () => this.#leave(network))
    return true
  }

  /** Whether connections to nodes have all descriptors that they may have: without one even refusing is impossible. */
  get isOut(): boolean {
    const { most, reserved } = this.#descriptors
    return this.connections + this.nodeConnections >= most + reserved / 2
  }

  /** No descriptor is left for a connection to a node: closes something idle, so that the next try finds one. */
  descriptorsOut(code: string): void {
    this.#report('no descriptor is free', { code })
    if (!this.idle.closeLongest()) this.#world.pools.closeLongest()
  }

  /** Ten times a second: a reload may have lowered the limit. */
  tick(): void {
    // Counted once: some are gone at once, others, with TLS, a little later.
    for (let left = Math.min(this.#excess(), MOST_CLOSED_AT_ONCE); left > 0; left--) {
      if (!this.idle.closeLongest()) return
    }
  }

  // How many clients are too many already.
  #excess(): number {
    const { maxConnections } = this.#world.running.picture
    return maxConnections === 0 ? 0 : this.connections - maxConnections
  }

  #isFull(): boolean {
    const { maxConnections } = this.#world.running.picture
    const { usual, most } = this.#descriptors
    const all = this.connections + this.nodeConnections
    return maxConnections === 0 ? all >= usual : this.connections >= maxConnections || all >= most
  }

  #makeRoom(): boolean {
    if (this.idle.closeLongest()) return true
    const { maxConnections } = this.#world.running.picture
    const isForClients = maxConnections > 0 && this.connections >= maxConnections
    return !isForClients && this.#world.pools.closeLongest()
  }

  // '': not counted. Connections made before a reload turned the limit on never are: they were let in.
  #countedAs(address: string): string {
    const { picture, proxies } = this.#world.running
    if (picture.maxConnectionsPerIp === 0 || address === '') return ''
    const client = plainAddress(address) || address
    return proxies.trusts(client) ? '' : networkOf(client)
  }

  #isCrowd(network: string): boolean {
    if (network === '') return false
    return (this.#perNetwork.get(network) ?? 0) >= this.#world.running.picture.maxConnectionsPerIp
  }

  #enter(network: string): void {
    if (network !== '') this.#perNetwork.set(network, (this.#perNetwork.get(network) ?? 0) + 1)
  }

  #leave(network: string): void {
    if (network === '') return
    const count = this.#perNetwork.get(network) ?? 0
    if (count > 1) this.#perNetwork.set(network, count - 1)
    else this.#perNetwork.delete(network)
  }

  #refuse(socket: Socket, status: 429 | 503, network: string, isClear: boolean): null {
    this.#world.counters.refused++
    if (status === 429) this.#report('connection refused: too many of one address', { client: network })
    else this.#report('connection refused: too many are open', {})
    if (isClear) this.#tell(socket, status)
    else socket.destroy()
    return null
  }

  #report(text: string, fields: Record<string, string>): void {
    const { troubles, wheel } = this.#world
    troubles.report(text, wheel.now, text, {
      ...fields,
      clients: this.connections,
      nodeConnections: this.nodeConnections,
    })
  }

  // Answered before anything is read. The FIN goes at once; closing with unread bytes would reset the client, and a reset
  // may overtake the answer.
  #tell(socket: Socket, status: 429 | 503): void {
    const world = this.#world
    const id = world.nextRequestId()
    socket.on('error', ignore)
    socket.end(answerText(refusal(status, id), world.date, false, true, false), 'latin1')
    if (this.#lingering >= this.#descriptors.reserved / 4) return void socket.destroySoon()
    this.#lingering++
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.on('close', () => {
      clearTimeout(timer)
      this.#lingering--
    })
    socket.on('end', () => socket.destroySoon())
    socket.resume()
  }
}

// Who has an IPv6 network at home has 2^64 addresses: they count as one client.
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [front = '', behind = ''] = address.split('::')
  const groups = front.split(':').filter(group => group !== '')
  const groupsBehind = behind.split(':').filter(group => group !== '')
  while (groups.length + groupsBehind.length < 8) groups.push('0')
  const network = [...groups, ...groupsBehind].slice(0, 4)
  return `${network.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

function refusal(status: 429 | 503, id: string): OwnAnswer {
  const words =
    status === 429
      ? '429 Too Many Requests\nThis address has too many connections open.'
      : '503 Service Unavailable\nToo many connections are open.'
  return {
    status,
    type: 'text/plain; charset=utf-8',
    body: `${words}\nRequest id: ${id}\n`,
    fields: `X-Request-Id: ${id}\r\nRetry-After: ${RETRY_AFTER_SECONDS}\r\n`,
  }
}

function ignore(): void {}

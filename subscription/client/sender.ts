// subscription/client/sender.ts: sends datagrams to routers, by name or number, over IPv4 and IPv6, and never fails.
import dgram from 'node:dgram'
import dns from 'node:dns/promises'
import { isIP } from 'node:net'
import { hostPort } from '../../base/address.ts'

export interface SenderOptions {
  /** Hops that packets to a multicast group may take. */
  readonly multicastTtl: number
  /** Called at the first failure of a row for this router, in words. */
  readonly onTrouble: (router: Router, problem: string) => void
}

export interface Router {
  readonly host: string
  readonly port: number
}

type Socket = dgram.Socket

/** One socket for each IP version, made when it is needed first. */
export class Sender {
  readonly #options: SenderOptions
  readonly #sockets = new Map<4 | 6, Socket>()
  readonly #addresses = new Map<string, readonly string[]>() // of names, as they were resolved last
  readonly #troubled = new Set<string>() // what has been told, and did not get better since
  #pending = 0
  #closing: (() => void) | null = null
  #isClosed = false

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Asks for the addresses of a name anew. Never rejects: without an answer those known before stay. */
  async resolve(router: Router): Promise<void> {
    if (isIP(router.host) !== 0) return
    try {
      const found = await dns.lookup(router.host, { all: true })
      this.#addresses.set(
        router.host,
        found.map(({ address }) => address),
      )
      this.#troubled.delete(`resolve ${nameOf(router)}`)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.#trouble('resolve', router, code === 'ENOTFOUND' ? 'its name is not known' : message)
    }
  }

  /** To every address that the router's name had when it was resolved last. */
  send(datagram: Buffer, router: Router): void {
    if (this.#isClosed) return
    const { host, port } = router
    const addresses = isIP(host) !== 0 ? [host] : (this.#addresses.get(host) ?? [])
    let failed: Error | null = null
    let waiting = addresses.length
    for (const address of addresses) {
      this.#pending++
      this.#socket(isIP(address) === 6 ? 6 : 4).send(datagram, port, address, error => {
        failed ??= error
        if (--waiting === 0) this.#outcome(router, failed)
        if (--this.#pending === 0) this.#closing?.()
      })
    }
  }

  /** Resolves when what was sent has left, and the sockets are closed. */
  async close(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>(resolve => (this.#closing = resolve))
    this.#isClosed = true
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
  }

  #socket(version: 4 | 6): Socket {
    const known = this.#sockets.get(version)
    if (known !== undefined) return known
    const socket = dgram.createSocket(version === 4 ? 'udp4' : 'udp6')
    this.#sockets.set(version, socket)
    // The callback of send has told it; without a listener it would end the process.
    socket.on('error', () => {})
    socket.once('listening', () => {
      if (version === 4) socket.setBroadcast(true)
      socket.setMulticastTTL(this.#options.multicastTtl)
    })
    return socket
  }

  #outcome(router: Router, failed: Error | null): void {
    if (failed === null) this.#troubled.delete(`send ${nameOf(router)}`)
    else this.#trouble('send', router, failed.message)
  }

  #trouble(deed: 'resolve' | 'send', router: Router, problem: string): void {
    const name = `${deed} ${nameOf(router)}`
    if (this.#troubled.has(name)) return
    this.#troubled.add(name)
    this.#options.onTrouble(router, problem)
  }
}

/** "10.0.0.1:4040", "[::1]:4040". */
export function nameOf({ host, port }: Router): string {
  return hostPort(host, port)
}

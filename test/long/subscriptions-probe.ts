// test/long/subscriptions-probe.ts: how long a change takes until traffic shows it, on connections to all gateways.
import dgram from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises' // sleeps: it asks again and again, and leaves others some time
import type { Ends } from './ends.ts'
import { ClientConnection } from './reload-connection.ts'
import { packet } from './subscriptions-crowd.ts'
import { askFor } from './subscriptions-load.ts'

/** Milliseconds; null: it was not seen in time, as datagrams get lost. */
export interface Seen {
  /** From the announcement to the first answer, on the connection where that came last. */
  readonly joinMs: number | null
  /** From the farewell to when the last request was sent that the node still got. */
  readonly leaveMs: number | null
}

const CONNECTIONS = 6
const ASK_EVERY_MS = 2
const LIMIT_MS = 3_000
/** So long nobody was answered: the node is out. */
const QUIET_MS = 300

export class Probe {
  readonly #socket: dgram.Socket
  readonly #port: number
  readonly #udpPort: number
  readonly #nodePort: number
  #count = 0

  private constructor(socket: dgram.Socket, port: number, udpPort: number, nodePort: number) {
    this.#socket = socket
    this.#port = port
    this.#udpPort = udpPort
    this.#nodePort = nodePort
  }

  /** @param nodePort a node that answers every host */
  static async start(ends: Ends, port: number, udpPort: number, nodePort: number): Promise<Probe> {
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    ends.teardown(() => socket.close())
    return new Probe(socket, port, udpPort, nodePort)
  }

  /** A key that never was comes and goes. */
  async look(): Promise<Seen> {
    const key = `probe${this.#count++}.example`
    const lines = Array.from({ length: CONNECTIONS }, () => new Line(this.#port, key))
    try {
      // Connections exist before time counts.
      await Promise.all(lines.map(line => line.isServed()))
      const joinedAt = this.#say('subscribe', key)
      const joins = await Promise.all(lines.map(line => line.firstServed(joinedAt)))
      if (joins.some(ms => ms === null)) return { joinMs: null, leaveMs: null }
      const running = lines.map(line => line.lastServed())
      await pause(ASK_EVERY_MS * 5)
      const leftAt = this.#say('unsubscribe', key)
      const last = await Promise.all(running)
      const leaveMs = last.some(at => at === null) ? null : Math.max(0, ...last.map(at => at! - leftAt))
      return { joinMs: Math.max(...joins.map(ms => ms!)), leaveMs }
    } finally {
      this.#say('unsubscribe', key)
      for (const line of lines) line.close()
    }
  }

  #say(command: 'subscribe' | 'unsubscribe', key: string): number {
    this.#socket.send(packet(command, key, this.#nodePort), this.#udpPort, '127.0.0.1')
    return performance.now()
  }
}

/** A connection that asks for the same key all the time. */
class Line {
  readonly #port: number
  readonly #key: string
  #connection: ClientConnection | null = null

  constructor(port: number, key: string) {
    this.#port = port
    this.#key = key
  }

  async isServed(): Promise<boolean> {
    if (!this.#connection?.isOpen) this.#connection = new ClientConnection(this.#port)
    const outcome = await this.#connection.ask(askFor(this.#key))
    return outcome.kind === 'answer' && outcome.answer.status === 200
  }

  /** @returns milliseconds since then; null when it takes too long */
  async firstServed(sinceMs: number): Promise<number | null> {
    while (performance.now() - sinceMs < LIMIT_MS) {
      if (await this.isServed()) return performance.now() - sinceMs
      await pause(ASK_EVERY_MS)
    }
    return null
  }

  /** @returns when the last request was sent that was served; null when there is no end to them */
  async lastServed(): Promise<number | null> {
    const beganAt = performance.now()
    let lastAt = beganAt
    for (;;) {
      const askedAt = performance.now()
      if (askedAt - beganAt > LIMIT_MS) return null
      if (await this.isServed()) lastAt = askedAt
      else if (askedAt - lastAt > QUIET_MS) return lastAt
      await pause(ASK_EVERY_MS)
    }
  }

  close(): void {
    this.#connection?.close()
  }
}

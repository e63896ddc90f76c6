// test/long/subscriptions-load.ts: the process of the clients: each asks for the keys of its group in turns, at a steady pace,
// and every request that is not answered by 200 is told with its times.
import { setTimeout as pause } from 'node:timers/promises' // sleeps: a load has its pace
import { type Ask, ClientConnection } from './reload-connection.ts'

/** Clients of the same kind. */
export interface Group {
  readonly name: string
  readonly keys: readonly string[]
  readonly clients: number
  /** Milliseconds between the requests of one. */
  readonly everyMs: number
}

/** To this process. */
export type ToLoad =
  | { readonly kind: 'start'; readonly port: number; readonly groups: readonly Group[] }
  /** Tell what was counted since the last look. */
  | { readonly kind: 'look' }
  | { readonly kind: 'stop' }

export interface Failure {
  readonly group: string
  readonly key: string
  /** A status, or a fault of a connection: "503", "reset". */
  readonly what: string
  /** More of it, for readers. */
  readonly text: string
  /** Milliseconds since 1970. */
  readonly beganAt: number
  readonly endedAt: number
}

/** From this process, to each message. */
export interface FromLoad {
  /** Requests by group. */
  readonly requests: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
  /** Of those that were answered by 200: milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** A connection serves so many requests, then the client opens another one: all gateways get some. */
const REQUESTS_EACH = 40
const AT_ONCE = { body: null, pauseMs: 0, headPiece: 0, bodyPiece: 0, readPauseMs: 0 }

/** A GET of the first page of a host. */
export function askFor(key: string): Ask {
  return { ...AT_ONCE, head: `GET / HTTP/1.1\r\nHost: ${key}\r\n\r\n` }
}

/** Comparable between processes. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now()
}

class Load {
  isOver = false
  readonly #port: number
  #requests: Record<string, number> = {}
  #failures: Failure[] = []
  #took: number[] = []

  constructor(port: number) {
    this.#port = port
  }

  /** One of the clients of a group. @param share 0 to 1, so that they do not ask all at once */
  async run({ name, keys, everyMs }: Group, share: number): Promise<void> {
    let connection: ClientConnection | null = null
    let dueAt = performance.now() + everyMs * share
    for (let turn = Math.floor(keys.length * share); !this.isOver; turn++, dueAt += everyMs) {
      await pause(Math.max(0, dueAt - performance.now()))
      dueAt = Math.max(dueAt, performance.now() - everyMs)
      if (connection === null || !connection.isOpen || turn % REQUESTS_EACH === 0) {
        connection?.close()
        connection = new ClientConnection(this.#port)
      }
      await this.#one(connection, name, keys[turn % keys.length]!)
    }
    connection?.close()
  }

  /** What happened since the last look. */
  look(): FromLoad {
    const took = Float64Array.from(this.#took).sort()
    const at = (part: number) => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0
    const seen = {
      requests: this.#requests,
      failures: this.#failures,
      p50: at(0.5),
      p99: at(0.99),
      max: at(1),
    }
    this.#requests = {}
    this.#failures = []
    this.#took = []
    return seen
  }

  async #one(connection: ClientConnection, group: string, key: string): Promise<void> {
    const beganAt = epochMs()
    const outcome = await connection.ask(askFor(key))
    const endedAt = epochMs()
    this.#requests[group] = (this.#requests[group] ?? 0) + 1
    if (outcome.kind === 'fault')
      this.#failures.push({ group, key, what: outcome.fault, text: outcome.text, beganAt, endedAt })
    else if (outcome.answer.status !== 200) {
      const { status, port, body } = outcome.answer
      const text = `node ${port}: ${body.slice(0, 200)}`
      this.#failures.push({ group, key, what: String(status), text, beganAt, endedAt })
    } else this.#took.push(endedAt - beganAt)
  }
}

if (process.argv[1] === import.meta.filename) {
  let load: Load | null = null
  let clients: Promise<unknown> = Promise.resolve()
  process.on('disconnect', () => process.exit())
  process.on('message', async (message: ToLoad) => {
    if (message.kind === 'start') {
      const begun = new Load(message.port)
      load = begun
      clients = Promise.all(
        message.groups.flatMap(group =>
          Array.from({ length: group.clients }, (_, i) => begun.run(group, i / group.clients)),
        ),
      )
    } else if (message.kind === 'stop') {
      load!.isOver = true
      await clients
    }
    process.send?.(load!.look())
    if (message.kind === 'stop') process.disconnect?.()
  })
}

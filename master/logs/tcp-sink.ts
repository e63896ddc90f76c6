// master/logs/tcp-sink.ts: lines over TCP, each ended by a line feed (RFC 6587 section 3.4.2), on a connection
// that is made again, with growing patience, when it is lost.
import { createConnection, type Socket } from 'node:net'
import { Trouble } from '../../stats/line-file.ts'
import { forEachLine, type LogSink, type RemoteOptions, TROUBLE_MS } from './sink.ts'

/** Most that waits for a connection. */
const LIMIT_BYTES = 4 * 1024 * 1024
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 30_000
const CONNECT_MS = 10_000
/** At the end: for what still waits. */
const LAST_MS = 1_000

export class TcpSink implements LogSink {
  readonly isFull = false // a receiver that is away must not hold up the other places
  readonly #options: RemoteOptions
  readonly #trouble: Trouble
  #socket: Socket | null = null
  #isConnected = false
  #text = '' // whole lines
  /** Given to the socket, not taken by the system yet: sent again on the next connection. */
  #inFlight = ''
  #retryMs = FIRST_RETRY_MS
  #timer: NodeJS.Timeout | null = null
  #dropped = 0
  #isClosed = false
  #onIdle: (() => void) | null = null

  constructor(options: RemoteOptions) {
    const { host, port, onTrouble } = options
    this.#options = options
    this.#trouble = new Trouble(`log to ${host}:${port} (TCP)`, onTrouble, TROUBLE_MS)
    this.#connect()
  }

  get dropped(): number {
    return this.#dropped
  }

  write(lines: string): void {
    forEachLine(lines, line => this.#add(`${this.#options.frame(line)}\n`))
    this.#send()
  }

  onceRoom(callback: () => void): void {
    callback()
  }

  reopen(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#text !== '' || this.#inFlight !== '') {
      const idle = Promise.withResolvers<void>()
      this.#onIdle = idle.resolve
      const patience = setTimeout(idle.resolve, LAST_MS)
      await idle.promise
      clearTimeout(patience)
    }
    if (this.#timer !== null) clearTimeout(this.#timer)
    forEachLine(this.#inFlight + this.#text, () => this.#dropped++)
    if (this.#inFlight + this.#text !== '') this.#trouble.tell('it was away at the end', this.#dropped)
    this.#trouble.end()
    const socket = this.#socket
    this.#socket = null
    socket?.end()
    socket?.unref()
  }

  lastWords(): void {}

  #add(line: string): void {
    if (this.#isClosed) this.#lose('it is closed')
    else if (this.#text.length + this.#inFlight.length + line.length <= LIMIT_BYTES) this.#text += line
    else this.#lose(this.#isConnected ? 'it takes lines too slowly' : 'it cannot be reached')
  }

  #connect(): void {
    const { host, port } = this.#options
    this.#timer = null
    const socket = createConnection({ host, port, noDelay: true, keepAlive: true })
    this.#socket = socket
    const patience = setTimeout(() => socket.destroy(new Error('timed out')), CONNECT_MS).unref()
    let reason = 'it was closed by the other side'
    socket.unref()
    socket.resume() // nothing is said to us; its end must be noticed
    socket.on('connect', () => {
      clearTimeout(patience)
      this.#isConnected = true
      this.#retryMs = FIRST_RETRY_MS
      this.#send()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = `it cannot be reached (${error.code ?? error.message})`
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(patience)
      if (this.#socket === socket) this.#lost(reason)
    })
  }

  #lost(reason: string): void {
    this.#socket = null
    this.#isConnected = false
    this.#text = this.#inFlight + this.#text
    this.#inFlight = ''
    if (this.#isClosed) return
    this.#trouble.tell(reason, this.#dropped)
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs).unref()
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2)
  }

  // One batch at a time, so that it is known what a connection that is lost did not take.
  #send(): void {
    const socket = this.#socket
    if (socket === null || !this.#isConnected || this.#inFlight !== '' || this.#text === '') return
    this.#inFlight = this.#text
    this.#text = ''
    socket.write(Buffer.from(this.#inFlight, 'latin1'), error => {
      if (error || this.#socket !== socket) return
      this.#inFlight = ''
      if (this.#text === '') this.#onIdle?.()
      this.#send()
    })
  }

  #lose(why: string): void {
    this.#dropped++
    this.#trouble.tell(why, this.#dropped)
  }
}

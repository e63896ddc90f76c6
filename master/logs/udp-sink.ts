// master/logs/udp-sink.ts: a datagram per line: syslog, or plain lines. UDP promises nothing: what the system
// refuses is counted as lost, what gets lost on the way nobody knows.
import { createSocket, type Socket } from 'node:dgram'
import { Trouble } from '../../stats/line-file.ts'
import { forEachLine, type LogSink, type RemoteOptions, TROUBLE_MS } from './sink.ts'

/** Lines that the system has not taken yet. */
const MOST_WAITING = 4096
/** A name is looked up, and a refusal forgotten, at most this often. */
const RETRY_MS = 5_000

export class UdpSink implements LogSink {
  readonly isFull = false // whoever waited would wait for nothing
  readonly #options: RemoteOptions
  readonly #trouble: Trouble
  #socket: Socket | null = null
  #isConnected = false
  #retriesAt = 0
  #early: string[] = [] // until the name is known
  #waiting = 0
  #dropped = 0
  #isClosed = false
  #onIdle: (() => void) | null = null

  constructor(options: RemoteOptions) {
    const { host, port, onTrouble } = options
    this.#options = options
    this.#trouble = new Trouble(`log to ${host}:${port} (UDP)`, onTrouble, TROUBLE_MS)
    this.#connect()
  }

  get dropped(): number {
    return this.#dropped
  }

  write(lines: string): void {
    forEachLine(lines, line => this.#send(this.#options.frame(line)))
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
    if (this.#early.length > 0 || this.#waiting > 0) {
      const idle = Promise.withResolvers<void>()
      this.#onIdle = idle.resolve
      const patience = setTimeout(idle.resolve, 1000)
      await idle.promise
      clearTimeout(patience)
    }
    this.#trouble.end()
    this.#drop()
  }

  lastWords(): void {}

  // A connected socket has its name looked up once, and hears that nobody listens.
  #connect(): void {
    const { host, port } = this.#options
    const family = host.includes(':') ? 'udp6' : 'udp4'
    const socket = createSocket({ type: family })
    this.#socket = socket
    this.#retriesAt = Date.now() + RETRY_MS
    socket.unref()
    socket.on('error', error => this.#failed(socket, error))
    socket.connect(port, host, (error?: Error) => {
      if (error) this.#failed(socket, error)
      else if (this.#socket === socket) this.#connected()
    })
  }

  #connected(): void {
    this.#isConnected = true
    for (const text of this.#early.splice(0)) this.#send(text)
  }

  #failed(socket: Socket, error: NodeJS.ErrnoException): void {
    if (this.#socket !== socket) return
    const { code = error.message } = error
    // A datagram came back. The next one may be taken: the socket stays.
    if (code === 'ECONNREFUSED' && this.#isConnected) return this.#lose(1, `it cannot be reached (${code})`)
    this.#drop()
    this.#lose(this.#early.splice(0).length, `it cannot be reached (${code})`)
    this.#settle()
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    this.#isConnected = false
    try {
      socket?.close()
    } catch {
      // not open any more
    }
  }

  #send(text: string): void {
    if (this.#socket === null && !this.#isClosed && Date.now() >= this.#retriesAt) this.#connect()
    if (this.#socket === null) return this.#lose(1, 'it cannot be reached')
    if (this.#early.length + this.#waiting >= MOST_WAITING) return this.#lose(1, 'it takes lines too slowly')
    if (!this.#isConnected) {
      this.#early.push(text)
      return
    }
    this.#waiting++
    this.#socket.send(Buffer.from(text, 'latin1'), error => {
      this.#waiting--
      if (error) this.#lose(1, `it cannot be reached (${(error as NodeJS.ErrnoException).code})`)
      this.#settle()
    })
  }

  #settle(): void {
    if (this.#waiting === 0 && this.#early.length === 0) this.#onIdle?.()
  }

  #lose(lines: number, why: string): void {
    if (lines === 0) return
    this.#dropped += lines
    this.#trouble.tell(why, this.#dropped)
  }
}

// test/long/reload-connection.ts: a client's connection that tells precisely how a request ended, byte for byte its own.
import { createHash, type Hash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
// sleeps: a slow client is slow by the clock
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from './reload-tally.ts'

export interface Ask {
  /** With the empty line. */
  readonly head: string
  readonly body: Buffer | null
  /** Milliseconds between pieces; 0: all in one write. */
  readonly pauseMs: number
  /** Bytes of a piece, of head and body alike; 0: the head in one. */
  readonly headPiece: number
  readonly bodyPiece: number
  /** Milliseconds without reading after each read. */
  readonly readPauseMs: number
}

export interface Answer {
  readonly status: number
  /** Port of the node that says it answered. */
  readonly port: number
  readonly length: number
  /** The body when it is short, else its SHA-1. */
  readonly body: string
}

export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly text: string }

const LIMIT_MS = 20_000
const SHORT_BYTES = 4096
const EMPTY: Buffer = Buffer.alloc(0)

/** One request at a time. */
export class ClientConnection {
  /** Another request may be sent: nobody has closed it, and nobody said so. */
  isOpen = true
  readonly #socket: Socket
  #isConnected = false
  #answers = 0
  #trouble = ''
  #ask: Ask | null = null
  #settle: (outcome: Outcome) => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #head = EMPTY
  #reader: BodyReader | null = null

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket
      .on('connect', () => {
        this.#isConnected = true
      })
      .on('data', (bytes: Buffer) => this.#read(bytes))
      .on('end', () => this.#lost('FIN'))
      .on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.message))
      .on('close', () => this.#lost('close'))
  }

  ask(ask: Ask): Promise<Outcome> {
    this.#ask = ask
    this.#head = EMPTY
    this.#reader = null
    this.#timer = setTimeout(() => {
      this.#fail('time-out', `no whole answer after ${LIMIT_MS} ms; ${this.#progress()}`)
    }, LIMIT_MS)
    return new Promise(resolve => {
      this.#settle = resolve
      if (ask.pauseMs > 0) void this.#trickle(ask)
      else {
        this.#socket.write(ask.head, 'latin1')
        if (ask.body !== null) this.#socket.write(ask.body)
      }
    })
  }

  close(): void {
    this.isOpen = false
    this.#socket.destroy()
  }

  async #trickle({ head, body, headPiece, bodyPiece, pauseMs }: Ask): Promise<void> {
    const headBytes = Buffer.from(head, 'latin1')
    for (const piece of [
      ...pieces(headBytes, headPiece || headBytes.length),
      ...(body === null ? [] : pieces(body, bodyPiece)),
    ]) {
      if (this.#socket.destroyed) return
      this.#socket.write(piece)
      await pause(pauseMs)
    }
  }

  #read(bytes: Buffer): void {
    if (this.#ask === null) {
      this.close()
      return
    }
    if (this.#reader === null) {
      this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#reader = new BodyReader(this.#head.toString('latin1', 0, end + 2))
      this.#reader.take(this.#head.subarray(end + 4))
    } else this.#reader.take(bytes)
    if (this.#reader.isWhole) this.#finish(this.#reader)
    else if (this.#ask.readPauseMs > 0) this.#rest(this.#ask.readPauseMs)
  }

  #rest(ms: number): void {
    this.#socket.pause()
    setTimeout(() => this.#socket.resume(), ms)
  }

  #finish(reader: BodyReader): void {
    this.#answers++
    if (reader.closes) this.close()
    this.#end({ kind: 'answer', answer: reader.answer() })
  }

  // Called up to three times; only the first one says why.
  #lost(trouble: string): void {
    this.isOpen = false
    this.#trouble ||= trouble
    if (this.#ask === null) return
    const text = `${this.#trouble}; ${this.#progress()}`
    if (!this.#isConnected) this.#fail('refused', text)
    else if (this.#head.length > 0) this.#fail('cut', text)
    else if (this.#answers > 0) this.#fail('closed under a request', text)
    else this.#fail(this.#trouble === 'FIN' ? 'cut' : 'reset', text)
  }

  #fail(fault: Fault, text: string): void {
    this.close()
    this.#end({ kind: 'fault', fault, text })
  }

  #end(outcome: Outcome): void {
    clearTimeout(this.#timer)
    this.#ask = null
    this.#settle(outcome)
  }

  #progress(): string {
    const got =
      this.#reader === null ? `${this.#head.length} bytes of a head` : `${this.#reader.length} bytes`
    return `request ${this.#answers + 1} on its connection, ${got} of its answer, sent ${this.#socket.bytesWritten}`
  }
}

/** The body of an answer, framed as its head says: by length or in chunks. */
class BodyReader {
  readonly closes: boolean
  isWhole = false
  length = 0
  readonly #status: number
  readonly #port: number
  readonly #expected: number
  readonly #isChunked: boolean
  #kept = EMPTY
  #hash: Hash | null = null
  #chunked = ''

  constructor(head: string) {
    this.#status = Number(head.slice(9, 12))
    this.#port = Number(/\r\nx-port: (\d+)\r\n/i.exec(head)?.[1] ?? -1)
    this.#expected = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0)
    this.#isChunked = /\r\ntransfer-encoding: chunked\r\n/i.test(head)
    this.closes = /\r\nconnection: close\r\n/i.test(head) || head.startsWith('HTTP/1.0')
    if (this.#expected > SHORT_BYTES) this.#hash = createHash('sha1')
    this.isWhole = !this.#isChunked && this.#expected === 0
  }

  take(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.length += bytes.length
    // Only error pages come in chunks here: what counts is where they end.
    if (this.#isChunked) {
      this.#chunked += bytes.toString('latin1')
      this.isWhole = this.#chunked.endsWith('0\r\n\r\n')
      return
    }
    if (this.#hash === null) this.#kept = Buffer.concat([this.#kept, bytes])
    else this.#hash.update(bytes)
    this.isWhole = this.length >= this.#expected
  }

  answer(): Answer {
    const body = this.#hash?.digest('hex') ?? (this.#chunked || this.#kept.toString('latin1'))
    return { status: this.#status, port: this.#port, length: this.length, body }
  }
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

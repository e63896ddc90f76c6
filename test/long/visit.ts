// test/long/visit.ts: a client that says something, hears something, and leaves as it likes, politely or not.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const LONGEST_MS = 10_000
const MOST_KEPT = 65_536

/** One connection. */
export class Visit {
  readonly #tcp: Socket
  readonly #socket: Socket
  #said = ''
  #isOver = false
  #wake: () => void = () => {}

  constructor(port: number, isTls: boolean) {
    this.#tcp = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket = isTls ? connectTls({ socket: this.#tcp, rejectUnauthorized: false }) : this.#tcp
    const over = (): void => {
      this.#isOver = true
      this.#wake()
    }
    for (const socket of new Set([this.#tcp, this.#socket])) socket.on('error', over).on('close', over)
    this.#socket
      .setEncoding('latin1')
      .on('end', over)
      .on('data', text => {
        if (this.#said.length < MOST_KEPT) this.#said += text
        this.#wake()
      })
  }

  /** Latin-1. */
  send(text: string): void {
    if (text !== '') this.#socket.write(text, 'latin1')
  }

  /** Resolves once something came that will do, or the connection is over. @returns all that came */
  async heard(willDo: (said: string) => boolean): Promise<string> {
    const timer = setTimeout(() => this.#tcp.destroy(), LONGEST_MS)
    while (!this.#isOver && !(this.#said !== '' && willDo(this.#said))) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    clearTimeout(timer)
    return this.#said
  }

  /** Everything up to the end. */
  async all(): Promise<string> {
    const said = await this.heard(() => false)
    this.leave('FIN')
    return said
  }

  leave(how: 'FIN' | 'RST'): void {
    if (how === 'FIN') this.#socket.destroy()
    else this.#tcp.resetAndDestroy()
  }
}

// test/long/reload-tunnel.ts: a client with a WebSocket that has to live on, whatever is reloaded.
import { connect, type Socket } from 'node:net'
// sleeps: a message now and then, by the clock
import { setTimeout as pause } from 'node:timers/promises'
import type { LoadState } from './reload-clients.ts'

const EVERY_MS = 200
const LIMIT_MS = 10_000
const UPGRADE = [
  'GET /http/tunnel HTTP/1.1',
  'Host: reload.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].join('\r\n')

/** One tunnel from the first to the last second, with a message every 200 ms that has to come back. */
export async function webSocket(state: LoadState): Promise<void> {
  const tunnel = await openTunnel(state.plan.port)
  let messages = 0
  while (!state.areTunnelsOver) {
    const { phase } = state.tally
    const trouble = await tunnel.echo(`message ${messages++}\n`)
    if (trouble !== null) {
      state.tally.failed('WebSocket', phase, 'cut', `message ${messages}: ${trouble}`)
      return
    }
    state.tally.served('WebSocket', phase, null)
    await pause(EVERY_MS)
  }
  tunnel.close()
}

// The uwsgi node refuses; the next turn is the http node's.
async function openTunnel(port: number): Promise<Tunnel> {
  for (let attempt = 0; attempt < 8; attempt++) {
    const tunnel = new Tunnel(connect({ port, host: '127.0.0.1', noDelay: true }))
    const trouble = await tunnel.exchange(`${UPGRADE}\r\n\r\n`, got => got.includes('\r\n\r\n'))
    if (trouble === null && tunnel.got.startsWith('HTTP/1.1 101 ')) return tunnel
    tunnel.close()
  }
  throw new Error('no WebSocket could be opened')
}

class Tunnel {
  got = ''
  readonly #socket: Socket
  #trouble: string | null = null
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1').on('data', text => {
      this.got += text
      this.#wake()
    })
    socket.on('end', () => this.#lost('FIN'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.message))
  }

  /** @returns what went wrong */
  echo(text: string): Promise<string | null> {
    return this.exchange(text, got => got === text)
  }

  async exchange(text: string, isWhole: (got: string) => boolean): Promise<string | null> {
    this.got = ''
    this.#socket.write(text)
    const timer = setTimeout(() => this.#lost(`no echo after ${LIMIT_MS} ms`), LIMIT_MS)
    while (this.#trouble === null && !isWhole(this.got)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    clearTimeout(timer)
    return this.#trouble
  }

  close(): void {
    this.#socket.destroy()
  }

  #lost(trouble: string): void {
    this.#trouble ??= trouble
    this.#wake()
  }
}

// test/gateway/flood.ts: crowds of clients that are a burden, for tests and long runs: those that send a byte now and then,
// and those that connect and go.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** How the slow ones fared. */
export interface Slow {
  /** Connections by what they were told in the end: a status, or '' where they were closed without a word. */
  readonly told: Readonly<Record<string, number>>
  /** Milliseconds from its first byte to the end of the connection that lived longest. */
  readonly longestMs: number
}

export interface SlowPlan {
  readonly port: number
  readonly count: number
  /** What each sends at once; then a byte of its own every `everyMs`. */
  readonly text: string
  readonly everyMs: number
  /** Called once all are connected and have sent their first bytes. */
  readonly allIn?: () => void
}

/** As many are being opened at a time: fewer than any queue of connections not accepted yet. */
const AT_ONCE = 64
/** Of those that send in turns: a timer each would cost more than what it sends. */
const GROUPS = 10

/** Resolves once the gateway has closed every one of them. */
export async function sendSlowly({ port, count, text, everyMs, allIn }: SlowPlan): Promise<Slow> {
  const open = new Set<Socket>()
  const told: Record<string, number> = {}
  let longestMs = 0
  const ends: Promise<void>[] = []
  const openOne = async (i: number): Promise<void> => {
    const socket = await connectFrom(port, i)
    const begunAt = performance.now()
    let said = ''
    socket.setEncoding('latin1').on('data', piece => {
      said += piece
    })
    open.add(socket)
    socket.write(text)
    ends.push(
      new Promise(resolve => {
        const over = (): void => {
          if (!open.delete(socket)) return
          socket.destroy()
          longestMs = Math.max(longestMs, performance.now() - begunAt)
          const status = said.slice(9, 12)
          told[status] = (told[status] ?? 0) + 1
          resolve()
        }
        socket.on('end', over).on('close', over)
      }),
    )
  }
  let turn = 0
  const timer = setInterval(() => {
    let i = turn++ % GROUPS
    for (const socket of open) if (i++ % GROUPS === 0) socket.write('x')
  }, everyMs / GROUPS)
  await inTurns(count, openOne)
  allIn?.()
  await Promise.all(ends)
  clearInterval(timer)
  return { told, longestMs }
}

const LEAVINGS: readonly ((socket: Socket) => unknown)[] = [
  socket => socket.destroy(),
  socket => socket.resetAndDestroy(),
  socket => socket.end('GET / HT', () => socket.destroy()),
  socket => socket.write('GET / HT', () => socket.resetAndDestroy()),
]

/** Opens and drops connections as fast as they come, each fourth in the same way. */
export function openAndDrop(port: number, count: number): Promise<void> {
  return inTurns(count, async i => {
    const socket = await connectFrom(port, i)
    LEAVINGS[i % LEAVINGS.length]!(socket)
    await new Promise(resolve => socket.once('close', resolve))
  })
}

async function inTurns(count: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

// From many addresses, as an address has no more than some 28,000 ports.
async function connectFrom(port: number, i: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (i % 200)}`, noDelay: true })
  socket.on('error', () => {}) // 'close' follows
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  return socket
}

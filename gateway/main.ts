// gateway/main.ts: a gateway process: sockets by inheritance, pictures by message, traffic until told to stop.
// Started by the master, never by hand.
import type { ToGateway, ToMaster } from '../base/messages.ts'
import type { Picture } from '../base/picture.ts'
import { onDefect } from './boundary.ts'
import { Gateway } from './gateway.ts'

/** Without a master nobody replaces or stops us: finish quickly. */
const ORPHAN_GRACE_MS = 3_000
/** After an unexpected error nothing can be trusted for long. */
const CRASH_GRACE_MS = 5_000
const MOST_EVENTS_A_SECOND = 20

let gateway: Gateway | null = null
let events = 0
let suppressed = 0

process.title = 'sluice: gateway'
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR2', 'SIGPIPE'] as const) {
  process.on(signal, () => {}) // the master decides, also when a terminal signals the whole group
}
process.on('message', (message: ToGateway) => receive(message))
process.on('disconnect', () => end(ORPHAN_GRACE_MS, 0))
process.on('uncaughtException', error => crash(error))
process.on('unhandledRejection', error => crash(error))
onDefect((place, error, count) => tell('error', 'defect', { place, count, stack: stackOf(error) }))
setInterval(countEvents, 1_000).unref()

function receive(message: ToGateway): void {
  if (message.kind === 'picture') {
    if (gateway === null) void begin(message.picture)
    else gateway.apply(message.picture)
  } else if (message.kind === 'stop') end(message.graceMs, 0)
}

async function begin(picture: Picture): Promise<void> {
  try {
    gateway = new Gateway(picture, tell)
    await gateway.start()
    send({ kind: 'ready' })
  } catch (error) {
    send({ kind: 'failed', problem: error instanceof Error ? error.message : String(error) })
    end(0, 1)
  }
}

/** A second call can only shorten the grace. */
function end(graceMs: number, code: number): void {
  setTimeout(() => process.exit(code), graceMs + 1_000).unref()
  const stopped = gateway === null ? Promise.resolve() : gateway.stop(graceMs)
  void stopped.finally(() => process.exit(code))
}

function crash(error: unknown): void {
  tell('error', 'unexpected error: this gateway ends and is replaced', { stack: stackOf(error) })
  end(CRASH_GRACE_MS, 1)
}

// What traffic causes can come by the thousand: beyond a few lines a second only their number is told.
function tell(level: 'info' | 'warn' | 'error', text: string, fields: Record<string, string | number>): void {
  if (++events > MOST_EVENTS_A_SECOND) suppressed++
  else send({ kind: 'event', level, text, fields })
}

function countEvents(): void {
  events = 0
  if (suppressed === 0) return
  send({ kind: 'event', level: 'warn', text: 'more events were not told', fields: { count: suppressed } })
  suppressed = 0
}

function send(message: ToMaster): void {
  if (process.connected) process.send?.(message)
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

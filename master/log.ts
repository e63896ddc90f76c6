// master/log.ts: the event log: one line per event on stderr, for people on a terminal, as JSON elsewhere.
import { type Logger, pino } from 'pino'

/** `log.warn({ code, node, ... }, 'node has no address')`: fixed text, values as fields, never a secret. */
export type Log = Logger

/** Where lines go; a part of process.stderr, so that tests can hand in their own. */
export interface LogStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** @param stream written to at once and in order, so that the last words before an exit are seen */
export function createLog(stream: LogStream = process.stderr): Log {
  const destination = stream.isTTY ? { write: (line: string) => stream.write(humanLine(line)) } : stream
  return pino(
    {
      level: process.env.SLUICE_DEBUG ? 'debug' : 'info',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: line => void destination.write(line) },
  )
}

/** "12:00:01 warn  gateway died  gateway=1 signal=SIGKILL" from pino's JSON line. */
export function humanLine(line: string): string {
  const { level, time, pid: _pid, msg, err, ...fields } = JSON.parse(line)
  const clock = new Date(time).toTimeString().slice(0, 8)
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`)
  if (err) rest.push(` ${err.message}`)
  const stack = err && process.env.SLUICE_DEBUG ? `\n${err.stack}` : ''
  return `${clock} ${String(level).padEnd(5)} ${msg}${rest.length ? ` ${rest.join('')}` : ''}${stack}\n`
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text)
}

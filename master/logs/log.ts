// master/logs/log.ts: the event log: one line per event, for people on a terminal, as JSON elsewhere.
import { type Logger, pino } from 'pino'
import { SecondText } from '../../stats/log-dates.ts'
import { strftime } from '../../stats/strftime.ts'

/** `log.warn({ code, node, ... }, 'node has no address')`: fixed text, values as fields, never a secret. */
export type Log = Logger

/** Where lines go; a part of process.stderr, so that tests can hand in their own. */
export interface LogStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** @param stream written to at once and in order, so that the last words before an exit are seen */
export function createLog(stream: LogStream = process.stderr): Log {
  const toHuman = humanLines(null)
  return eventLog('info', stream.isTTY ? line => stream.write(toHuman(line)) : line => stream.write(line))
}

/** @param write gets each event as a JSON object with its line feed */
export function eventLog(level: LogLevel, write: (line: string) => unknown): Log {
  return pino(
    {
      level: levelOf(level),
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: line => void write(line) },
  )
}

/** The level in force: SLUICE_DEBUG shows everything. */
export function levelOf(level: LogLevel): LogLevel {
  return process.env.SLUICE_DEBUG ? 'debug' : level
}

/** "12:00:01 warn  gateway died  gateway=1 signal=SIGKILL" from pino's JSON line. */
export function humanLine(line: string): string {
  return humanLines(null)(line)
}

/**
 * A function that turns pino's JSON lines into lines for people.
 *
 * @param date form of the time in front, as for strftime, with " - " behind it; null: the time of day
 */
export function humanLines(date: string | null): (line: string) => string {
  const dates = new SecondText(strftime(date ?? '%H:%M:%S'))
  const joint = date === null ? ' ' : ' - '
  return line => {
    const { level, time, pid: _pid, msg, err, ...fields } = JSON.parse(line)
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`)
    if (err) rest.push(` ${visible(String(err.message))}`)
    const stack = err && process.env.SLUICE_DEBUG ? `\n${err.stack}` : ''
    const start = `${dates.at(Date.parse(time))}${joint}${String(level).padEnd(5)}`
    return `${start} ${visible(String(msg))}${rest.length ? ` ${rest.join('')}` : ''}${stack}\n`
  }
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return visible(/^[^\s"]+$/.test(text) ? text : JSON.stringify(text))
}

// A terminal obeys control characters, and values may hold anything.
function visible(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

// stats/log-formats.ts: the access log's three kinds of line. Each is one line of printable ASCII with its line feed.
import type { AccessLogFormat } from '../base/picture.ts'
import type { AccessEntry } from './access-log.ts'
import { commonLogTime, ctime, isoSecond, SecondText } from './log-dates.ts'
import { inJson, quoted, word } from './log-escape.ts'

/**
 * @param micros durations of uWSGI's line in microseconds
 * @returns a function that makes one line of each entry; each call gives one with a counter of its own
 */
export function formatter(format: AccessLogFormat, micros = false): (entry: AccessEntry) => string {
  switch (format) {
    case 'uwsgi':
      return uwsgiFormatter(micros)
    case 'combined':
      return combinedFormatter()
    case 'json':
      return jsonFormatter()
  }
}

/**
 * uWSGI's default request line, then what is ours:
 *
 *     [pid: 71|app: -1|req: 5/5] 10.0.0.9 () {28 vars in 309 bytes} [Sat Nov 21 02:19:02 2026] GET / => generated
 *     4 bytes in 0 msecs (HTTP/1.1 200) 1 headers in 45 bytes (0 switches on core 0) id ID node NODE tries 1
 *
 * `app` is -1, uWSGI's word for none; `req` counts this gateway's lines.
 */
function uwsgiFormatter(micros: boolean): (entry: AccessEntry) => string {
  const dates = new SecondText(ctime)
  const start = `[pid: ${process.pid}|app: -1|req: `
  const [perMs, unit] = micros ? [1000, 'micros'] : [1, 'msecs']
  let count = 0
  return entry => {
    count++
    return (
      `${start}${count}/${count}] ${word(entry.client)} (${word(entry.user)}) {${entry.vars} vars in ${entry.varBytes} bytes} ` +
      `[${dates.at(entry.startedAt)}] ${word(entry.method)} ${word(entry.target)} => ` +
      `generated ${entry.bodyBytes} bytes in ${Math.floor(entry.durationMs * perMs)} ${unit} ` +
      `(${word(entry.proto)} ${entry.status}) ${Math.max(0, entry.headers)} headers in ${entry.headBytes} bytes ` +
      `(0 switches on core 0) id ${word(entry.id)} node ${word(entry.node)} tries ${entry.tries}\n`
    )
  }
}

// What nginx writes for a client that left: readers of this format want three digits.
const CLIENT_LEFT = '499'

/** Apache's combined log format: bytes are the body's, '-' for none. */
function combinedFormatter(): (entry: AccessEntry) => string {
  const dates = new SecondText(commonLogTime)
  return entry => {
    const request =
      entry.method === '' ? '-' : `${quoted(entry.method)} ${quoted(entry.target)} ${quoted(entry.proto)}`
    return (
      `${word(entry.client)} - ${entry.user === '' ? '-' : word(entry.user)} [${dates.at(entry.startedAt)}] "${request}" ` +
      `${entry.status === 0 ? CLIENT_LEFT : entry.status} ${entry.bodyBytes === 0 ? '-' : entry.bodyBytes} ` +
      `"${entry.referer === '' ? '-' : quoted(entry.referer)}" ` +
      `"${entry.userAgent === '' ? '-' : quoted(entry.userAgent)}"\n`
    )
  }
}

/** One JSON object: `time` in UTC, `ms` the duration in milliseconds, `status` 0 when the client left. */
function jsonFormatter(): (entry: AccessEntry) => string {
  const dates = new SecondText(isoSecond)
  return entry =>
    `{"id":"${inJson(entry.id)}","time":"${dates.at(entry.startedAt)}.${thousandths(entry.startedAt)}Z",` +
    `"client":"${inJson(entry.client)}","method":"${inJson(entry.method)}","target":"${inJson(entry.target)}",` +
    `"host":"${inJson(entry.host)}","proto":"${inJson(entry.proto)}","status":${entry.status},` +
    `"bytes":${entry.bodyBytes},"request_bytes":${entry.requestBytes},"node":"${inJson(entry.node)}",` +
    `"tries":${entry.tries},"ms":${threeDecimals(entry.durationMs)},` +
    `"referer":"${inJson(entry.referer)}","user_agent":"${inJson(entry.userAgent)}"}\n`
}

const THOUSANDTHS = Array.from({ length: 1000 }, (_, ms) => String(ms).padStart(3, '0'))

// Printing a fraction costs more than two whole numbers.
function threeDecimals(ms: number): string {
  const micros = Math.round(ms * 1000)
  return `${Math.floor(micros / 1000)}.${THOUSANDTHS[micros % 1000]}`
}

function thousandths(ms: number): string {
  return THOUSANDTHS[Math.floor(ms) % 1000]!
}

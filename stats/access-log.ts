// stats/access-log.ts: one line per exchange: which exchanges, in which form, to which file. It runs inside each gateway,
// so it never makes an exchange wait.
import type { AccessLogFilter, AccessLogFormat } from '../base/picture.ts'
import { LineFile } from './line-file.ts'
import { formatter } from './log-formats.ts'
import { templateLine } from './log-template.ts'

/**
 * What a line tells of one exchange. A gateway keeps one such object and fills it anew each time. Texts are the
 * bytes that came, one character a byte, not escaped.
 */
export interface AccessEntry {
  id: string
  /** The client's address, behind trusted proxies. */
  client: string
  /** '' when the request could not be read. */
  method: string
  target: string
  /** "HTTP/1.1" */
  proto: string
  /** These three: '' when absent, or when the lines do not need them ({@link LineNeeds}). */
  host: string
  referer: string
  userAgent: string
  /** 0: the client left before an answer. */
  status: number
  /** Sent to the client. */
  headBytes: number
  bodyBytes: number
  /** Received of the request's body. */
  requestBytes: number
  /** Variables in the packet for a uwsgi node, and its size; 0 for other nodes. */
  vars: number
  varBytes: number
  /** '-' when none was chosen. */
  node: string
  /** Nodes tried. */
  tries: number
  /** When the request began, in ms since 1970. */
  startedAt: number
  /** With fractions. */
  durationMs: number
  /** Fields of the answer's head, -1 when not counted. */
  headers: number
  /** The answer did not reach the client whole. */
  hasFailed: boolean
  /** Of the variables that the lines need, '' when absent. */
  values: readonly string[]
  /** Who the client proved to be; '' when nobody asked. */
  user: string
  /** What route rules noted for the log (logvar), by name; null: nothing. */
  noted: ReadonlyMap<string, string> | null
}

export interface AccessLogOptions {
  /** Path, or '-' for standard output. */
  readonly file: string
  readonly format: AccessLogFormat
  /** Overrides the format: text with %(name) in it. */
  readonly template?: string | null
  /** Form of %(ftime); null: as %(ltime). */
  readonly strftime?: string | null
  /** Durations of uWSGI's own line in microseconds. */
  readonly micros?: boolean
  /** null: every exchange; else those that one of these holds for. */
  readonly only?: AccessLogFilter | null
  /** Number of this gateway, from 1: %(wid). */
  readonly gateway?: number
  /** These: see {@link LineFile}. */
  readonly mode?: number
  readonly flushMs?: number
  readonly flushBytes?: number
  readonly limitBytes?: number
  readonly onTrouble?: (text: string, dropped: number) => void
  readonly troubleMs?: number
}

/** What lines show of a request beside what every entry holds: read out only then. */
export interface LineNeeds {
  /** The fields `host`, `referer` and `userAgent`. */
  readonly hasCommon: boolean
  /** CGI names, in the order of {@link AccessEntry.values}. */
  readonly variables: readonly string[]
}

export class AccessLog {
  readonly needs: LineNeeds
  readonly #file: LineFile
  readonly #toLine: (entry: AccessEntry) => string
  readonly #only: AccessLogFilter | null

  constructor(options: AccessLogOptions) {
    const { file, format, template = null, strftime = null, micros = false, gateway = 0 } = options
    const line =
      template === null
        ? { toLine: formatter(format, micros), needs: { hasCommon: format !== 'uwsgi', variables: [] } }
        : templateLine(template, strftime, gateway)
    this.needs = line.needs
    this.#toLine = line.toLine
    this.#only = options.only ?? null
    const name = `access log ${file === '-' ? 'standard output' : file}`
    this.#file = new LineFile({ ...options, name })
  }

  /** Lines lost so far: to errors, or to a file that was too slow. */
  get dropped(): number {
    return this.#file.dropped
  }

  /** Whether this exchange gets a line; decided by its status, sizes and duration alone. */
  wants(entry: AccessEntry): boolean {
    return this.#only === null || isWanted(this.#only, entry)
  }

  /** Adds a line. @param entry read during the call only */
  write(entry: AccessEntry): void {
    const line = this.#toLine(entry)
    const limit = this.#file.pieceBytes
    this.#file.write(line.length <= limit ? line : this.#shorter(entry, limit))
  }

  /** Opens the path again. Resolves when nothing more goes to the old file. */
  reopen(): Promise<void> {
    return this.#file.reopen()
  }

  /** Resolves when every line given so far is in the file, or lost. Never rejects. */
  flush(): Promise<void> {
    return this.#file.flush()
  }

  /** Flushes and closes. Twice is harmless; lines given later are lost, and counted. */
  close(): Promise<void> {
    return this.#file.close()
  }

  #shorter(entry: AccessEntry, limit: number): string {
    const line = this.#toLine(shortened(entry))
    return line.length <= limit ? line : `${line.slice(0, limit - 4)}...\n`
  }
}

function isWanted(only: AccessLogFilter, { status, durationMs, bodyBytes, hasFailed }: AccessEntry): boolean {
  return (
    (only.clientErrors && status >= 400 && status < 500) ||
    (only.serverErrors && status >= 500) ||
    (only.slowMs !== null && durationMs >= only.slowMs) ||
    (only.bigBytes !== null && bodyBytes >= only.bigBytes) ||
    (only.empty && bodyBytes === 0) ||
    (only.ioErrors && hasFailed)
  )
}

// 6 bytes is the longest escape, so five such fields stay below 4 KB with all the rest.
const SHORTENED = 100

// A pipe takes only so much in one piece; of a line that is longer, the client's texts are cut.
function shortened(entry: AccessEntry): AccessEntry {
  return {
    ...entry,
    method: cut(entry.method),
    target: cut(entry.target),
    host: cut(entry.host),
    referer: cut(entry.referer),
    userAgent: cut(entry.userAgent),
    client: cut(entry.client),
    values: entry.values.map(cut),
  }
}

function cut(text: string): string {
  return text.length <= SHORTENED ? text : `${text.slice(0, SHORTENED - 3)}...`
}

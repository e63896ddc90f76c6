// stats/access-log.ts: one line per exchange, gathered in memory and appended to a file in batches of whole lines.
// It runs inside each gateway, so it never makes an exchange wait: what the disk does not take in time is dropped
// and counted.
import type { AccessLogFormat } from '../base/picture.ts'
import { AppendFile } from './append-file.ts'
import { formatter } from './log-formats.ts'

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
  /** These three: '' when absent, or when the format does not need them ({@link needsHeaders}). */
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
}

export interface AccessLogOptions {
  /** Path, or '-' for standard output. */
  readonly file: string
  readonly format: AccessLogFormat
  /** Longest time a line waits in memory. Default 1,000. */
  readonly flushMs?: number
  /** A batch of this size leaves at once. Default 64 KB. */
  readonly flushBytes?: number
  /** Most that may wait while the file takes nothing. Default 4 MB. */
  readonly limitBytes?: number
  /** Told when lines are lost, at most once in `troubleMs`. @param dropped all lines lost so far */
  readonly onTrouble?: (text: string, dropped: number) => void
  /** Default 60,000. */
  readonly troubleMs?: number
}

/** Whether lines of this format show the fields `host`, `referer` and `userAgent`. */
export function needsHeaders(format: AccessLogFormat): boolean {
  return format !== 'uwsgi'
}

const FLUSH_MS = 1_000
const FLUSH_BYTES = 64 * 1024
const LIMIT_BYTES = 4 * 1024 * 1024
const TROUBLE_MS = 60_000

export class AccessLog {
  readonly #file: AppendFile
  readonly #toLine: (entry: AccessEntry) => string
  readonly #flushMs: number
  readonly #flushBytes: number
  readonly #limitBytes: number
  readonly #trouble: Trouble
  #text = '' // whole lines, ASCII only, so that its length is its size
  #lines = 0
  #inFlightBytes = 0
  #writing: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #dropped = 0
  #isClosed = false

  /** Opens the file soon; a file that cannot be opened is trouble, not an exception, and is tried again. */
  constructor(options: AccessLogOptions) {
    this.#file = new AppendFile(options.file)
    this.#toLine = formatter(options.format)
    this.#flushMs = options.flushMs ?? FLUSH_MS
    this.#flushBytes = options.flushBytes ?? FLUSH_BYTES
    this.#limitBytes = options.limitBytes ?? LIMIT_BYTES
    this.#trouble = new Trouble(
      options.file,
      options.onTrouble ?? (() => {}),
      options.troubleMs ?? TROUBLE_MS,
    )
    this.#writeOn()
  }

  /** Lines lost so far: to errors, or to a file that was too slow. */
  get dropped(): number {
    return this.#dropped
  }

  /** Adds a line. @param entry read during the call only */
  write(entry: AccessEntry): void {
    let line = this.#toLine(entry)
    if (line.length > this.#file.pieceBytes) line = this.#toLine(shortened(entry))
    if (this.#isClosed) this.#lose(1, 'it is closed')
    else if (this.#text.length + this.#inFlightBytes + line.length > this.#limitBytes) {
      this.#lose(1, 'it takes lines too slowly')
    } else this.#add(line)
  }

  /** The next batch opens the path again: its file was renamed, or lies on a disk that came back. */
  reopen(): void {
    this.#file.reopen()
    if (this.#writing === null) this.#writeOn()
  }

  /** Resolves when every line given so far is in the file, or lost. Never rejects. */
  async flush(): Promise<void> {
    this.#drain()
    while (this.#writing !== null) {
      await this.#writing
      this.#drain()
    }
  }

  /** Flushes and closes. Twice is harmless; lines given later are lost, and counted. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#file.hurry()
    await this.flush()
    this.#trouble.end()
    await this.#file.close()
  }

  #add(line: string): void {
    this.#text += line
    this.#lines++
    if (this.#text.length >= this.#flushBytes) this.#drain()
    else this.#drainLater()
  }

  // One write at a time. Lines that come meanwhile make the next batch, which may be larger.
  #drain(): void {
    if (this.#writing === null && this.#text !== '') this.#writeOn()
  }

  #writeOn(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#writing = this.#writeBatch().finally(() => {
      this.#writing = null
      if (this.#text.length >= this.#flushBytes) this.#drain()
      else if (this.#text !== '') this.#drainLater()
    })
  }

  #drainLater(): void {
    this.#timer ??= setTimeout(() => this.#drain(), this.#flushMs).unref()
  }

  async #writeBatch(): Promise<void> {
    const batch = Buffer.from(this.#text, 'latin1')
    const lines = this.#lines
    this.#text = ''
    this.#lines = 0
    this.#inFlightBytes = batch.length
    const result = await this.#file.append(batch)
    this.#inFlightBytes = 0
    if (result.problem !== null) this.#lose(lines - result.lines, result.problem)
  }

  #lose(lines: number, why: string): void {
    this.#dropped += lines
    this.#trouble.tell(why, this.#dropped)
  }
}

/** Tells of trouble at once, then at most once in a while: what came in between is told in one go. */
class Trouble {
  readonly #file: string
  readonly #onTrouble: (text: string, dropped: number) => void
  readonly #everyMs: number
  #timer: NodeJS.Timeout | null = null
  #held: { why: string; dropped: number } | null = null

  constructor(file: string, onTrouble: (text: string, dropped: number) => void, everyMs: number) {
    this.#file = file === '-' ? 'standard output' : file
    this.#onTrouble = onTrouble
    this.#everyMs = everyMs
  }

  tell(why: string, dropped: number): void {
    if (this.#timer !== null) {
      this.#held = { why, dropped }
      return
    }
    this.#timer = setTimeout(() => this.#next(), this.#everyMs).unref()
    const lost = dropped === 1 ? '1 line was' : `${dropped} lines were`
    this.#onTrouble(`access log ${this.#file}: ${why}; ${lost} lost so far`, dropped)
  }

  /** Tells what was held back: nobody will later. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#next()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #next(): void {
    this.#timer = null
    const held = this.#held
    this.#held = null
    if (held !== null) this.tell(held.why, held.dropped)
  }
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
  }
}

function cut(text: string): string {
  return text.length <= SHORTENED ? text : `${text.slice(0, SHORTENED - 3)}...`
}

// stats/line-file.ts: lines on their way to a file that must make nobody wait: gathered in memory, written in batches of
// whole lines, one at a time. What the file does not take in time is dropped, counted and told.
import { AppendFile, countLines } from './append-file.ts'

export interface LineFileOptions {
  /** Path; '-' is standard output. */
  readonly file: string
  /** A descriptor that is open already, in place of the path. */
  readonly fd?: number
  /** What the log calls it: "access log /var/log/a.log". */
  readonly name: string
  /** Mode of a file that is made. Default 640. */
  readonly mode?: number
  /** Longest time a line waits in memory. Default 1,000; 0: it leaves at the end of this turn of the loop. */
  readonly flushMs?: number
  /** A batch of this size leaves at once. Default 64 KB. */
  readonly flushBytes?: number
  /** Most that may wait while the file takes nothing. Default 4 MB. */
  readonly limitBytes?: number
  /** Told when lines are lost, at most once in `troubleMs`. @param dropped all lines lost so far */
  readonly onTrouble?: ((text: string, dropped: number) => void) | undefined
  /** Default 60,000. */
  readonly troubleMs?: number
}

const FLUSH_MS = 1_000
const FLUSH_BYTES = 64 * 1024
const LIMIT_BYTES = 4 * 1024 * 1024
const TROUBLE_MS = 60_000

export class LineFile {
  readonly #file: AppendFile
  readonly #flushMs: number
  readonly #flushBytes: number
  readonly #limitBytes: number
  readonly #trouble: Trouble
  #text = '' // whole lines, one character a byte, so that its length is its size
  #inFlightBytes = 0
  #writing: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #dropped = 0
  #isClosed = false
  #onRoom: (() => void)[] = []

  /** Opens the file soon; a file that cannot be opened is trouble, not an exception, and is tried again. */
  constructor(options: LineFileOptions) {
    this.#file = new AppendFile(options.file, options.mode, options.fd)
    this.#flushMs = options.flushMs ?? FLUSH_MS
    this.#flushBytes = options.flushBytes ?? FLUSH_BYTES
    this.#limitBytes = options.limitBytes ?? LIMIT_BYTES
    this.#trouble = new Trouble(
      options.name,
      options.onTrouble ?? (() => {}),
      options.troubleMs ?? TROUBLE_MS,
    )
    this.#writeOn()
  }

  /** Lines lost so far: to errors, or to a file that was too slow. */
  get dropped(): number {
    return this.#dropped
  }

  /** Longest line that stays whole among other writers. */
  get pieceBytes(): number {
    return this.#file.pieceBytes
  }

  /** So much waits that whoever can wait should. */
  get isFull(): boolean {
    return this.#text.length + this.#inFlightBytes > this.#limitBytes / 4
  }

  /** @param lines whole lines, each with its line feed, one character a byte */
  write(lines: string): void {
    if (this.#isClosed) this.#lose(countIn(lines), 'it is closed')
    else if (this.#text.length + this.#inFlightBytes + lines.length > this.#limitBytes) {
      this.#lose(countIn(lines), 'it takes lines too slowly')
    } else {
      this.#text += lines
      if (this.#text.length >= this.#flushBytes) this.#drain()
      else this.#drainLater()
    }
  }

  /** Calls back, once, when {@link isFull} has become false. */
  onceRoom(callback: () => void): void {
    if (this.isFull) this.#onRoom.push(callback)
    else callback()
  }

  /**
   * Opens the path again: its file was renamed, or lies on a disk that came back. Lines given from now on go to the new
   * file. Resolves when nothing more goes to the old one. Never rejects.
   */
  async reopen(): Promise<void> {
    this.#file.reopen()
    await this.#writing
    if (this.#writing === null && !this.#file.isOpen && !this.#isClosed) this.#writeOn()
    await this.#writing
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

  /** For the last moment of a process: writes what still waits, at once, whatever else happens. */
  lastWords(): void {
    if (this.#text === '') return
    this.#file.lastWords(Buffer.from(this.#text, 'latin1'))
    this.#text = ''
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
      if (!this.isFull) for (const callback of this.#onRoom.splice(0)) callback()
      if (this.#text.length >= this.#flushBytes) this.#drain()
      else if (this.#text !== '') this.#drainLater()
    })
  }

  #drainLater(): void {
    if (this.#timer !== null || this.#writing !== null) return
    this.#timer = setTimeout(() => this.#drain(), this.#flushMs)
    if (this.#flushMs > 0) this.#timer.unref()
  }

  async #writeBatch(): Promise<void> {
    const batch = Buffer.from(this.#text, 'latin1')
    this.#text = ''
    this.#inFlightBytes = batch.length
    const result = await this.#file.append(batch)
    this.#inFlightBytes = 0
    if (result.problem !== null) this.#lose(countLines(batch) - result.lines, result.problem)
  }

  #lose(lines: number, why: string): void {
    this.#dropped += lines
    this.#trouble.tell(why, this.#dropped)
  }
}

/** Tells of trouble at once, then at most once in a while: what came in between is told in one go. */
export class Trouble {
  readonly #name: string
  readonly #onTrouble: (text: string, dropped: number) => void
  readonly #everyMs: number
  #timer: NodeJS.Timeout | null = null
  #held: { why: string; dropped: number } | null = null

  constructor(name: string, onTrouble: (text: string, dropped: number) => void, everyMs: number) {
    this.#name = name
    this.#onTrouble = onTrouble
    this.#everyMs = everyMs
  }

  /** @param dropped all lines lost so far */
  tell(why: string, dropped: number): void {
    if (this.#timer !== null) {
      this.#held = { why, dropped }
      return
    }
    this.#timer = setTimeout(() => this.#next(), this.#everyMs).unref()
    const lost = dropped === 1 ? '1 line was' : `${dropped} lines were`
    this.#onTrouble(`${this.#name}: ${why}; ${lost} lost so far`, dropped)
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

function countIn(lines: string): number {
  let count = 0
  for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) count++
  return count
}

// stats/append-file.ts: whole lines at the end of a file that several processes append to, even on a full disk.
// Each batch is one write(2) with O_APPEND, which the kernel does not mix with others. The one way to tear a line is
// a disk that fills up in the midst of it: then the file ends in a fragment, and the next writer, perhaps another
// process, would go on behind it. So the fragment is blanked where it lies: that needs no space and harms no line
// written meanwhile.
import { close, constants, fstat, open, openSync, read, type Stats, write, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

export interface Appended {
  /** Whole lines that are in the file. */
  readonly lines: number
  /** Why the others are not; null when all are. */
  readonly problem: string | null
}

const STDOUT = 1
const STDERR = 2
// O_NONBLOCK: a pipe without a reader is an error at once, not a thread that waits for one.
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK
const LINE_FEED = 0x0a
const SPACE = 0x20
// PIPE_BUF: what a pipe takes from one writer without mixing it with others.
const PIPE_BYTES = 4096
// Another process may have made the pipe non-blocking: a full one is asked again, at the end only so often.
const PIPE_FULL_MS = 50
const LAST_TRIES = 20

const openFile = promisify(open)
const closeFile = promisify(close)
const statFile = promisify(fstat) as (fd: number) => Promise<Stats>
const readFile = promisify(read)
const writeFile = promisify(write)

export class AppendFile {
  /** Longest line that stays whole among other writers: a pipe has a limit, files have none. */
  pieceBytes = Number.POSITIVE_INFINITY
  readonly #path: string
  readonly #mode: number
  readonly #given: number // a descriptor of others, -1 for none
  #fd = -1
  #isStale = false
  #isHurried = false
  #startsOnNewLine = false // a fragment of ours could not be blanked

  /**
   * @param path '-' is standard output
   * @param mode of a file that is made
   * @param fd a descriptor that is open already, in place of the path
   */
  constructor(path: string, mode = 0o640, fd = path === '-' ? STDOUT : -1) {
    this.#path = path
    this.#mode = mode
    this.#given = fd
  }

  /** Whether the next append goes to a file that is open already. */
  get isOpen(): boolean {
    return this.#fd >= 0 && !this.#isStale
  }

  /**
   * Appends whole lines; opens the file first when it must. One call at a time. Never rejects.
   *
   * @param batch ends with a line feed, or is empty: then the file is only opened
   */
  async append(batch: Buffer): Promise<Appended> {
    let rest = batch
    let vain = 0 // the first short write does not say why it was short: the next one does
    try {
      await this.#open()
      while (rest.length > 0) {
        const whole = await this.#appendPiece(this.#nextPiece(rest))
        vain = whole === 0 ? vain + 1 : 0
        if (vain > 1) return this.#failed(batch, rest, 'it takes no whole line')
        rest = rest.subarray(whole)
      }
      return { lines: countLines(batch), problem: null }
    } catch (error) {
      return this.#failed(batch, rest, reasonOf(error))
    }
  }

  /** The path is opened anew before the next append. */
  reopen(): void {
    this.#isStale = true
  }

  /** No long waits any more: the process ends. */
  hurry(): void {
    this.#isHurried = true
  }

  async close(): Promise<void> {
    const fd = this.#fd
    this.#fd = -1
    if (fd >= 0 && fd !== this.#given) await closeFile(fd).catch(() => {})
  }

  /** For the last moment of a process: appends what it can without waiting for its turn. Never throws. */
  lastWords(bytes: Buffer): void {
    try {
      const given = this.#given >= 0 ? this.#given : this.#fd
      const fd = given >= 0 ? given : openSync(this.#path, APPENDING, this.#mode)
      writeSync(fd, bytes)
    } catch {
      // nobody is left to be told
    }
  }

  async #open(): Promise<void> {
    if (this.isOpen) return
    await this.close()
    this.#isStale = false
    this.#fd = this.#given >= 0 ? this.#given : await openFile(this.#path, APPENDING, this.#mode)
    const stat = await statFile(this.#fd)
    if (this.#given >= 0 && stat.isSocket()) makeNonBlocking(this.#given)
    this.pieceBytes = stat.isFIFO() || stat.isSocket() ? PIPE_BYTES : Number.POSITIVE_INFINITY
  }

  // As many whole lines as may leave in one write; at least one.
  #nextPiece(rest: Buffer): Buffer {
    if (rest.length <= this.pieceBytes) return rest
    const end = rest.lastIndexOf(LINE_FEED, this.pieceBytes - 1)
    return rest.subarray(0, (end < 0 ? rest.indexOf(LINE_FEED) : end) + 1)
  }

  // @returns bytes of the piece that are in the file as whole lines
  async #appendPiece(piece: Buffer): Promise<number> {
    const bytes = this.#startsOnNewLine ? Buffer.concat([Buffer.of(LINE_FEED), piece]) : piece
    const added = bytes.length - piece.length
    const written = await this.#write(bytes)
    if (written === 0) return 0
    this.#startsOnNewLine = false
    const whole = bytes.lastIndexOf(LINE_FEED, written - 1) + 1
    if (whole < written) await this.#blank(bytes.subarray(whole, written))
    return Math.max(0, whole - added)
  }

  async #write(bytes: Buffer): Promise<number> {
    for (let tries = 0; ; tries++) {
      try {
        return (await writeFile(this.#fd, bytes, 0, bytes.length, null)).bytesWritten
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN' || (this.#isHurried && tries >= LAST_TRIES)) throw error
        await pause(PIPE_FULL_MS)
      }
    }
  }

  // Turns the fragment into a line of spaces. When it is not at the end of the file any more, or this is no file,
  // it stays, and our next batch starts on a new line.
  async #blank(fragment: Buffer): Promise<void> {
    this.#startsOnNewLine = true
    const end = await this.#endOfFile()
    const at = end - fragment.length
    if (at < 0) return
    const found = Buffer.alloc(fragment.length)
    const overwriter = await openFile(`/proc/self/fd/${this.#fd}`, 'r+').catch(() => -1)
    if (overwriter < 0) return
    try {
      await readFile(overwriter, found, 0, found.length, at)
      if (!found.equals(fragment)) return
      const blank = Buffer.alloc(fragment.length, SPACE)
      blank[blank.length - 1] = LINE_FEED
      // The line feed first: from then on nobody can write behind the fragment.
      await writeFile(overwriter, blank, blank.length - 1, 1, end - 1)
      await writeFile(overwriter, blank, 0, blank.length, at)
      this.#startsOnNewLine = false
    } catch {
      // A file system that needs space for overwriting.
    } finally {
      await closeFile(overwriter)
    }
  }

  async #endOfFile(): Promise<number> {
    const stat = await statFile(this.#fd).catch(() => null)
    return stat?.isFile() ? stat.size : -1
  }

  // The next append opens the path again: after an error that costs nothing, and cures some.
  #failed(batch: Buffer, rest: Buffer, problem: string): Appended {
    this.#isStale = true
    return { lines: countLines(batch) - countLines(rest), problem }
  }
}

// Standard output of a gateway is a socket to its master. A thread that waited in a write to it would keep the process
// from ending. Node switches a descriptor over when it makes its stream.
function makeNonBlocking(fd: number): void {
  if (fd === STDOUT) void process.stdout.writable
  else if (fd === STDERR) void process.stderr.writable
}

/** Line feeds in `bytes`. */
export function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++
  return lines
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code] ?? (code === '' ? String(error) : `it cannot be written (${code})`)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  ENOENT: 'its directory does not exist (ENOENT)',
  EACCES: 'it may not be written by this user (EACCES)',
  EROFS: 'the file system is read-only (EROFS)',
  EPIPE: 'nobody reads it any more (EPIPE)',
  ENXIO: 'nobody reads the pipe (ENXIO)',
  EFBIG: 'it has reached the largest allowed size (EFBIG)',
  EISDIR: 'it is a directory (EISDIR)',
  EAGAIN: 'its reader is too slow (EAGAIN)',
}

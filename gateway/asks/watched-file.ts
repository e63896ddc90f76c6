// gateway/asks/watched-file.ts: a file that is read again when it changed, looked at once a second at most, and only when asked.
// Never half a file: one that changes while it is read is read again.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

export interface Looked {
  /** null: it cannot be read. */
  readonly content: Buffer | null
  /** Why not, in words; '' when it can. */
  readonly problem: string
}

const TRIES = 3
// A FIFO would hold one of the few threads that read files until somebody writes to it.
const READ = constants.O_RDONLY | constants.O_NONBLOCK

export class WatchedFile {
  readonly file: string
  readonly #everyMs: number
  readonly #mostBytes: number
  readonly #changed: (looked: Looked) => void
  #stamp = ''
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null

  /** @param changed called with each content there is, and each reason why there is none: once, until that changes */
  constructor(file: string, everyMs: number, mostBytes: number, changed: (looked: Looked) => void) {
    this.file = file
    this.#everyMs = everyMs
    this.#mostBytes = mostBytes
    this.#changed = changed
  }

  /** Whether what was read is as new as was promised. @param now milliseconds of a steady clock */
  isFresh(now: number): boolean {
    return now - this.#lookedAt < this.#everyMs
  }

  /** Looks at it. Never rejects; who comes while it is looked at waits with the others. */
  look(now: number): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#lookedAt = now
      this.#looking = null
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    try {
      for (let i = 0; i < TRIES; i++) if (await this.#read()) return
      // It is written to all the time: what was read before stays, and the next look tries again.
      if (this.#stamp === '') this.#fail('it changes while it is read')
    } catch (error) {
      this.#fail((error as Error).message)
    }
  }

  // @returns false when it changed meanwhile
  async #read(): Promise<boolean> {
    const handle = await open(this.file, READ)
    try {
      const before = await handle.stat({ bigint: true })
      if (!before.isFile()) return this.#fail('it is no file')
      const stamp = stampOf(before)
      if (stamp === this.#stamp) return true
      if (before.size > this.#mostBytes) return this.#fail(`it has more than ${this.#mostBytes} bytes`)
      const content = await handle.readFile()
      if (stampOf(await handle.stat({ bigint: true })) !== stamp) return false
      this.#stamp = stamp
      this.#changed({ content, problem: '' })
      return true
    } finally {
      await handle.close()
    }
  }

  #fail(problem: string): true {
    const stamp = `failed: ${problem}`
    if (stamp !== this.#stamp) {
      this.#stamp = stamp
      this.#changed({ content: null, problem })
    }
    return true
  }
}

function stampOf(stat: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}

// subscription/public-keys.ts: the public keys of subscriptions-sign-check, from their directory, read again when they change.
import type { KeyObject } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { readPublicKey } from './signature/check.ts'

export interface PublicKeysOptions {
  /** Absolute. */
  readonly directory: string
  readonly monotonicMs: () => number
  /** A file is there and cannot be used; told once, until it changes. Sentences without their full stop. */
  readonly onBadFile: (file: string, problem: string, remedy: string) => void
}

interface Entry {
  readonly key: KeyObject | null
  /** What tells this state of the file from another; '' while there is none, or none that was told of. */
  readonly mark: string
  lookedMs: number
}

// A packet costs no look at the disk more often than that; a new key counts after a second.
const LOOK_AGAIN_MS = 1_000
// Names come from packets that nobody has checked yet.
const MOST_MISSING = 1_000
// A directory that cannot be entered fails for each of them.
const MOST_TOLD = 10
const TOLD_MS = 60_000
const MOST_BYTES = 65_536

export class PublicKeys {
  readonly #options: PublicKeysOptions
  readonly #present = new Map<string, Entry>()
  readonly #missing = new Map<string, Entry>() // or not to be opened
  #told = 0
  #toldMs = 0

  constructor(options: PublicKeysOptions) {
    this.#options = options
  }

  get directory(): string {
    return this.#options.directory
  }

  /** Names of which something is remembered. */
  get size(): number {
    return this.#present.size + this.#missing.size
  }

  /** @param name see keyFileNames. @returns null: there is none that can be used */
  get(name: string): KeyObject | null {
    const nowMs = this.#options.monotonicMs()
    const known = this.#present.get(name) ?? this.#missing.get(name)
    if (known !== undefined && nowMs - known.lookedMs < LOOK_AGAIN_MS) return known.key
    return this.#look(name, known, nowMs).key
  }

  #look(name: string, known: Entry | undefined, nowMs: number): Entry {
    const file = join(this.#options.directory, name)
    let fd: number | null = null
    try {
      fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
      const stat = fstatSync(fd)
      const mark = markOf(stat)
      if (known !== undefined && known.mark === mark) {
        known.lookedMs = nowMs
        return known
      }
      return this.#keep(name, { key: this.#read(file, fd, stat), mark, lookedMs: nowMs })
    } catch (error) {
      return this.#failed(name, file, known, error as NodeJS.ErrnoException, nowMs)
    } finally {
      if (fd !== null) closeSync(fd)
    }
  }

  #read(file: string, fd: number, stat: Stats): KeyObject | null {
    const key =
      stat.isFile() && stat.size <= MOST_BYTES
        ? readPublicKey(readFileSync(fd, 'latin1'))
        : { problem: 'it is not a file of such a size', remedy: 'Put a public key in PEM there' }
    if (!('problem' in key)) return key
    this.#options.onBadFile(file, key.problem, key.remedy)
    return null
  }

  #failed(
    name: string,
    file: string,
    known: Entry | undefined,
    { code = '', message }: NodeJS.ErrnoException,
    nowMs: number,
  ): Entry {
    const isGone = code === 'ENOENT' || code === 'ENAMETOOLONG'
    const isTold = !isGone && (known?.mark === code || this.#mayTell(nowMs))
    if (isTold && known?.mark !== code)
      this.#options.onBadFile(file, `it cannot be read: ${message}`, 'Let the user of Sluice read it')
    const entry = { key: null, mark: isTold ? code : '', lookedMs: nowMs }
    this.#present.delete(name)
    this.#missing.delete(name)
    if (this.#missing.size >= MOST_MISSING) this.#missing.clear()
    this.#missing.set(name, entry)
    return entry
  }

  #mayTell(nowMs: number): boolean {
    if (nowMs - this.#toldMs >= TOLD_MS) {
      this.#told = 0
      this.#toldMs = nowMs
    }
    return this.#told++ < MOST_TOLD
  }

  #keep(name: string, entry: Entry): Entry {
    this.#missing.delete(name)
    this.#present.set(name, entry)
    return entry
  }
}

function markOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
}

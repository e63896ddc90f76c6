// gateway/rules/file-facts.ts: what is known of files that route rules ask about, for a second at most. A request waits for
// what is not known yet without holding up others; only chains that cannot wait look at once.
import { accessSync, constants, lstatSync, statSync } from 'node:fs'
import { access, lstat, stat } from 'node:fs/promises'
import type { FileQuestion } from '../../routing/rules/source.ts'

const FRESH_MS = 1_000
/** Paths may come from clients. */
const MOST_PATHS = 4_096
const LONGEST_PATH = 4_096

interface Facts {
  readonly until: number
  readonly exists: boolean // and may be read
  readonly isFile: boolean
  readonly isDirectory: boolean
  readonly isLink: boolean
  readonly isExecutable: boolean
  /** Seconds since 1970, -1: there is none. */
  readonly time: number
}

interface Stats {
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
  readonly mtimeMs: number
}

/** Paths have one character a byte. One that holds a NUL names no file. */
export class FileFacts {
  readonly #known = new Map<string, Facts>()
  /** Looks that are under way. */
  readonly #looks = new Map<string, Promise<Facts>>()

  /** @returns undefined when nobody looked within the last second; see {@link RuleWorld.knownFile} */
  known(path: string, question: FileQuestion): number | undefined {
    const facts = this.#known.get(path)
    return facts === undefined || facts.until < performance.now() ? undefined : answer(facts, question)
  }

  /** Looks at once. */
  look(path: string, question: FileQuestion): number {
    const known = this.known(path, question)
    if (known !== undefined) return known
    const at = nameOf(path)
    const found = at && {
      itself: attempt(() => lstatSync(at)),
      target: attempt(() => statSync(at)),
      isReadable: attempt(() => accessSync(at, constants.R_OK) === undefined),
      isExecutable: attempt(() => accessSync(at, constants.X_OK) === undefined),
    }
    return answer(this.#keep(path, found), question)
  }

  /** Looks in the background, once for all who ask meanwhile. Never rejects. */
  async find(path: string, question: FileQuestion): Promise<number> {
    let look = this.#looks.get(path)
    if (look === undefined) {
      look = this.#find(path).finally(() => this.#looks.delete(path))
      this.#looks.set(path, look)
    }
    return answer(await look, question)
  }

  async #find(path: string): Promise<Facts> {
    const at = nameOf(path)
    const found = at && {
      itself: await lstat(at).catch(none),
      target: await stat(at).catch(none),
      isReadable: await access(at, constants.R_OK).then(yes, none),
      isExecutable: await access(at, constants.X_OK).then(yes, none),
    }
    return this.#keep(path, found)
  }

  #keep(path: string, found: Found | null): Facts {
    const target = found?.target ?? null
    const facts = {
      until: performance.now() + FRESH_MS,
      exists: found?.isReadable ?? false,
      isFile: target?.isFile() ?? false,
      isDirectory: target?.isDirectory() ?? false,
      isLink: found?.itself?.isSymbolicLink() ?? false,
      isExecutable: found?.isExecutable ?? false,
      time: target === null ? -1 : Math.floor(target.mtimeMs / 1_000),
    }
    this.#known.delete(path)
    this.#known.set(path, facts)
    if (this.#known.size > MOST_PATHS)
      for (const oldest of this.#known.keys()) return this.#forget(oldest, facts)
    return facts
  }

  #forget(path: string, facts: Facts): Facts {
    this.#known.delete(path)
    return facts
  }
}

interface Found {
  readonly itself: Stats | null
  readonly target: Stats | null
  readonly isReadable: boolean | null
  readonly isExecutable: boolean | null
}

function nameOf(path: string): Buffer | null {
  return path === '' || path.length > LONGEST_PATH || path.includes('\0') ? null : Buffer.from(path, 'latin1')
}

function answer(facts: Facts, question: FileQuestion): number {
  switch (question) {
    case 'exists':
      return Number(facts.exists)
    case 'file':
      return Number(facts.isFile)
    case 'directory':
      return Number(facts.isDirectory)
    case 'link':
      return Number(facts.isLink)
    case 'executable':
      return Number(facts.isExecutable)
    case 'time':
      return facts.time
  }
}

const none = (): null => null
const yes = (): true => true

function attempt<T>(look: () => T): T | null {
  try {
    return look()
  } catch {
    return null
  }
}

// gateway/asks/password-file.ts: the users of an htpasswd file, as it is now.
import { kindOf } from './hashes/kinds.ts'
import { type Looked, WatchedFile } from './watched-file.ts'

const LOOK_MS = 1_000
const MOST_BYTES = 64 * 1024 * 1024
const MOST_LINES_NAMED = 10

export type TellFile = (text: string, fields: Record<string, string | number>) => void

export class PasswordFile {
  /** Another one for each content. */
  version = 0
  readonly #file: WatchedFile
  readonly #tell: TellFile
  #hashes = new Map<string, string>()
  #inOrder: string[] = []

  /** @param tell called when it cannot be read, can be read again, or has lines that say nothing */
  constructor(file: string, tell: TellFile) {
    this.#tell = tell
    this.#file = new WatchedFile(file, LOOK_MS, MOST_BYTES, looked => this.#take(looked))
  }

  isFresh(now: number): boolean {
    return this.#file.isFresh(now)
  }

  look(now: number): Promise<void> {
    return this.#file.look(now)
  }

  /** @returns undefined for a user that it does not name */
  hashOf(user: string): string | undefined {
    return this.#hashes.get(user)
  }

  /** Some hash of the file, for users that it lacks; undefined when it has none. @param lot any whole number */
  anyHash(lot: number): string | undefined {
    return this.#inOrder[lot % Math.max(1, this.#inOrder.length)]
  }

  #take({ content, problem }: Looked): void {
    this.version++
    this.#hashes = new Map()
    const { file } = this.#file
    if (content === null) this.#tell('password file cannot be read: nobody gets in', { file, cause: problem })
    else this.#read(content.toString('latin1'))
    this.#inOrder = [...this.#hashes.values()]
  }

  // The first line of a user counts, as Apache has it. One that says nothing is skipped.
  #read(text: string): void {
    const skipped: number[] = []
    for (const [i, line] of text.split('\n').entries()) {
      const trimmed = line.trim()
      if (trimmed === '' || trimmed.startsWith('#')) continue
      const [user = '', hash = ''] = trimmed.split(':')
      if (user === '' || kindOf(hash) === null) skipped.push(i + 1)
      else if (!this.#hashes.has(user)) this.#hashes.set(user, hash)
    }
    if (skipped.length === 0) return
    const lines = skipped.slice(0, MOST_LINES_NAMED).join(', ')
    this.#tell('lines of the password file are skipped: no user with a hash that is known', {
      file: this.#file.file,
      lines: skipped.length > MOST_LINES_NAMED ? `${lines}, …` : lines,
      count: skipped.length,
    })
  }
}

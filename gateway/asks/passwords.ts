// gateway/asks/passwords.ts: fulfils 'password'. Hashes that take long are checked in a thread, few at once; what was found holds
// for a minute, and whoever keeps guessing is sent away unheard.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { PasswordAnswer, PasswordAsked } from '../../routing/rules/asked.ts'
import { Failures } from './failures.ts'
import { isCheap } from './hashes/kinds.ts'
import { checkSha1 } from './hashes/sha1.ts'
import { PasswordFile, type TellFile } from './password-file.ts'
import type { HashTask, HashVerdict } from './password-worker.ts'
import { Thread } from './thread.ts'

const KNOWN_MS = 60_000
const MOST_KNOWN = 10_000
const MOST_IN_HAND = 4
/** Checks that wait; of different credentials, as the same ones wait together. */
const MOST_WAITING = 64
const MOST_HEAP_MB = 64
/** A thread that dies is not started more often. */
const RESTART_MS = 1_000
/** Of a user or password: no file has longer ones. */
const LONGEST = 1_024
// Stands in for the hash of a file without users: as slow as most.
const NOBODY = '$2y$10$abcdefghijklmnopqrstuuOw0s1cRhcmzyFNrhVQeUVKVrHM1CHJa'

const RIGHT: PasswordAnswer = { kind: 'right' }
const WRONG: PasswordAnswer = { kind: 'wrong' }

type Done = (answer: PasswordAnswer) => void

interface Check {
  readonly key: string
  readonly client: string
  readonly hash: string
  readonly password: string
  /** The file names the user: nobody else gets in, whatever the hash says. */
  readonly isUser: boolean
  /** All who asked the same. */
  readonly waiting: Done[]
}

export interface PasswordsOptions {
  readonly tell: (level: 'warn' | 'error', ...rest: Parameters<TellFile>) => void
  /** Milliseconds of a steady clock. */
  readonly now: () => number
}

export class Passwords {
  readonly #options: PasswordsOptions
  readonly #secret = randomBytes(32) // what is known can be neither read nor guessed from a memory dump without it
  readonly #files = new Map<string, PasswordFile>()
  readonly #failures = new Failures()
  readonly #known = new Map<string, { readonly isRight: boolean; readonly until: number }>()
  readonly #checks = new Map<string, Check>() // in hand or waiting, by key
  readonly #inHand = new Map<number, Check>()
  #waiting: Check[] = []
  #thread: Thread | null = null
  #startedAt = Number.NEGATIVE_INFINITY
  #ids = 0

  constructor(options: PasswordsOptions) {
    this.#options = options
  }

  /** Checks that are with the thread now, and those behind them. */
  get load(): { readonly inHand: number; readonly waiting: number } {
    return { inHand: this.#inHand.size, waiting: this.#waiting.length }
  }

  /**
   * @param client its address; '' for a UNIX socket
   * @param done called once, perhaps before this returns
   */
  check(asked: PasswordAsked, client: string, done: Done): void {
    const { known, user, password } = asked
    if (user.length > LONGEST || password.length > LONGEST) return done(this.#failed(client))
    if ('user' in known) return this.#checkNamed(known, asked, client, done)
    const file = this.#fileOf(known.file)
    const now = this.#options.now()
    if (file.isFresh(now)) this.#checkIn(file, known.file, asked, client, done)
    else void file.look(now).then(() => this.#checkIn(file, known.file, asked, client, done))
  }

  /** What still waits is refused. */
  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    this.#giveUp()
    await thread?.end()
  }

  #checkNamed(
    known: { readonly user: string; readonly password: string },
    { user, password }: PasswordAsked,
    client: string,
    done: Done,
  ): void {
    const isUser = this.#isSame(user, known.user)
    const isRight = this.#isSame(password, known.password) && isUser
    const key = this.#keyOf(`\0${known.user}`, 0, user, password)
    const now = this.#options.now()
    if (this.#recall(key, now) === isRight) return done(isRight ? RIGHT : WRONG)
    // Before a yes, too: else whoever guesses on finds the password all the same.
    const waitMs = this.#failures.waitMs(client, now)
    if (waitMs > 0) return done(tooMany(waitMs))
    this.#remember(key, isRight, now)
    done(isRight ? RIGHT : this.#failed(client))
  }

  #checkIn(file: PasswordFile, name: string, asked: PasswordAsked, client: string, done: Done): void {
    const { user, password } = asked
    const now = this.#options.now()
    const key = this.#keyOf(name, file.version, user, password)
    const known = this.#recall(key, now)
    if (known !== undefined) return done(known ? RIGHT : WRONG)
    const waitMs = this.#failures.waitMs(client, now)
    if (waitMs > 0) return done(tooMany(waitMs))
    const own = file.hashOf(user)
    const hash = own ?? file.anyHash(this.#lotOf(user)) ?? NOBODY
    if (!isCheap(hash)) return this.#slowly(key, client, hash, password, own !== undefined, done)
    const isRight = checkSha1(hash, password) && own !== undefined
    this.#remember(key, isRight, now)
    done(isRight ? RIGHT : this.#failed(client))
  }

  #slowly(key: string, client: string, hash: string, password: string, isUser: boolean, done: Done): void {
    const same = this.#checks.get(key)
    if (same !== undefined) {
      same.waiting.push(done)
      return
    }
    if (this.#waiting.length >= MOST_WAITING) return done(TOO_BUSY)
    const check: Check = { key, client, hash, password, isUser, waiting: [done] }
    this.#checks.set(key, check)
    this.#waiting.push(check)
    this.#goOn()
  }

  // Who came with many guesses at once is found out while they wait.
  #goOn(): void {
    while (this.#inHand.size < MOST_IN_HAND && this.#waiting.length > 0) {
      const check = this.#waiting.shift()!
      const waitMs = this.#failures.waitMs(check.client, this.#options.now())
      if (waitMs > 0) {
        this.#settle(check, tooMany(waitMs))
        continue
      }
      const thread = this.#running()
      if (thread === null) {
        this.#settle(check, TOO_BUSY)
        continue
      }
      const id = ++this.#ids
      this.#inHand.set(id, check)
      thread.post({ id, hash: check.hash, password: check.password } satisfies HashTask)
    }
  }

  #running(): Thread | null {
    if (this.#thread !== null) return this.#thread
    const now = this.#options.now()
    if (now - this.#startedAt < RESTART_MS) return null
    this.#startedAt = now
    this.#thread = new Thread({
      entry: 'password-worker',
      name: 'passwords',
      mostHeapMb: MOST_HEAP_MB,
      onMessage: message => this.#judged(message as HashVerdict),
      onEnd: why => {
        this.#thread = null
        this.#options.tell('error', 'thread for passwords ended', { cause: why })
        this.#giveUp()
      },
      onLine: line => this.#options.tell('warn', 'thread for passwords says', { line }),
    })
    return this.#thread
  }

  #judged({ id, isRight }: HashVerdict): void {
    const check = this.#inHand.get(id)!
    this.#inHand.delete(id)
    const getsIn = isRight && check.isUser
    this.#remember(check.key, getsIn, this.#options.now())
    this.#settle(check, getsIn ? RIGHT : this.#failed(check.client))
    this.#goOn()
  }

  #settle(check: Check, answer: PasswordAnswer): void {
    this.#checks.delete(check.key)
    for (const done of check.waiting) done(answer)
  }

  #giveUp(): void {
    const lost = [...this.#inHand.values(), ...this.#waiting]
    this.#inHand.clear()
    this.#waiting = []
    for (const check of lost) this.#settle(check, TOO_BUSY)
  }

  #failed(client: string): PasswordAnswer {
    this.#failures.count(client, this.#options.now())
    return WRONG
  }

  #recall(key: string, now: number): boolean | undefined {
    const known = this.#known.get(key)
    if (known === undefined || now < known.until) return known?.isRight
    this.#known.delete(key)
    return undefined
  }

  // The oldest stand first, and are the first to be over.
  #remember(key: string, isRight: boolean, now: number): void {
    this.#known.set(key, { isRight, until: now + KNOWN_MS })
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!)
  }

  #fileOf(name: string): PasswordFile {
    let file = this.#files.get(name)
    if (file === undefined) {
      file = new PasswordFile(name, (text, fields) => this.#options.tell('warn', text, fields))
      this.#files.set(name, file)
    }
    return file
  }

  #keyOf(where: string, version: number, user: string, password: string): string {
    const text = JSON.stringify([where, version, user, password])
    return createHmac('sha256', this.#secret).update(text).digest('base64')
  }

  // The same for each try of the same name, so that a user who is missing has one speed, as those have who are there.
  #lotOf(user: string): number {
    return createHmac('sha256', this.#secret).update(user, 'latin1').digest().readUInt32LE()
  }

  #isSame(a: string, b: string): boolean {
    const digest = (text: string): Buffer =>
      createHmac('sha256', this.#secret).update(text, 'latin1').digest()
    return timingSafeEqual(digest(a), digest(b))
  }
}

const TOO_BUSY: PasswordAnswer = { kind: 'refused', status: 503, retryAfterSeconds: 1 }

function tooMany(waitMs: number): PasswordAnswer {
  return { kind: 'refused', status: 429, retryAfterSeconds: Math.ceil(waitMs / 1_000) }
}

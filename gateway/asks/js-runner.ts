// gateway/asks/js-runner.ts: one module of the operator's in a thread that is not trusted: each call has its time, and whatever
// becomes of the thread, its calls are answered and another thread follows.
import type { JsAnswer, JsAsked } from '../../routing/rules/asked.ts'
import type { Tell } from '../world.ts'
import type { JsCall, JsReturn } from './js-worker.ts'
import { Thread } from './thread.ts'

/** For the module to load. */
const START_MS = 10_000
const MOST_IN_HAND = 1_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** A thread that lived so long was well: the next one follows at once. */
const OLD_MS = 10_000

export interface JsRunnerOptions {
  readonly file: string
  readonly mostHeapMb?: number
  readonly tell: Tell
}

interface Call {
  readonly message: JsCall
  readonly timeoutMs: number
  readonly done: (answer: JsAnswer) => void
  timer: NodeJS.Timeout | null
}

export class JsRunner {
  readonly #options: JsRunnerOptions
  readonly #calls = new Map<number, Call>()
  #thread: Thread | null = null
  #isReady = false
  #isClosed = false
  #startTimer: NodeJS.Timeout | null = null
  #restart: NodeJS.Timeout | null = null
  #startedAt = 0
  #waitMs = 0
  #ids = 0

  constructor(options: JsRunnerOptions) {
    this.#options = options
    this.#start()
  }

  /** @param done called once, and never before this returns */
  call({ name, timeoutMs, request }: JsAsked, done: (answer: JsAnswer) => void): void {
    const why = this.#isClosed ? 'its thread has ended' : 'too many calls wait'
    if (this.#isClosed || this.#calls.size >= MOST_IN_HAND) {
      setImmediate(() => done({ kind: 'failed', why }))
      return
    }
    const id = ++this.#ids
    const call: Call = { message: { id, name, request }, timeoutMs, done, timer: null }
    this.#calls.set(id, call)
    if (this.#isReady) this.#post(call)
    // A thread that starts is waited for; where the last ones died at once, as long as for an answer.
    else call.timer = setTimeout(() => this.#late(id), this.#waitMs > FIRST_WAIT_MS ? timeoutMs : START_MS)
  }

  /** Calls in hand are answered: they failed. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    await this.#drop('its thread has ended')
  }

  #start(): void {
    this.#restart = null
    this.#startedAt = performance.now()
    const { file, mostHeapMb = 128, tell } = this.#options
    const thread = new Thread({
      entry: 'js-worker',
      name: 'js',
      data: { file },
      mostHeapMb,
      onMessage: message => this.#hear(message as JsReturn),
      onEnd: why => this.#ended(why),
      onLine: line => tell('info', 'function of a rule says', { file, line }),
    })
    this.#thread = thread
    this.#startTimer = setTimeout(() => this.#stuck('it does not load'), START_MS).unref()
  }

  #hear({ id, decision, problem }: JsReturn): void {
    if (id === 0) return this.#ready()
    const call = this.#calls.get(id)
    if (call === undefined) return // too late
    this.#settle(
      call,
      problem === undefined ? { kind: 'returned', decision } : { kind: 'failed', why: problem },
    )
  }

  #ready(): void {
    this.#isReady = true
    clearTimeout(this.#startTimer!)
    for (const call of this.#calls.values()) this.#post(call)
  }

  #post(call: Call): void {
    if (call.timer !== null) clearTimeout(call.timer)
    call.timer = setTimeout(() => this.#late(call.message.id), call.timeoutMs)
    this.#thread!.post(call.message)
  }

  // It may be stuck in an endless loop, or just await something for long: nobody can tell, and nothing else will end it.
  #late(id: number): void {
    const call = this.#calls.get(id)!
    const why = `no decision within ${call.timeoutMs} ms`
    this.#settle(call, { kind: 'failed', why })
    if (this.#isReady) this.#stuck(why)
  }

  #stuck(why: string): void {
    void this.#drop(`${why}: its thread was ended`)
    this.#ended(why)
  }

  #ended(why: string): void {
    this.#thread = null
    this.#isReady = false
    if (this.#startTimer !== null) clearTimeout(this.#startTimer)
    this.#failAll(why)
    if (this.#isClosed || this.#restart !== null) return
    const isOld = performance.now() - this.#startedAt > OLD_MS
    this.#waitMs = isOld ? 0 : Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, this.#waitMs * 2))
    const { file, tell } = this.#options
    tell('error', 'thread of a js file ended, another one follows', {
      file,
      cause: why,
      waitMs: this.#waitMs,
    })
    this.#restart = setTimeout(() => this.#start(), this.#waitMs).unref()
  }

  async #drop(why: string): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    this.#isReady = false
    if (this.#startTimer !== null) clearTimeout(this.#startTimer)
    this.#failAll(why)
    await thread?.end()
  }

  #failAll(why: string): void {
    for (const call of [...this.#calls.values()]) this.#settle(call, { kind: 'failed', why })
  }

  #settle(call: Call, answer: JsAnswer): void {
    if (call.timer !== null) clearTimeout(call.timer)
    this.#calls.delete(call.message.id)
    call.done(answer)
  }
}

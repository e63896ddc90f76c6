// gateway/asks/js-runner.ts: one module of the operator's in a thread that is not trusted: each call has its time, and whatever
// becomes of the thread, its calls are answered and another thread follows. A thread that hears is left alone.
import type { JsAnswer, JsAsked } from '../../routing/rules/asked.ts'
import type { Tell } from '../world.ts'
import type { JsCall, JsReturn, JsStart } from './js-worker.ts'
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
  /** Which one it is of the calls that the thread was given; null: it waits for a thread. */
  turn: number | null
  /** It had not begun when its time was over: it has it once more. */
  hadTime: boolean
  /** It had not begun when its thread ended: the next one has it. */
  hadThread: boolean
}

export class JsRunner {
  readonly #options: JsRunnerOptions
  readonly #calls = new Map<number, Call>()
  #thread: Thread | null = null
  /** The thread counts in it what it begins. */
  #begun: Int32Array = new Int32Array(1)
  #posted = 0
  #isReady = false
  #isClosed = false
  #startTimer: NodeJS.Timeout | null = null
  /** Runs while the thread is asked whether it hears. */
  #pingTimer: NodeJS.Timeout | null = null
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
    const message = { id, name, request }
    const call: Call = { message, timeoutMs, done, timer: null, turn: null, hadTime: false, hadThread: false }
    this.#calls.set(id, call)
    if (this.#isReady) this.#post(call)
    else this.#await(call)
  }

  /** Calls in hand are answered: they failed. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    const thread = this.#leave()
    this.#failAll('its thread has ended')
    await thread?.end()
  }

  #start(): void {
    this.#restart = null
    this.#startedAt = performance.now()
    const { file, mostHeapMb = 128, tell } = this.#options
    this.#begun = new Int32Array(new SharedArrayBuffer(4))
    this.#posted = 0
    this.#thread = new Thread({
      entry: 'js-worker',
      name: 'js',
      data: { file, begun: this.#begun } satisfies JsStart,
      mostHeapMb,
      onMessage: message => this.#hear(message as JsReturn),
      onEnd: why => this.#ended(why),
      onLine: line => tell('info', 'function of a rule says', { file, line }),
    })
    this.#startTimer = setTimeout(() => this.#stuck('it does not load'), START_MS).unref()
  }

  #hear({ id, decision, problem }: JsReturn): void {
    if (id === 0) return this.#isReady ? this.#hears() : this.#ready()
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
    this.#posted = (this.#posted + 1) | 0
    call.turn = this.#posted
    this.#setTimer(call, call.timeoutMs)
    this.#thread!.post(call.message)
  }

  // A thread that starts is waited for; where the last ones died at once, as long as for an answer.
  #await(call: Call): void {
    call.turn = null
    this.#setTimer(call, this.#waitMs > FIRST_WAIT_MS ? call.timeoutMs : START_MS)
  }

  #setTimer(call: Call, ms: number): void {
    if (call.timer !== null) clearTimeout(call.timer)
    call.timer = setTimeout(() => this.#late(call), ms)
  }

  // It may await something for long, which harms nobody else, or be stuck in an endless loop: the thread is asked.
  #late(call: Call): void {
    if (call.turn !== null && this.#thread === null) return // it is being ended; then is known what had begun
    const why = `no decision within ${call.timeoutMs} ms`
    if (this.#isReady && this.#pingTimer === null) {
      this.#thread!.post(null)
      this.#listen(why, call.timeoutMs)
    }
    const mayWait = call.turn !== null && !call.hadTime && !call.hadThread && !this.#hasBegun(call)
    if (!mayWait) return this.#settle(call, { kind: 'failed', why })
    call.hadTime = true
    this.#setTimer(call, call.timeoutMs)
  }

  // Where it still begins calls, it is only behind with them; and the one that it began last may have more time.
  #listen(why: string, leastMs: number): void {
    const begun = Atomics.load(this.#begun, 0)
    let ms = leastMs
    for (const { turn, timeoutMs } of this.#calls.values()) if (turn === begun) ms = Math.max(ms, timeoutMs)
    this.#pingTimer = setTimeout(() => {
      if (Atomics.load(this.#begun, 0) === begun) this.#stuck(why)
      else this.#listen(why, leastMs)
    }, ms).unref()
  }

  #hears(): void {
    if (this.#pingTimer !== null) clearTimeout(this.#pingTimer)
    this.#pingTimer = null
  }

  // What had not begun is known when nothing of the thread runs any more, and not before.
  #stuck(why: string): void {
    const wasReady = this.#isReady
    const thread = this.#leave()
    for (const call of [...this.#calls.values()])
      if (this.#hasBegun(call)) this.#settle(call, { kind: 'failed', why: `${why}: its thread was ended` })
    void thread?.end().then(() => this.#next(why, wasReady))
  }

  #ended(why: string): void {
    const wasReady = this.#isReady
    this.#leave()
    this.#next(why, wasReady)
  }

  /** From here on there is no thread. @returns the one that there was */
  #leave(): Thread | null {
    const thread = this.#thread
    this.#thread = null
    this.#isReady = false
    this.#hears()
    if (this.#startTimer !== null) clearTimeout(this.#startTimer)
    return thread
  }

  #next(why: string, wasReady: boolean): void {
    if (this.#isClosed) return this.#failAll(why)
    const isOld = performance.now() - this.#startedAt > OLD_MS
    this.#waitMs = isOld ? 0 : Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, this.#waitMs * 2))
    for (const call of [...this.#calls.values()]) this.#hand(call, why, wasReady)
    const { file, tell } = this.#options
    tell('error', 'thread of a js file ended, another one follows', {
      file,
      cause: why,
      waitMs: this.#waitMs,
    })
    this.#restart = setTimeout(() => this.#start(), this.#waitMs).unref()
  }

  // What did not begin ran nowhere: the next thread may have it, but no third one.
  #hand(call: Call, why: string, wasReady: boolean): void {
    if (call.turn === null && wasReady) return // it came when the thread was gone
    if (!wasReady || call.hadThread || this.#hasBegun(call))
      return this.#settle(call, { kind: 'failed', why })
    call.hadThread = true
    this.#await(call)
  }

  /** Calls begin in the order in which they were posted. */
  #hasBegun({ turn }: Call): boolean {
    return turn !== null && ((turn - Atomics.load(this.#begun, 0)) | 0) <= 0
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

// gateway/asks/js-runner.ts: one module of the operator's in a process that is not trusted: each call has its time, and whatever
// becomes of the process, its calls are answered and another one follows. One that hears is left alone.
import type { JsAnswer, JsAsked } from '../../routing/rules/asked.ts'
import type { Tell } from '../world.ts'
import { JsProcess } from './js-process.ts'
import type { JsCall, JsReturn } from './js-worker.ts'

/** For the module to load. */
const START_MS = 10_000
/** Asks whether it hears. */
const PING: JsCall = { turn: 0, name: '', request: null }
const MOST_IN_HAND = 1_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** A process that lived so long was well: the next one follows at once. */
const OLD_MS = 10_000

export interface JsRunnerOptions {
  readonly file: string
  readonly mostHeapMb?: number
  /** For the module to load. */
  readonly startMs?: number
  readonly tell: Tell
}

interface Call {
  readonly asked: JsAsked
  readonly done: (answer: JsAnswer) => void
  timer: NodeJS.Timeout | null
  /** Which one it is of the calls that the process was given, from 1 on; 0: it waits for a process. */
  turn: number
  /** It had not begun when its time was over: it has it once more. */
  hadTime: boolean
  /** It had not begun when its process ended: the next one has it. */
  hadProcess: boolean
}

export class JsRunner {
  readonly #options: JsRunnerOptions
  readonly #startMs: number
  readonly #calls = new Set<Call>()
  /** Those of them that the process was given, by turn. */
  readonly #posted = new Map<number, Call>()
  #process: JsProcess | null = null
  /** Why it is being ended; null: it is not. */
  #sentence: string | null = null
  #turns = 0
  /** The last one that is known to have begun. Of those behind it, the process began the next one at most. */
  #begun = 0
  #isReady = false
  #isClosed = false
  #startTimer: NodeJS.Timeout | null = null
  /** Runs while the process is asked whether it hears. */
  #pingTimer: NodeJS.Timeout | null = null
  #restart: NodeJS.Timeout | null = null
  #startedAt = 0
  #waitMs = 0

  constructor(options: JsRunnerOptions) {
    this.#options = options
    this.#startMs = options.startMs ?? START_MS
    this.#start()
  }

  /** Of the process; undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** @param done called once, and never before this returns */
  call(asked: JsAsked, done: (answer: JsAnswer) => void): void {
    const why = this.#isClosed ? 'its process has ended' : 'too many calls wait'
    if (this.#isClosed || this.#calls.size >= MOST_IN_HAND) {
      setImmediate(() => done({ kind: 'failed', why }))
      return
    }
    const call: Call = { asked, done, timer: null, turn: 0, hadTime: false, hadProcess: false }
    this.#calls.add(call)
    if (this.#isReady) this.#post(call)
    else this.#await(call)
  }

  /** Calls in hand are answered: they failed. Resolves when nothing of the process runs. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    this.#isReady = false
    this.#stopAsking()
    this.#failAll('its process has ended')
    await this.#process?.kill()
  }

  #start(): void {
    this.#restart = null
    this.#startedAt = performance.now()
    const { file, mostHeapMb = 128, tell } = this.#options
    this.#turns = 0
    this.#begun = 0
    this.#sentence = null
    this.#process = new JsProcess({
      file,
      mostHeapMb,
      onMessage: message => this.#hear(message),
      onEnd: why => this.#ended(why),
      onLine: line => tell('info', 'function of a rule says', { file, line }),
    })
    this.#startTimer = setTimeout(() => this.#end('it does not load'), this.#startMs).unref()
  }

  #hear({ turn, isBegun, decision, problem }: JsReturn): void {
    if (turn === 0) return this.#isReady ? this.#stopAsking() : this.#ready()
    this.#begun = Math.max(this.#begun, turn)
    const call = this.#posted.get(turn)
    if (isBegun === true || call === undefined) return // too late
    this.#settle(
      call,
      problem === undefined ? { kind: 'returned', decision } : { kind: 'failed', why: problem },
    )
  }

  #ready(): void {
    if (this.#sentence !== null || this.#isClosed) return
    this.#isReady = true
    clearTimeout(this.#startTimer!)
    for (const call of this.#calls) this.#post(call)
  }

  #post(call: Call): void {
    const { name, request, timeoutMs } = call.asked
    call.turn = ++this.#turns
    this.#posted.set(call.turn, call)
    this.#setTimer(call, timeoutMs)
    this.#process!.post({ turn: call.turn, name, request })
  }

  // A process that starts is waited for; where the last ones died at once, as long as for an answer.
  #await(call: Call): void {
    call.turn = 0
    this.#setTimer(call, this.#waitMs > FIRST_WAIT_MS ? call.asked.timeoutMs : this.#startMs)
  }

  #setTimer(call: Call, ms: number): void {
    if (call.timer !== null) clearTimeout(call.timer)
    call.timer = setTimeout(() => this.#late(call), ms)
  }

  // It may await something for long, which harms nobody else, or be stuck in an endless loop: the process is asked.
  #late(call: Call): void {
    if (call.turn > 0 && !this.#isReady) return // it is being ended; then is known what had begun
    const { timeoutMs } = call.asked
    const why = call.turn === 0 ? 'its module is not loaded' : `no decision within ${timeoutMs} ms`
    if (this.#isReady && this.#pingTimer === null) {
      this.#process!.post(PING)
      this.#listen(why, timeoutMs)
    }
    const mayWait = call.turn > 0 && !call.hadTime && !call.hadProcess && !this.#mayHaveBegun(call)
    if (!mayWait) return this.#settle(call, { kind: 'failed', why })
    call.hadTime = true
    this.#setTimer(call, timeoutMs)
  }

  // Where it still begins calls, it is only behind with them; and the one that it began last may have more time.
  #listen(why: string, leastMs: number): void {
    const begun = this.#begun
    const first = this.#posted.get(begun + 1)
    const ms = Math.max(leastMs, first?.asked.timeoutMs ?? 0)
    this.#pingTimer = setTimeout(() => {
      if (this.#begun === begun) this.#end(why)
      else this.#listen(why, leastMs)
    }, ms).unref()
  }

  #stopAsking(): void {
    if (this.#pingTimer !== null) clearTimeout(this.#pingTimer)
    this.#pingTimer = null
  }

  // What had not begun is known when nothing of it runs any more, and not before.
  #end(why: string): void {
    this.#sentence = this.#isReady ? `${why}: its process was ended` : why
    this.#isReady = false
    this.#stopAsking()
    void this.#process!.kill()
  }

  #ended(cause: string): void {
    const why = this.#sentence ?? cause
    const wasReady = this.#turns > 0 || this.#isReady
    this.#process = null
    this.#isReady = false
    this.#stopAsking()
    clearTimeout(this.#startTimer!)
    if (this.#isClosed) return this.#failAll(why)
    const isOld = performance.now() - this.#startedAt > OLD_MS
    this.#waitMs = isOld ? 0 : Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, this.#waitMs * 2))
    for (const call of this.#calls) this.#hand(call, why, wasReady)
    this.#posted.clear()
    const { file, tell } = this.#options
    tell('error', 'process of a js file ended, another one follows', {
      file,
      cause: why,
      waitMs: this.#waitMs,
    })
    this.#restart = setTimeout(() => this.#start(), this.#waitMs).unref()
  }

  // What did not begin ran nowhere: the next process may have it, but no third one.
  #hand(call: Call, why: string, wasReady: boolean): void {
    if (call.turn === 0 && wasReady) return // it came when the process was being ended
    if (!wasReady || call.hadProcess || this.#mayHaveBegun(call))
      return this.#settle(call, { kind: 'failed', why })
    call.hadProcess = true
    this.#await(call)
  }

  /** Calls begin in the order in which they were posted. */
  #mayHaveBegun({ turn }: Call): boolean {
    return turn > 0 && turn <= this.#begun + 1
  }

  #failAll(why: string): void {
    for (const call of this.#calls) this.#settle(call, { kind: 'failed', why })
  }

  #settle(call: Call, answer: JsAnswer): void {
    if (call.timer !== null) clearTimeout(call.timer)
    this.#calls.delete(call)
    this.#posted.delete(call.turn)
    call.done(answer)
  }
}

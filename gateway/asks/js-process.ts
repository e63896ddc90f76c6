// gateway/asks/js-process.ts: a process for one module of the operator's, as the gateway has it: calls go in, what it says comes out,
// and its end is one event, whatever ended it. Whoever has one decides whether another follows.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { JsCall, JsReturn } from './js-worker.ts'
import { LineReader, lineOf } from './json-lines.ts'
import { readLines } from './lines.ts'

export interface JsProcessOptions {
  readonly file: string
  readonly mostHeapMb: number
  readonly onMessage: (message: JsReturn) => void
  /** Once; nothing of it runs any more, and all that it said was heard. @param why in words */
  readonly onEnd: (why: string) => void
  /** A line that the module wrote. */
  readonly onLine: (line: string) => void
}

/** In the built package the suffix is .js. */
const HOST = fileURLToPath(import.meta.url).replace(/process(\.[jt]s)$/, 'host$1')
const EXEC_ARGV = ['--disable-sigusr1', '--max-semi-space-size=8']
/** Bytes; a little more than it should ever say. */
const MOST_ANSWER = 16 * 1024 * 1024
/** For what is still in its pipes when it is dead: something that it started may hold them. */
const REST_MS = 500
/** For the kernel to end it. */
const KILL_MS = 5_000

export class JsProcess {
  readonly #options: JsProcessOptions
  readonly #child: ChildProcess | null
  readonly #answers = new LineReader(MOST_ANSWER)
  readonly #ended = Promise.withResolvers<void>()
  #calls: Socket | null = null
  #unsent = ''
  /** In its own words, or in V8's. */
  #cause: string | null = null
  #exit = 'it does not end'
  #isOver = false
  #killTimer: NodeJS.Timeout | null = null

  constructor(options: JsProcessOptions) {
    this.#options = options
    this.#child = this.#spawn()
    if (this.#child !== null) this.#attach(this.#child)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  post(call: JsCall): void {
    if (this.#unsent === '') setImmediate(() => this.#send())
    this.#unsent += lineOf(call)
  }

  /** Ends it wherever it stands. Resolves when it has: `onEnd` was called. */
  kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    if (this.#isOver) return this.#ended.promise
    this.#killTimer ??= setTimeout(() => this.#finish(), KILL_MS)
    return this.#ended.promise
  }

  // Without memory, descriptors or processes left it may fail here, or say so later.
  #spawn(): ChildProcess | null {
    const { file, mostHeapMb } = this.#options
    try {
      return spawn(process.execPath, [...EXEC_ARGV, HOST, 'serve', file, String(mostHeapMb)], {
        env: {},
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      })
    } catch (error) {
      this.#cause = `it cannot be started: ${(error as Error).message}`
      setImmediate(() => this.#finish())
      return null
    }
  }

  #attach(child: ChildProcess): void {
    child.on('error', error => {
      this.#cause ??= `it cannot be started: ${error.message}`
      if (child.pid === undefined) this.#finish()
    })
    if (child.pid === undefined) return
    child.on('exit', (code, signal) => {
      this.#exit = signal === null ? `it exited with code ${code}` : `${signal} ended it`
      setTimeout(() => this.#finish(), REST_MS).unref()
    })
    child.on('close', () => this.#finish())
    // On the fourth it says why it ends, and sees that we have ended.
    const [, output, errors, control, calls] = child.stdio as unknown as Socket[]
    this.#calls = calls!
    calls!.on('data', chunk => this.#read(chunk as Buffer))
    readLines(output!, line => this.#options.onLine(line))
    readLines(errors!, line => this.#hearV8(line))
    readLines(control!, line => {
      this.#cause ??= line
    })
    // One that breaks ends with the process, which is told.
    for (const socket of [output!, errors!, control!, calls!]) socket.on('error', () => {}).unref()
    child.unref()
  }

  // All that one turn of the loop brought goes at once.
  #send(): void {
    if (this.#calls?.writable) this.#calls.write(this.#unsent)
    this.#unsent = ''
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return
    let messages: JsReturn[]
    try {
      messages = this.#answers.read(chunk).map(asReturn)
    } catch (error) {
      this.#cause ??= `it answers what nobody understands: ${(error as Error).message}`
      this.#calls!.destroy() // nothing more is read
      void this.kill()
      return
    }
    for (const message of messages) this.#options.onMessage(message)
  }

  // Of its last words, one line is enough.
  #hearV8(line: string): void {
    const [, what] = /^FATAL ERROR: (.+)/.exec(line) ?? []
    if (what !== undefined) this.#cause ??= what
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#killTimer !== null) clearTimeout(this.#killTimer)
    this.#calls?.destroy()
    this.#options.onEnd(this.#cause ?? this.#exit)
    this.#ended.resolve()
  }
}

// The module may write to any of our descriptors.
function asReturn(value: unknown): JsReturn {
  const { turn } = (value ?? {}) as Partial<JsReturn>
  if (typeof turn !== 'number') throw new Error('a line without a turn')
  return value as JsReturn
}

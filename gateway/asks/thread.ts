// gateway/asks/thread.ts: a worker thread that may die at any time: what it writes goes to the log by lines, and its end is one
// event. Whoever has one decides whether another follows.
import { Worker } from 'node:worker_threads'
import { readLines } from './lines.ts'

export interface ThreadOptions {
  /** A file of ours beside this one, without suffix. */
  readonly entry: string
  readonly name: string
  readonly data?: unknown
  readonly mostHeapMb: number
  readonly onMessage: (message: unknown) => void
  /** Once; nothing comes after it. @param why in words */
  readonly onEnd: (why: string) => void
  /** A line of its standard output or error. */
  readonly onLine: (line: string) => void
}

const LONGEST_CAUSE = 2_000

export class Thread {
  readonly #worker: Worker
  #isOver = false

  constructor(options: ThreadOptions) {
    // In the built package the suffix is .js.
    const file = new URL(import.meta.url.replace(/thread(\.[jt]s)$/, `${options.entry}$1`))
    this.#worker = new Worker(file, {
      name: options.name,
      workerData: options.data,
      env: {},
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: options.mostHeapMb, stackSizeMb: 4 },
    })
    const { onMessage, onEnd, onLine } = options
    let cause: string | null = null
    this.#worker.on('message', message => {
      if (!this.#isOver) onMessage(message)
    })
    this.#worker.on('error', error => {
      cause = textOf(error)
    })
    // Follows in every case; nothing of it runs any more.
    this.#worker.on('exit', code => {
      if (this.#isOver) return
      this.#isOver = true
      onEnd(cause ?? `it exited with code ${code}`)
    })
    readLines(this.#worker.stdout, onLine)
    readLines(this.#worker.stderr, onLine)
    this.#worker.unref()
  }

  post(message: unknown): void {
    if (!this.#isOver) this.#worker.postMessage(message)
  }

  /** Ends it wherever it stands, also in an endless loop; resolves when nothing of it runs. `onEnd` is not called any more. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#worker.terminate()
  }
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.slice(0, LONGEST_CAUSE)
}

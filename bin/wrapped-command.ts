// bin/wrapped-command.ts: a command that `sluice subscribe` starts, tells signals, and outlives.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'

/** As shells have it: the exit code of what cannot be found, and of what may not be run. */
const NOT_FOUND = 127
const NOT_RUNNABLE = 126
const SIGNALLED = 128

export interface Exit {
  /** Its exit code; of one that a signal ended, 128 and the signal's number. */
  readonly code: number
  /** "exit code 3", "SIGKILL", "no such command". */
  readonly cause: string
}

/**
 * It has our input and output, and a session of its own: Ctrl-C in a terminal reaches us alone, so that we can leave before
 * it ends.
 */
export class WrappedCommand {
  readonly #child: ChildProcess
  /** Never rejects. */
  readonly ended: Promise<Exit>
  #mercy: NodeJS.Timeout | undefined
  readonly #endWithUs = () => this.signal('SIGTERM')

  constructor([file = '', ...args]: readonly string[]) {
    this.#child = spawn(file, args, { stdio: 'inherit', detached: true })
    this.ended = new Promise(resolve => {
      this.#child.once('error', error => resolve(notStarted(error as NodeJS.ErrnoException)))
      this.#child.once('exit', (code, signal) => resolve(exitOf(code, signal)))
    })
    process.once('exit', this.#endWithUs) // should we end by a mistake of ours
    this.ended.then(() => {
      clearTimeout(this.#mercy)
      process.off('exit', this.#endWithUs)
      this.#signalGroup('SIGTERM') // what it left behind is not announced any more, and may hold the port
    })
  }

  /** To the command alone: what it started is its own to tell. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined && this.#child.exitCode === null) this.#child.kill(signal)
  }

  /** TERM, and KILL to all it started when `mercyMs` are over. */
  end(mercyMs: number): void {
    this.signal('SIGTERM')
    this.#mercy = setTimeout(() => this.kill(), mercyMs)
  }

  kill(): void {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) this.#signalGroup('SIGKILL')
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    try {
      if (pid !== undefined) process.kill(-pid, signal)
    } catch {
      // nobody is left
    }
  }
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { code: code!, cause: `exit code ${code}` }
  return { code: SIGNALLED + constants.signals[signal], cause: signal }
}

function notStarted({ code, message }: NodeJS.ErrnoException): Exit {
  if (code === 'ENOENT') return { code: NOT_FOUND, cause: 'there is no such command' }
  return { code: NOT_RUNNABLE, cause: code === 'EACCES' ? 'it may not be run' : message }
}

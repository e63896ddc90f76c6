// bin/terminal.ts: where people read what a command says: the output of this process, or, while it starts in the background,
// that of the command which started it.
import { closeSync, writeSync } from 'node:fs'

/** Names the descriptor of the pipe to the command that waits for our start. */
export const REPORT_VARIABLE = 'SLUICE_REPORT_FD'

/** One line of JSON through that pipe. */
export type Told = { readonly out: string } | { readonly err: string } | { readonly exit: number }

class Terminal {
  /** null: nobody waits for our start, or not any more. */
  #report: number | null
  /** Whether this process was started to serve in the background. */
  readonly isInBackground: boolean

  constructor(env: NodeJS.ProcessEnv) {
    const given = env[REPORT_VARIABLE]
    delete env[REPORT_VARIABLE]
    this.isInBackground = /^\d{1,4}$/.test(given ?? '')
    this.#report = this.isInBackground ? Number(given) : null
  }

  out(text: string): void {
    if (this.#report === null) process.stdout.write(text)
    else this.#tell({ out: text })
  }

  /** The log of a process in the background holds it, too. */
  err(text: string): void {
    process.stderr.write(text)
    if (this.#report !== null && text !== '') this.#tell({ err: text })
  }

  /** Resolves once whoever reads our output has all of it, or reads no more: a pipe holds 64 KB, and the end of a process drops the rest. */
  async taken(): Promise<void> {
    const { stdout } = process
    if (stdout.writableLength === 0) return
    await new Promise<void>(resolve => {
      stdout.once('error', () => resolve())
      stdout.write('', () => resolve())
    })
  }

  /** The start is over: whoever waits for it goes on. */
  end(exit: number): void {
    if (this.#report === null) return
    this.#tell({ exit })
    closeSync(this.#report)
    this.#report = null
  }

  #tell(told: Told): void {
    try {
      writeSync(this.#report!, `${JSON.stringify(told)}\n`)
    } catch {
      // who waited has left
    }
  }
}

/** That of this process. */
export const terminal = new Terminal(process.env)

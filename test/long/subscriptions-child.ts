// test/long/subscriptions-child.ts: a process beside the run that is told things one after the other, and answers each.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Ends } from './ends.ts'

const HEARD_MS = 30_000

export class Child<To extends object, From> {
  readonly #process: ChildProcess
  #before: Promise<unknown> = Promise.resolve()

  /** @param file a program of this folder */
  constructor(ends: Ends, file: string, args: readonly string[] = []) {
    this.#process = fork(new URL(file, import.meta.url), args)
    const gone = once(this.#process, 'exit')
    ends.teardown(() => {
      this.#process.kill('SIGKILL')
      return gone
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** @throws Error when it does not answer */
  async tell(message: To): Promise<From> {
    const answer = this.#before.then(() => {
      const heard = this.heard()
      this.#process.send(message)
      return heard
    })
    this.#before = answer.catch(() => {})
    return answer
  }

  /** What it says next. */
  async heard(): Promise<From> {
    const [said] = await once(this.#process, 'message', { signal: AbortSignal.timeout(HEARD_MS) })
    return said as From
  }
}

// master/steering/notify.ts: tells systemd how far we are (NOTIFY_SOCKET). Node has no UNIX datagrams, so systemd-notify sends
// them, which is there wherever systemd is. As it is a process of its own, the unit needs NotifyAccess=all.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from '../logs/log.ts'

const LIMIT_MS = 5000

/** Takes the variable out of the environment, so that nothing we start can speak for us. Call it once, first of all. */
export function takeNotifySocket(env: NodeJS.ProcessEnv = process.env): string | null {
  const socket = env.NOTIFY_SOCKET || null
  delete env.NOTIFY_SOCKET
  return socket
}

export class ReadinessNotifier {
  readonly #socket: string | null
  readonly #log: Log
  #last: Promise<void> = Promise.resolve()
  #hasFailed = false

  /** @param socket null: nobody wants to know */
  constructor(socket: string | null, log: Log) {
    this.#socket = socket
    this.#log = log
  }

  /** Every gateway serves. */
  ready(status: string): Promise<void> {
    return this.#send('READY=1', `STATUS=${status}`)
  }

  status(status: string): Promise<void> {
    return this.#send(`STATUS=${status}`)
  }

  stopping(): Promise<void> {
    return this.#send('STOPPING=1', 'STATUS=stopping')
  }

  // One after another, as the last word counts. Without --pid the tool speaks in its parent's name where it may.
  #send(...words: string[]): Promise<void> {
    const socket = this.#socket
    if (socket === null) return Promise.resolve()
    this.#last = this.#last.then(() => this.#run(socket, words))
    return this.#last
  }

  async #run(socket: string, words: readonly string[]): Promise<void> {
    if (this.#hasFailed) return
    try {
      const env = { ...process.env, NOTIFY_SOCKET: socket }
      await promisify(execFile)('systemd-notify', [...words], { env, timeout: LIMIT_MS })
    } catch (error) {
      this.#hasFailed = true
      const { code, message } = error as NodeJS.ErrnoException
      const cause = code === 'ENOENT' ? 'there is no systemd-notify' : message.split('\n')[0]
      this.#log.warn({ cause }, 'systemd cannot be told that Sluice serves: use Type=exec')
    }
  }
}

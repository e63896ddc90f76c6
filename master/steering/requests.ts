// master/steering/requests.ts: what is asked of a master, whoever asks: a reload may mean a stop, and a second stop does no harm.
import { type Config, problemText } from '../../config/config.ts'
import type { Controls, ReloadReport, Status, StopMode } from '../controls.ts'
import type { Log } from '../logs/log.ts'
import type { WhyReport } from '../why.ts'
import type { Pidfiles } from './pidfile.ts'

/** By signal, named pipe or touched file: nobody waits for an answer. */
export type Command =
  | 'reload'
  | 'replace'
  | 'stop'
  | 'stop now'
  | 'pause or resume'
  | 'reopen logs'
  | 'rotate logs'
  | 'write pid files'
  | 'log status'
  | 'log summary'

/** The part of a master that is steered. */
export interface Steered extends Omit<Controls, 'stop' | 'writePidfiles'> {
  /** What is in force. */
  readonly config: Config
  /** Resolves when everything ended; a later call may be less patient, and joins it. */
  stop(mode: StopMode): Promise<void>
}

export interface RequestsOptions {
  readonly master: Steered
  readonly pidfiles: Pidfiles
  readonly log: Log
  readonly onReloaded: (report: ReloadReport) => void
  readonly onStopping: () => void
  readonly onStopped: () => void
}

export class Requests implements Controls {
  readonly #options: RequestsOptions
  readonly #master: Steered
  readonly #log: Log
  #isStopping = false
  #hasStarted = false

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#master = options.master
    this.#log = options.log
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** From now on every gateway serves. */
  started(): void {
    this.#hasStarted = true
  }

  /** Obeys, and logs what came of it. */
  obey(command: Command): void {
    const done = this.#do(command)
    done?.catch((error: unknown) => this.#log.error({ err: error, command }, 'a command failed'))
  }

  async reload(options: { readonly replace?: boolean } = {}): Promise<ReloadReport> {
    if (!this.#isStopping && this.#master.config.values['exit-on-reload']) {
      this.#log.info({ option: 'exit-on-reload' }, 'stopping, where a reload was asked for')
      this.stop('graceful')
      return stoppingBecause('exit-on-reload is set')
    }
    const report = await this.#master.reload(options)
    this.#options.onReloaded(report)
    return report
  }

  stop(mode: StopMode): void {
    if (this.#isStopping && mode === 'graceful') return
    const isFirst = !this.#isStopping
    this.#isStopping = true
    if (isFirst) this.#options.onStopping()
    const stopped = this.#master.stop(mode)
    if (isFirst) void stopped.then(this.#options.onStopped)
  }

  async pauseOrResume(): Promise<boolean> {
    const isPaused = await this.#master.pauseOrResume()
    this.#log.info(isPaused ? 'paused: connections wait in the queue' : 'resumed')
    return isPaused
  }

  reopenLogs(): Promise<void> {
    return this.#master.reopenLogs()
  }

  rotateLogs(): Promise<void> {
    return this.#master.rotateLogs()
  }

  writePidfiles(): void {
    for (const problem of this.#options.pidfiles.rewrite()) this.#log.error(problemText(problem))
  }

  status(): Status {
    return this.#master.status()
  }

  why(key: string): WhyReport {
    return this.#master.why(key)
  }

  #do(command: Command): Promise<unknown> | undefined {
    switch (command) {
      case 'reload':
        return this.reload()
      case 'replace':
        return this.reload({ replace: true })
      case 'stop':
        return void this.stop('graceful')
      case 'stop now':
        return void this.stop('now')
      case 'pause or resume':
        return this.pauseOrResume()
      case 'reopen logs':
        return this.reopenLogs()
      case 'rotate logs':
        return this.rotateLogs()
      case 'write pid files':
        return void this.writePidfiles()
      case 'log status':
        return void this.#logStatus('status', status => ({ status }))
      case 'log summary':
        return void this.#logStatus('configuration and counters', summaryOf)
    }
  }

  #logStatus(text: string, fieldsOf: (status: Status) => Record<string, unknown>): void {
    if (this.#hasStarted) this.#log.info(fieldsOf(this.status()), text)
    else this.#log.info('there is no status yet: Sluice starts')
  }
}

function summaryOf({ files, listeners, gateways, counters, reloads }: Status): Record<string, unknown> {
  return { files, listeners, gateways: gateways.length, reloads, ...counters }
}

function stoppingBecause(reason: string): ReloadReport {
  return { kind: 'stopping', changes: [], reasons: [reason], warnings: [], problem: '', tookMs: 0 }
}

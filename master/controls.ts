// master/controls.ts: what can be asked of a running master: by signal, named pipe, touched file or control socket.
import type { CounterBatch } from '../base/messages.ts'
import type { WhyReport } from './why.ts'

/** How an instance ends: work in hand finishes; at once; at once, daemons killed too. */
export type StopMode = 'graceful' | 'now' | 'kill'

export interface Controls {
  /**
   * Reads the config again. Never rejects. Calls made meanwhile share one later reload.
   *
   * @param options `replace`: by new gateways even where the running ones could change in place
   * @returns once every gateway follows the new config, or nothing changed
   */
  reload(options?: { readonly replace?: boolean }): Promise<ReloadReport>
  /** Begins to stop; a second call may be less patient. */
  stop(mode: StopMode): void
  /** Gateways stop accepting, and connections wait in the queue, until the next call. @returns whether it is paused now */
  pauseOrResume(): Promise<boolean>
  reopenLogs(): Promise<void>
  rotateLogs(): Promise<void>
  /** Writes the pid files again, as somebody may have removed them. */
  writePidfiles(): void
  status(): Status
  /** @param key a key, or a host and perhaps a path as in a request */
  why(key: string): WhyReport
}

export interface ReloadReport {
  readonly kind: 'in place' | 'new generation' | 'unchanged' | 'refused' | 'stopping'
  /** What changed, a line each: "http-timeout: 60 -> 30". */
  readonly changes: readonly string[]
  /** Why the running gateways could not change in place. */
  readonly reasons: readonly string[]
  /** Located warnings, whole lines; what takes effect at a restart only is among them. */
  readonly warnings: readonly string[]
  /** Located text of everything that was wrong when it was refused, else ''. */
  readonly problem: string
  readonly tookMs: number
}

export interface Status {
  readonly version: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly isPaused: boolean
  /** Config files in the order they were read. */
  readonly files: readonly string[]
  /** Addresses that are served, with the port really bound. */
  readonly listeners: readonly string[]
  readonly reloads: number
  readonly gateways: readonly {
    readonly pid: number
    readonly state: 'starting' | 'serving' | 'retiring'
    readonly connections: number
  }[]
  /** Since the start of the master, over all gateways and reloads. */
  readonly counters: Omit<CounterBatch, 'nodes' | 'hits'>
  readonly nodes: readonly {
    readonly name: string
    readonly requests: number
    readonly failures: number
    readonly isResting: boolean
  }[]
  /** Since the start; null: there is no server for them. */
  readonly announcements: AnnouncementCounts | null
}

export interface AnnouncementCounts {
  /** Heartbeats included. */
  readonly taken: number
  readonly refused: number
  /** The most frequent first, as are the senders. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[]
  readonly senders: readonly { readonly source: string; readonly count: number }[]
}

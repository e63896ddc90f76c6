// bench/result.ts: what was found out about a row.
import type { Spread } from './spread.ts'
import type { SystemCalls } from './system-calls.ts'

export interface RowResult {
  readonly row: string
  readonly about: string
  readonly rounds: number
  readonly comparedWith: string
  /** Of the cost: CPU time of a request, or memory of a connection. */
  readonly unit: 'µs' | 'bytes'
  /** What Sluice has to reach: a ratio where the unit is µs, else bytes. null: nothing is asked of it. */
  readonly goal: number | null
  /** µs that Sluice may cost above Sluice without rules. */
  readonly rulesGoal?: number
  readonly peers: readonly PeerResult[]
}

export interface PeerResult {
  readonly name: string
  /** With the quartiles of the rounds. */
  readonly cost: Spread
  /** To the cost of the peer it is compared with, in the same round; null when that peer was not measured. */
  readonly ratio: Spread | null
  /** null for idle connections. */
  readonly requestsPerSecond: number | null
  readonly p99Ms: number | null
  /** Its processes, the first one that was started first; the CPU share is of the measured rounds. */
  readonly processes: readonly ProcessResult[]
  /** Of a core, by the process that carries no traffic; null where it counts as cost. */
  readonly masterShare: number | null
  /** null when they were not counted. */
  readonly systemCalls: SystemCalls | null
  /** Under a load that does not saturate; null when it was not asked for. */
  readonly paced: { readonly requestsPerSecond: number; readonly p99Ms: number } | null
  readonly errors: readonly string[]
}

export interface ProcessResult {
  readonly pid: number
  readonly cpuShare: number
  readonly rssBytes: number
}

// bench/load.ts: one round of load on a gateway, of the kind that a row asks for.
import { shakeHands } from './handshakes.ts'
import type { Row } from './row.ts'
import { runWrk } from './wrk.ts'

export interface Load {
  readonly requests: number
  readonly requestsPerSecond: number
  /** null when the load has no measure of it. */
  readonly p99Ms: number | null
  /** In the load's own words; empty when all went well. */
  readonly errors: readonly string[]
}

/** Where load goes: a gateway, the load's own CPU and a directory for its files. */
export interface Target {
  readonly port: number
  readonly cpu: number
  readonly directory: string
}

/** @param seconds fractions too */
export function applyLoad(row: Row, target: Target, seconds: number): Promise<Load> {
  switch (row.load.kind) {
    case 'requests':
      return runWrk(row.client, row.load, target, seconds)
    case 'handshakes':
      return shakeHands(row.load, target, seconds)
    case 'idle':
      throw new Error('idle connections are no load')
  }
}

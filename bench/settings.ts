// bench/settings.ts: how thoroughly rows are measured, and what is there for all of them.
import type { Peer } from './peer.ts'
import type { Running } from './processes.ts'
import type { Certificate } from './site.ts'

/** The gateway alone. */
export const GATEWAY_CPU = 0
/** The load and the node behind. */
export const LOAD_CPU = 1

export interface Settings {
  readonly rounds: number
  /** Of a round, and of each step of the warm-up. */
  readonly seconds: number
  /** Before rounds begin, each peer answers as many. */
  readonly warmRequests: number
  readonly directory: string
  readonly certificate: Certificate
  /** The compiled command; null: the checkout's own. */
  readonly sluice: string | null
  readonly countsSystemCalls: boolean
  readonly measuresLatency: boolean
}

/** Starts a peer, with its files in a directory of its own. */
export type Begin = (peer: Peer, place: string) => Promise<{ port: number; running: Running }>

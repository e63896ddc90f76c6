// bench/peer.ts: what a gateway that is compared has to say of itself, and what it is told.
import type { NodeAddress } from './node.ts'
import type { Row } from './row.ts'
import type { Certificate } from './site.ts'

/** What a peer is to be for one row. */
export interface Job {
  readonly row: Row
  /** Of 127.0.0.1. */
  readonly port: number
  readonly node: NodeAddress
  /** For rows whose clients use TLS; it is there in any case. */
  readonly certificate: Certificate
  /** Free ports of 127.0.0.1, for what the peer needs besides. */
  readonly spare: { readonly tcp: number; readonly udp: number }
  /** Exists; for configuration files and logs. */
  readonly directory: string
  /** The compiled `sluice` command; null: the checkout's own. */
  readonly sluice: string | null
}

export interface Peer {
  readonly name: string
  /** Commands that must exist. */
  readonly needs: readonly string[]
  /** Whether it can do the job of a row. */
  serves(row: Row): boolean
  /** Writes configuration files. @returns the command line that serves in the foreground */
  prepare(job: Job): readonly string[]
  /** What works on it from the side of the load, started once it serves, and the port that it accepts on when it is ready. */
  companion?(job: Job): { readonly command: readonly string[]; readonly port: number }
  /** The process that was started carries no traffic: what it takes is no cost of a request, and is told apart. */
  readonly countsGatewaysOnly?: true
}

/** Connections that a peer has to have room for, and some. */
export function connectionsOf(row: Row): number {
  return row.load.kind === 'idle' ? row.load.connections + 1_000 : 4_000
}

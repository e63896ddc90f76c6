// bench/row.ts: what a row of the bench is: what clients do, through which protocols, and what is hoped for.

import type { RuleSet } from './rule-set.ts'

export interface Row {
  readonly name: string
  /** For the reader of the table. */
  readonly about: string
  readonly client: 'http' | 'https'
  readonly node: 'http' | 'uwsgi'
  /** How the gateways reach the node. */
  readonly over: 'tcp' | 'unix'
  readonly load: Requests | Handshakes | Idle
  /** The peer that ratios are to. */
  readonly comparedWith: 'nginx' | 'nginx-buffers'
  /** What Sluice has to reach: a ratio, or bytes for each connection where connections idle. */
  readonly goal?: number
  /** What its route rules may cost at most: µs above the same Sluice without them. */
  readonly rulesGoal?: number
  /** The node listens on thousands of ports, which announce themselves. */
  readonly manyNodes?: boolean
  /** Route rules that a request meets before a node is chosen. */
  readonly rules?: RuleSet
}

/** 64 connections of wrk, each with its next request once it has an answer. */
export interface Requests {
  readonly kind: 'requests'
  readonly path: string
  /** Beside Host. With "Connection: close" each request has a connection of its own. */
  readonly headers: readonly string[]
  /** 0: a GET. */
  readonly bodyBytes: number
}

/** Each request on a TLS connection of its own, with a full handshake or one that resumes the session before. */
export interface Handshakes {
  readonly kind: 'handshakes'
  readonly resumed: boolean
}

/** Connections that had one answer and are kept open. What counts is memory. */
export interface Idle {
  readonly kind: 'idle'
  readonly connections: number
}

/** Every row is said as a difference to this one. */
export const USUAL = {
  client: 'http',
  node: 'http',
  over: 'tcp',
  comparedWith: 'nginx',
} as const

/** GETs of 100 bytes, unless said otherwise. */
export function requests(other: Partial<Requests> = {}): Requests {
  return { kind: 'requests', path: '/', headers: [], bodyBytes: 0, ...other }
}

// bench/figures.ts: the figures that are committed: written by `--write`, printed in docs/benchmarks.md, and what
// `--gate` compares with.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Facts } from './machine.ts'
import type { PeerResult, RowResult } from './result.ts'
import { ROWS } from './rows.ts'
import type { Spread } from './spread.ts'

export interface Figures {
  readonly machine: Facts
  /** Of all but Sluice. */
  readonly versions: Facts
  readonly rows: Readonly<Record<string, RowFigures>>
}

export interface RowFigures {
  readonly about: string
  /** Version and commit. */
  readonly sluice: string
  /** YYYY-MM-DD */
  readonly date: string
  /** Share of all CPUs that nobody used before. */
  readonly idleShare: number
  readonly rounds: number
  readonly comparedWith: string
  readonly unit: 'µs' | 'bytes'
  readonly goal: number | null
  readonly rulesGoal?: number
  readonly peers: Readonly<Record<string, PeerFigures>>
}

export interface PeerFigures {
  readonly cost: Spread
  readonly ratio: Spread | null
  readonly requestsPerSecond: number | null
  readonly p99Ms: number | null
  readonly rssBytes: number
  /** Of a core; not where it counts as cost. */
  readonly masterShare?: number
  readonly systemCalls: number | null
  readonly paced: { readonly requestsPerSecond: number; readonly p99Ms: number } | null
}

const FILE = fileURLToPath(new URL('figures.json', import.meta.url))

/** @returns null when none were ever written */
export function readFigures(): Figures | null {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Figures) : null
}

export function writeFigures(figures: Figures): void {
  writeFileSync(FILE, `${JSON.stringify(figures, null, 2)}\n`)
}

/**
 * Puts new results in the place of old ones of the same rows. Rows that were not measured now stay only when they come
 * from the same machine, beside the same versions: one page never mixes what does not compare.
 */
export function merge(
  old: Figures | null,
  results: readonly RowResult[],
  about: Pick<Figures, 'machine' | 'versions'> & Pick<RowFigures, 'sluice' | 'date' | 'idleShare'>,
): Figures {
  const { machine, versions, sluice, date } = about
  const idleShare = round(about.idleShare, 2)
  const keeps = old !== null && isSame(old.machine, machine) && isSame(old.versions, versions)
  const rows = new Map(keeps ? Object.entries(old.rows) : [])
  for (const result of results) rows.set(result.row, rowFigures(result, { sluice, date, idleShare }))
  const order = (name: string) => ROWS.findIndex(row => row.name === name)
  const sorted = [...rows].sort(([a], [b]) => order(a) - order(b))
  return { machine, versions, rows: Object.fromEntries(sorted) }
}

function isSame(one: Facts, other: Facts): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function rowFigures(
  result: RowResult,
  origin: Pick<RowFigures, 'sluice' | 'date' | 'idleShare'>,
): RowFigures {
  const { about, rounds, comparedWith, unit, goal, rulesGoal } = result
  const goals = rulesGoal === undefined ? { goal } : { goal, rulesGoal }
  const peers = Object.fromEntries(result.peers.map(peer => [peer.name, peerFigures(peer)]))
  return { about, ...origin, rounds, comparedWith, unit, ...goals, peers }
}

function peerFigures(peer: PeerResult): PeerFigures {
  const { paced } = peer
  return {
    cost: roundedSpread(peer.cost, 2),
    ratio: peer.ratio === null ? null : roundedSpread(peer.ratio, 3),
    requestsPerSecond: peer.requestsPerSecond === null ? null : round(peer.requestsPerSecond, 0),
    p99Ms: peer.p99Ms === null ? null : round(peer.p99Ms, 2),
    rssBytes: peer.processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    ...(peer.masterShare === null ? {} : { masterShare: round(peer.masterShare, 3) }),
    systemCalls: peer.systemCalls === null ? null : round(peer.systemCalls.perRequest, 2),
    paced:
      paced === null
        ? null
        : { requestsPerSecond: round(paced.requestsPerSecond, 0), p99Ms: round(paced.p99Ms, 2) },
  }
}

function roundedSpread({ low, median, high }: Spread, digits: number): Spread {
  return { low: round(low, digits), median: round(median, digits), high: round(high, digits) }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

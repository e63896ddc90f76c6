// test/bench/results.ts: results of rows as tests need them: little written, the rest filled in.
import type { PeerResult, RowResult } from '../../bench/result.ts'

/** @param ratio of all rounds, to a peer that costs 10 */
export function peerResult(name: string, ratio: number, other: Partial<PeerResult> = {}): PeerResult {
  const same = (value: number) => ({ low: value, median: value, high: value })
  return {
    name,
    cost: same(10 * ratio),
    ratio: same(ratio),
    requestsPerSecond: 5,
    p99Ms: 2,
    processes: [],
    masterShare: null,
    systemCalls: null,
    paced: null,
    errors: [],
    ...other,
  }
}

export function rowResult(row: string, other: Partial<RowResult> = {}): RowResult {
  return {
    row,
    about: row,
    rounds: 1,
    comparedWith: 'nginx',
    unit: 'µs',
    goal: null,
    peers: [peerResult('nginx', 1), peerResult('sluice', 1.1)],
    ...other,
  }
}

// bench/report.ts: a row's result as a table for people.
import type { PeerResult, RowResult } from './result.ts'
import type { Spread } from './spread.ts'

/** A column: its head, its cell for a peer. */
type Column = readonly [head: string, cell: (peer: PeerResult) => string]

/** A table with a title, ready to print. */
export function printRow(result: RowResult): string {
  const { row, about, rounds, peers } = result
  const columns = columnsFor(result)
  const lines = [columns.map(([head]) => head), ...peers.map(peer => columns.map(([, cell]) => cell(peer)))]
  const widths = columns.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  const table = lines.map(line =>
    line
      .map((cell, column) => pad(cell, widths[column]!, column))
      .join('  ')
      .trimEnd(),
  )
  const calls = peers.filter(peer => peer.systemCalls !== null).map(printCalls)
  const errors = peers.flatMap(peer => peer.errors.map(error => `  ${peer.name}: ${error}\n`))
  const title = `${row}: ${about}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, median (quartiles)`
  return `\n${title}\n${table.join('\n')}\n${calls.join('')}${errors.join('')}`
}

// Columns that no peer has a figure for are left out.
function columnsFor({ unit, comparedWith, peers }: RowResult): Column[] {
  const has = (column: Column, has: (peer: PeerResult) => boolean) => (peers.some(has) ? [column] : [])
  return [
    ['', ({ name }) => name],
    [unit === 'µs' ? 'cpu µs' : 'bytes', ({ cost }) => cost.median.toFixed(unit === 'µs' ? 2 : 0)],
    [`to ${comparedWith}`, ({ ratio }) => ratio?.median.toFixed(2) ?? '-'],
    ['', ({ ratio }) => (ratio === null ? '' : range(ratio))],
    ...has(
      ['requests/s', peer => peer.requestsPerSecond?.toFixed(0) ?? '-'],
      peer => peer.requestsPerSecond !== null,
    ),
    ...has(['p99 ms', peer => peer.p99Ms?.toFixed(2) ?? '-'], peer => peer.p99Ms !== null),
    ...has(
      ['p99 ms at', ({ paced }) => (paced === null ? '-' : paced.p99Ms.toFixed(2))],
      peer => peer.paced !== null,
    ),
    ...has(
      ['requests/s', ({ paced }) => (paced === null ? '-' : paced.requestsPerSecond.toFixed(0))],
      peer => peer.paced !== null,
    ),
    ...has(
      ['calls', ({ systemCalls }) => systemCalls?.perRequest.toFixed(2) ?? '-'],
      peer => peer.systemCalls !== null,
    ),
    ...has(
      ['master %', ({ masterShare }) => (masterShare === null ? '-' : (masterShare * 100).toFixed(1))],
      peer => peer.masterShare !== null,
    ),
    ['RSS MB', memory],
  ]
}

function range({ low, high }: Spread): string {
  return `(${low.toFixed(2)}-${high.toFixed(2)})`
}

// "12 + 30 = 42": the master's first.
function memory({ processes }: PeerResult): string {
  const parts = processes.map(({ rssBytes }) => rssBytes / 1e6)
  const sum = parts.reduce((total, part) => total + part, 0).toFixed(0)
  return parts.length === 1 ? sum : `${parts.map(part => part.toFixed(0)).join(' + ')} = ${sum}`
}

function printCalls({ name, systemCalls }: PeerResult): string {
  const calls = Object.entries(systemCalls!.byName).map(([call, each]) => `${call} ${each.toFixed(2)}`)
  return `  ${name}: ${calls.join(', ')}\n`
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

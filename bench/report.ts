// bench/report.ts: a row's result as a table for people.
import type { PeerResult, RowResult, Spread } from './measure.ts'

/** A table with a title, ready to print. */
export function printRow({ row, about, rounds, comparedWith, peers }: RowResult): string {
  const head = ['', 'cpu µs', `to ${comparedWith}`, '', 'requests/s', 'p99 ms', 'RSS MB']
  const lines = [head, ...peers.map(cells)]
  const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  const table = lines.map(line =>
    line
      .map((cell, column) => pad(cell, widths[column]!, column))
      .join('  ')
      .trimEnd(),
  )
  const errors = peers.flatMap(peer => peer.errors.map(error => `  ${peer.name}: ${error}\n`))
  const title = `${row}: ${about}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, median (quartiles)`
  return `\n${title}\n${table.join('\n')}\n${errors.join('')}`
}

function cells(peer: PeerResult): string[] {
  return [
    peer.name,
    peer.cpuUs.median.toFixed(2),
    peer.ratio.median.toFixed(2),
    range(peer.ratio),
    peer.requestsPerSecond.toFixed(0),
    peer.p99Ms.toFixed(2),
    memory(peer),
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

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

// bench/page.ts: docs/benchmarks.md, from the committed figures alone.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Figures, PeerFigures, RowFigures } from './figures.ts'
import type { Facts } from './machine.ts'
import type { Spread } from './spread.ts'

const FILE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
const OURS = 'sluice'
const WITHOUT_RULES = 'sluice-without-rules'

export function writePage(figures: Figures): void {
  writeFileSync(FILE, printPage(figures))
}

/** In Markdown. */
export function printPage({ machine, versions, rows }: Figures): string {
  const entries = Object.entries(rows)
  return `# Benchmarks

Written by \`npm run bench -- --write\`; do not edit. Figures of one machine on one day: what travels is the ratios.

${facts(machine)}

${facts(versions)}

## How it is measured

- Every gateway has one worker, alone on CPU 0. The load and the node behind are on CPU 1.
- The **cost** is the run time of all threads of all processes of the gateway, as the kernel counts it, divided by the
  answers. Neighbours on the same hardware move it by a fifth within an hour; so what counts is the **ratio** to nginx in
  the same round. Rounds of a second are taken in turns: A B C, then B C A. Figures are the median of the rounds,
  with the quartiles in brackets. A row counts as reached when its median does; what route rules add is the difference
  between the medians with them and without.
- Before its first round every gateway answers 20,000 requests, or as many as it can in 8 seconds.
- Load: wrk with 64 connections, each with its next request once it has an answer: the gateway is saturated, unless the node
  is slower. requests/s and p99 are those of that load. Handshakes: four of OpenSSL's s_time, one
  connection after the other each, as wrk cannot be told to resume or not to.
- **p99 at 60 %**: 256 clients that pause at random between their requests, so that together they ask as often as 60 % of
  what nginx answered at most; the pauses are not part of the latency. The same rate for all; a gateway that cannot
  carry it has no figure.
- **System calls** are counted by strace in a run of its own.
- **RSS** is of all processes of the gateway at the end, pages shared with others counted in each.
- With nodes that announce themselves (sluice-10-nodes and the like) the cost is that of the gateway process; what the master
  spends on announcements meanwhile stands beside it.
- Idle connections: resident bytes with them less those without, divided by their number, on a fresh process that has
  worked before.
- The node answers 100 bytes unless said: an nginx, kept alive; for uwsgi the real uWSGI with a small Python application.

## What is compared

- No access log anywhere. Sluice has all its limits and time-outs on, \`max-connections-per-ip\` and \`min-rate\` among them.
- Sluice, nginx and HAProxy have five hosts with a backend each, and the third is asked for; so have http-proxy and undici.
- nginx-buffers is nginx with 64 KB proxy buffers and a body buffer of 256 KB: its defaults cost it dearly on long bodies.
  Where it is measured, ratios are to it.
- http-proxy and undici are small gateways on \`node:http\`, as one would write them; uwsgi-router is uWSGI's own http router,
  with one node and no hosts.
- nginx adds no \`X-Forwarded-*\` fields and sets no limit of connections for each client; the others may.

## All rows

${summaryTable(entries)}

${entries.map(([name, row]) => section(name, row)).join('\n')}`
}

function facts(all: Facts): string {
  const parts = Object.entries(all).map(([name, value]) => `${name} ${value}`)
  return `${parts.join(', ')}.`
}

function summaryTable(rows: readonly [string, RowFigures][]): string {
  const lines = rows.map(([name, row]) => {
    const ours = row.peers[OURS]
    const goals = goalsOf(row)
    return [
      `[${name}](#${name})`,
      row.about,
      ours === undefined ? '-' : counted(row, ours),
      goals.length === 0 ? '-' : goals.map(({ must }) => must).join(', '),
      goals.map(verdict).join(', '),
    ]
  })
  return table(['row', 'what', 'Sluice to nginx', 'must', ''], lines)
}

// What the goal is about: bytes of idle connections, else the ratio.
function counted(row: RowFigures, { cost, ratio }: PeerFigures): string {
  if (row.unit === 'bytes') return amount(row, cost.median)
  return ratio === null ? '-' : withRange(ratio, 2)
}

function amount(row: RowFigures, value: number): string {
  return row.unit === 'bytes' ? `${(value / 1024).toFixed(1)} KB` : value.toFixed(2)
}

interface Goal {
  readonly must: string
  /** Above the goal; undefined: it was not measured. */
  readonly above: number | undefined
  said(value: number): string
}

function goalsOf(row: RowFigures): Goal[] {
  const { goal, rulesGoal } = row
  const goals: Goal[] = []
  const ours = row.peers[OURS]
  if (goal !== null) {
    const value = row.unit === 'bytes' ? ours?.cost.median : ours?.ratio?.median
    const above = value === undefined ? undefined : value - goal
    goals.push({ must: amount(row, goal), above, said: each => amount(row, each) })
  }
  if (rulesGoal !== undefined) {
    const without = row.peers[WITHOUT_RULES]
    const isMeasured = ours !== undefined && without !== undefined
    const above = isMeasured ? ours.cost.median - without.cost.median - rulesGoal : undefined
    goals.push({ must: `rules add ≤ ${micros(rulesGoal)}`, above, said: micros })
  }
  return goals
}

const micros = (value: number): string => `${value.toFixed(1)} µs`

function verdict({ above, said }: Goal): string {
  if (above === undefined) return ''
  return above <= 0 ? 'reached' : `**missed by ${said(above)}**`
}

function section(name: string, row: RowFigures): string {
  const peers = Object.entries(row.peers)
  const columns = [
    column(row.unit === 'µs' ? 'CPU µs' : 'bytes', ({ cost }) => withRange(cost, row.unit === 'µs' ? 1 : 0)),
    column(`to ${row.comparedWith}`, ({ ratio }) => ratio && withRange(ratio, 2)),
    column('requests/s', peer => peer.requestsPerSecond?.toFixed(0)),
    column('p99 ms', peer => peer.p99Ms?.toFixed(2)),
    column('p99 ms at 60 %', ({ paced }) => paced?.p99Ms.toFixed(2)),
    column('system calls', peer => peer.systemCalls?.toFixed(2)),
    column('master, % of a core', ({ masterShare }) =>
      masterShare === undefined ? null : (masterShare * 100).toFixed(1),
    ),
    column('RSS MB', peer => (peer.rssBytes / 1e6).toFixed(0)),
  ].filter(({ cell }) => peers.some(([, peer]) => cell(peer)))
  const lines = peers.map(([peerName, peer]) => [peerName, ...columns.map(({ cell }) => cell(peer) || '-')])
  const idle = `${(row.idleShare * 100).toFixed(0)} % of the machine idle before`
  const rounds = row.rounds === 1 ? '1 round' : `${row.rounds} rounds`
  return `### ${name}

${row.about}. Sluice ${row.sluice}, ${row.date}, ${rounds}, ${idle}.

${table(['', ...columns.map(({ head }) => head)], lines)}
`
}

function column(head: string, cell: (peer: PeerFigures) => string | null | undefined) {
  return { head, cell }
}

function withRange({ low, median, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n')
}

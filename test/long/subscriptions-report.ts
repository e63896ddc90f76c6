// test/long/subscriptions-report.ts: what a run says in the end, and what of it did not hold.
import type { Failure } from './subscriptions-load.ts'
import type { PhaseReport, RunReport } from './subscriptions-run.ts'
import { countLines, type Memory } from './subscriptions-watch.ts'

const MOST_MASTER = 0.25
const MOST_VISIBLE_MS = 100
/** Of a core. With more of it gone to others, times say little. */
const MOST_OTHERS = 0.2
/** From the first phase to the last: V8 takes and gives back memory by the megabyte. */
const MOST_GROWTH = { share: 0.25, bytes: 25e6 }
/** At any time: a wave leaves garbage. A restart begins anew, so that the last phase alone would hide a leak before it. */
const MOST_EVER = { share: 0.5, bytes: 50e6 }
/** Nodes come and go by thousands: the log says how many. */
const MOST_LINES_PER_SECOND = 40
const MOST_STORIES = 20

export function whatDidNotHold({ phases, verdict, oddities }: RunReport): string[] {
  const [first, last] = [phases[0]!, phases.at(-1)!]
  const seconds = phases.reduce((sum, phase) => sum + phase.seconds, 0)
  const lines = phases.reduce((sum, { log }) => sum + log.lines, 0) / seconds
  return [
    ...(verdict.defects.length === 0 ? [] : [`${verdict.defects.length} requests failed without a reason`]),
    ...verdict.excess,
    ...oddities,
    ...phases.filter(({ isSteady }) => isSteady).flatMap(tooMuch),
    ...grown('master', first.memory.master, last.memory.master, MOST_GROWTH),
    ...grown('gateway', most(first.memory), most(last.memory), MOST_GROWTH),
    ...grown(
      'master',
      first.memory.master,
      Math.max(...phases.map(({ memory }) => memory.master)),
      MOST_EVER,
    ),
    ...grown('gateway', most(first.memory), Math.max(...phases.map(({ memory }) => most(memory))), MOST_EVER),
    ...(lines <= MOST_LINES_PER_SECOND ? [] : [`${lines.toFixed(0)} lines a second in the log`]),
  ]
}

export function printReport({ phases, verdict, log, notes }: RunReport): string {
  const head =
    'phase            s  requests  failed   p50   p99    max   sent/s  master  gateways  others  join ms      leave ms     memory MB        log/s'
  const requests = phases.reduce((sum, phase) => sum + total(phase), 0)
  const said = [...countLines(log)].sort(([, a], [, b]) => b - a).slice(0, 12)
  return [
    head,
    ...phases.map(row),
    '',
    `${requests} requests`,
    ...Object.entries(verdict.allowed).map(([reason, count]) => `  ${count} ${reason}`),
    `  ${verdict.defects.length} failed without a reason`,
    ...stories(verdict.defects),
    ...notes,
    `log: ${log.split('\n').length - 1} lines, ${mb(log.length)} MB`,
    ...said.map(([text, count]) => `  ${count} ${text}`),
    '',
  ].join('\n')
}

// The same failure of the same key is one story.
function stories(defects: readonly Failure[]): string[] {
  const all = Map.groupBy(defects, ({ key, what }) => `${key}: ${what}`)
  return [...all].slice(0, MOST_STORIES).map(([name, failures]) => {
    const [first, last] = [failures[0]!, failures.at(-1)!]
    const times = `${clock(first.beganAt)} to ${clock(last.endedAt)}`
    return `    ${failures.length} ${name}, ${times}, the first after ${(first.endedAt - first.beganAt).toFixed(0)} ms: ${first.text.replaceAll(/\s+/g, ' ')}`
  })
}

function row(phase: PhaseReport): string {
  const { name, seconds, load, sent, cpu, seen, memory, log } = phase
  const perSecond = (count: number) => (count / seconds).toFixed(0)
  return [
    name.padEnd(14),
    seconds.toFixed(0).padStart(4),
    String(total(phase)).padStart(9),
    String(load.failures.length).padStart(7),
    load.p50.toFixed(1).padStart(5),
    load.p99.toFixed(0).padStart(5),
    load.max.toFixed(0).padStart(6),
    perSecond(sent.announced + sent.left + sent.shouted).padStart(8),
    percent(cpu.master).padStart(7),
    percent(cpu.gateways).padStart(9),
    percent(cpu.others).padStart(7),
    `  ${spread(seen.map(({ joinMs }) => joinMs)).padEnd(12)}`,
    spread(seen.map(({ leaveMs }) => leaveMs)).padEnd(12),
    [memory.master, ...memory.gateways].map(mb).join(' ').padEnd(16),
    perSecond(log.lines),
  ].join(' ')
}

function tooMuch({ name, cpu, seen }: PhaseReport): string[] {
  const isDisturbed = cpu.others > MOST_OTHERS
  const late = (what: string, times: readonly (number | null)[]): string[] => {
    const worst = Math.max(0, ...times.map(ms => ms ?? Number.POSITIVE_INFINITY))
    return worst <= MOST_VISIBLE_MS || isDisturbed
      ? []
      : [`${name}: ${what} was seen after ${worst.toFixed(0)} ms`]
  }
  return [
    ...(cpu.master <= MOST_MASTER ? [] : [`${name}: the master took ${percent(cpu.master)} of a core`]),
    ...late(
      'a node that came',
      seen.map(({ joinMs }) => joinMs),
    ),
    ...late(
      'a node that left',
      seen.map(({ leaveMs }) => leaveMs),
    ),
  ]
}

function grown(who: string, was: number, is: number, limit: typeof MOST_GROWTH): string[] {
  if (is <= was * (1 + limit.share) + limit.bytes) return []
  return [`the memory of the ${who} was ${mb(was)} MB, then ${mb(is)}`]
}

/** Median and longest. */
function spread(times: readonly (number | null)[]): string {
  const known = times.filter(ms => ms !== null).sort((a, b) => a - b)
  const unseen = times.length - known.length
  const text =
    known.length === 0 ? '-' : `${known[known.length >> 1]!.toFixed(0)}/${known.at(-1)!.toFixed(0)}`
  return unseen === 0 ? text : `${text} (${unseen} not)`
}

function total({ load }: PhaseReport): number {
  return Object.values(load.requests).reduce((sum, count) => sum + count, 0)
}

function most({ gateways }: Memory): number {
  return Math.max(0, ...gateways)
}

function clock(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 23)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

// test/long/reload-report.ts: what a reload costs and what it loses, as a page for people: docs/reload.md.
import { cpus, release, totalmem } from 'node:os'
import type { OneResult } from './reload-one.ts'
import type { Footprint, RunPlan, RunResult } from './reload-run.ts'
import type { System, SystemName } from './reload-systems.ts'
import { FAULTS, type Fault, type LoadReport } from './reload-tally.ts'

export interface Measured {
  readonly name: SystemName
  readonly version: string
  readonly mercySeconds: number
  readonly result: RunResult
}

export interface One {
  readonly name: System['name']
  readonly result: OneResult
}

export interface Page {
  readonly plan: RunPlan
  readonly workers: number
  readonly measured: readonly Measured[]
  readonly one: readonly One[]
  /** Share of the CPUs that nobody used before the run, 0 to 1. */
  readonly idle: number
}

const WIDTH = 118
/** Share of idle time from which on a machine counts as quiet. */
const QUIET = 0.95
const INTRODUCTION = `# What a reload loses

Printed by \`npm run long:reload -- --write\`: these are the figures of one run, on one machine, and no promises. The
command fails when a claim of this page about Sluice does not hold.
`

/** The page, ready to be written. */
export function printPage({ plan, workers, measured, one, idle }: Page): string {
  const mercies = [...new Set(measured.map(({ name, mercySeconds }) => `${mercySeconds} s (${name})`))]
  return [
    INTRODUCTION,
    resultsTable(plan.reloads, measured),
    failureTable(measured),
    measured.map(tookLine).filter(Boolean).join('\n'),
    oneSection(one),
    method(plan, workers, mercies.join(', ')),
    machine(measured, idle),
  ]
    .filter(Boolean)
    .map(part => part.trimEnd())
    .join('\n\n')
    .replace(/\n{3,}/g, '\n\n')
    .concat('\n')
}

/** Requests that failed by the page's own words. @param isStrict a kept connection closed under a request counts */
export function failedRequests(report: LoadReport, isStrict: boolean): number {
  return FAULTS.filter(fault => isStrict || fault !== 'closed under a request').reduce(
    (sum, fault) => sum + report.faults[fault],
    0,
  )
}

function resultsTable(reloads: number, measured: readonly Measured[]): string {
  const rows = measured.map(({ name, result }) => {
    const { report, before, peak, after } = result
    const { quiet, reloads } = report.latency
    const trio = (of: (print: Footprint) => string | number) => [before, peak, after].map(of).join(' / ')
    return [
      name,
      count(report.requests.reloads),
      count(failedRequests(report, false)),
      count(report.faults['closed under a request']),
      `${ms(quiet.p50)} / ${ms(quiet.p99)} / ${ms(quiet.max)}`,
      `${ms(reloads.p50)} / ${ms(reloads.p99)} / ${ms(reloads.max)}`,
      `${percent(result.cpuShare.quiet)} / ${percent(result.cpuShare.reloads)}`,
      trio(print => (print.bytes / 1e6).toFixed(0)),
      trio(print => print.processes),
    ]
  })
  return `## ${reloads} reloads under load, one each second\n\n${table(
    [
      '',
      'requests in reload seconds',
      'failed',
      'closed under a request',
      'quiet: p50 / p99 / max',
      'reload seconds: p50 / p99 / max',
      'CPU: quiet / reload seconds',
      'memory MB: before / peak / after',
      'processes: before / peak / after',
    ],
    rows,
  )}`
}

function failureTable(measured: readonly Measured[]): string {
  const seen = FAULTS.filter(fault => measured.some(({ result }) => result.report.faults[fault] > 0))
  if (seen.length === 0) return 'No request failed in any way.'
  const cells = (report: LoadReport) => seen.map((fault: Fault) => count(report.faults[fault]))
  return `Failures by kind:\n\n${table(
    ['', ...seen],
    measured.map(({ name, result }) => [name, ...cells(result.report)]),
  )}`
}

function tookLine({ name, result: { tookMs, reloadsMs } }: Measured): string {
  if (tookMs.length === 0) return ''
  const sorted = tookMs.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]!
  const span = (reloadsMs / 1000).toFixed(1)
  const text = `- ${name}: a reload took ${median.toFixed(0)} ms (median; at most ${sorted.at(-1)!.toFixed(0)} ms), the command's own start among it; all of them ${span} s.`
  return wrap(text).replaceAll('\n', '\n  ')
}

function oneSection(one: readonly One[]): string {
  if (one.length === 0) return ''
  const rows = one.map(({ name, result }) => [
    name,
    `${result.kills} / ${result.reloads}`,
    count(result.requests),
    count(result.failures.length),
    ms(result.longestKillMs),
    ms(result.longestReloadMs),
  ])
  const head = [
    '',
    'kills / reloads',
    'requests',
    'failed',
    'longest wait after a kill, ms',
    'in a reload, ms',
  ]
  return `## One gateway only, killed and reloaded in turns

With \`http-processes = 1\` the gateway is killed (SIGKILL); once it is dead, clients connect. They wait in the socket's
queue, which the master holds, and are served by its successor. Then it is reloaded while clients connect.

${table(head, rows)}`
}

function method({ load, quietMs, reloads }: RunPlan, workers: number, mercies: string): string {
  const paragraphs = [
    `Each system serves the same load, with ${workers} gateways, workers or threads: first ${quietMs / 1000} quiet seconds, then ${reloads} reloads, one each second, then quiet again. Every version of the configuration has other nodes and other time-outs, and every answer names the node it came from: a request that begins when \`sluice reload\` has returned must be answered by a node of the new configuration. nginx and HAProxy do not say when a new configuration is in force; they get until the next reload. Half of the requests go to http nodes and half to a real uWSGI; with HAProxy, which does not speak uwsgi, all go to http nodes.`,
    `The load: ${load.kept} kept connections, ${load.fresh} clients that connect anew for each request, ${load.slowWriters} that send a request in small pieces, ${load.slowReaders} that read 1 MB with pauses, ${load.idle} that send something every three seconds, ${load.uploads} uploads and ${load.downloads} downloads of 1 MB that take half a second each, ${load.webSockets} WebSockets with a message every 200 ms. What comes back is compared byte for byte (big bodies by their SHA-1), and each small answer must carry its own request's number.`,
    `What old gateways have in hand may live on for ${mercies}: long enough for the WebSockets to live through all reloads. Sluice in place needs no such time.`,
  ]
  const items = [
    '**failed**: refused, reset, cut, timed out, answered wrongly or by an old configuration.',
    '**closed under a request**: a kept connection was closed, without a byte of an answer, while a request was on its way. HTTP lets a server do this and lets a client repeat the request where that does no harm; a POST is lost. For Sluice these count as failed.',
    `**p50, p99, max**: milliseconds of small requests, from when they were due; all that happens shares ${cpus().length} CPUs, the load and the nodes too.`,
    '**CPU**: run time of all processes of the system; 100 % is one CPU. New gateways begin with cold code and pay for its compilation under load: that is why Sluice reloads in place wherever it can.',
    '**memory**: resident, of all processes together, so that shared pages count more than once: before, at the peak during the reloads, and after, under the same load. **processes** likewise.',
  ]
  const list = items.map(text => `- ${wrap(text).replaceAll('\n', '\n  ')}`).join('\n')
  return ['## How', ...paragraphs.map(wrap), list].join('\n\n')
}

function machine(measured: readonly Measured[], idle: number): string {
  const versions = [...new Set(measured.map(({ version }) => version))].join(', ')
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  const text = `Measured on ${cpus().length} CPUs (${cpus()[0]?.model.trim()}), ${memory} GB, Linux ${release()}, Node ${process.version}; ${versions}. Before the run the CPUs were idle for ${percent(idle)} of the time${idle < QUIET ? ': others worked on this machine, so the times, and with them the tails, are too long' : ''}.`
  return wrap(text)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

function wrap(text: string): string {
  return text.replace(new RegExp(`(.{1,${WIDTH}})(?: |$)`, 'g'), '$1\n').trimEnd()
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

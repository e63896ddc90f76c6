// test/long/subscriptions-watch.ts: what the kernel counts of Sluice and of everybody else, and what Sluice wrote to its log.
import { readFileSync } from 'node:fs'
import { cpuNs, residentBytes } from '../../bench/processes.ts'
import { gatewayPids } from '../support/processes.ts'
import { cpuSeconds } from './reload-machine.ts'

export interface Glance {
  readonly atMs: number
  /** Of master and gateways, by pid. */
  readonly master: ReadonlyMap<number, number>
  readonly gateways: ReadonlyMap<number, number>
  /** Of all processes that are not of this run. */
  readonly othersMs: number
}

/** Bytes. */
export interface Memory {
  readonly master: number
  readonly gateways: readonly number[]
}

/** Shares of one core. */
export interface Shares {
  readonly master: number
  readonly gateways: number
  readonly others: number
}

const TICK_MS = 10

/** CPU time so far. */
export function glance(master: number): Glance {
  return {
    atMs: performance.now(),
    master: cpuOf([master]),
    gateways: cpuOf(gatewayPids(master)),
    othersMs: busyMs() - cpuSeconds(process.pid) * 1_000,
  }
}

/** Of those that died in between nothing counts. */
export function sharesBetween(was: Glance, is: Glance): Shares {
  const passedMs = is.atMs - was.atMs
  const share = (name: 'master' | 'gateways') => {
    let spent = 0
    for (const [pid, ms] of is[name]) spent += ms - (was[name].get(pid) ?? 0)
    return spent / passedMs
  }
  const others = Math.max(0, is.othersMs - was.othersMs) / passedMs
  return { master: share('master'), gateways: share('gateways'), others }
}

export function memoryOf(master: number): Memory {
  return { master: residentBytes(master), gateways: gatewayPids(master).map(residentBytes) }
}

/** Lines of an event log by what they say. */
export function countLines(log: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of log.split('\n')) {
    const said = /"msg":"([^"]*)"/.exec(line)?.[1] ?? line.slice(0, 80)
    if (said !== '') counts.set(said, (counts.get(said) ?? 0) + 1)
  }
  return counts
}

function cpuOf(pids: readonly number[]): Map<number, number> {
  return new Map(pids.map(pid => [pid, cpuNs(pid) / 1e6]))
}

// user nice system idle iowait irq softirq steal: of these the time of somebody, processes or the kernel
function busyMs(): number {
  const line = readFileSync('/proc/stat', 'latin1').split('\n')[0]!
  const [user, nice, system, , , irq, softirq] = line.split(/ +/).slice(1, 9).map(Number)
  return (user! + nice! + system! + irq! + softirq!) * TICK_MS
}

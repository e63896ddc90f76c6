// test/long/reload-run.ts: one system under load: quiet seconds, then a reload each second, then what is left of it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
// sleeps: reloads come by the second, and phases have a length
import { setTimeout as pause } from 'node:timers/promises'
import { residentBytes, tree } from '../../bench/processes.ts'
import type { Test } from '../support/tmp.ts'
import type { LoadPlan } from './reload-clients.ts'
import type { FromLoad, ToLoad } from './reload-load.ts'
import { cpuSeconds } from './reload-machine.ts'
import type { VersionNodes } from './reload-nodes.ts'
import type { System } from './reload-systems.ts'
import type { LoadReport, Phase } from './reload-tally.ts'

export interface RunPlan {
  readonly load: Omit<LoadPlan, 'port'>
  readonly nodes: readonly VersionNodes[]
  /** The version of the config is their number. */
  readonly reloads: number
  readonly everyMs: number
  readonly warmUpMs: number
  readonly quietMs: number
  /** Longest wait, after the last reload, until the processes are as many as before. */
  readonly settleMs: number
}

/** Processes of a system, and the sum of their resident memory. */
export interface Footprint {
  readonly processes: number
  readonly bytes: number
}

export interface RunResult {
  readonly report: LoadReport
  readonly before: Footprint
  /** The most of each while reloads went on. */
  readonly peak: Footprint
  readonly after: Footprint
  /** Milliseconds that each reload took, where its command tells. */
  readonly tookMs: readonly number[]
  /** From the first reload to the end of the last second. */
  readonly reloadsMs: number
  /** CPU time of the system by time that passed: 1 is one CPU. */
  readonly cpuShare: { readonly quiet: number; readonly reloads: number }
  /** What the last reload said. */
  readonly said: string
}

const SAMPLE_MS = 200
const HEARD_MS = 5_000
const END_MS = 60_000

/** @throws Error when a reload fails, or the load ends by itself */
export async function runUnderLoad(t: Test, system: System, plan: RunPlan): Promise<RunResult> {
  const load = new Load(t, { ...plan.load, port: system.port }, plan.nodes)
  await load.phase('warm-up')
  await pause(plan.warmUpMs)
  await load.phase('quiet')
  const quiet = new CpuWatch(system.pid)
  await pause(plan.quietMs)
  const quietShare = quiet.share()
  const before = footprint(system.pid)

  const watch = new PeakWatch(system.pid)
  const busy = new CpuWatch(system.pid)
  await load.phase('reloads')
  const begunAt = performance.now()
  const reloads = await reloadAgainAndAgain(system, plan, load)
  const reloadsMs = performance.now() - begunAt
  const cpuShare = { quiet: quietShare, reloads: busy.share() }
  watch.stop()

  await load.phase('settling')
  await load.tell({ kind: 'close tunnels' })
  const settled = performance.now() + plan.settleMs
  while (performance.now() < settled && tree(system.pid).length > before.processes) await pause(SAMPLE_MS)
  // Memory is compared under the same load, so some of it has to pass.
  await pause(plan.quietMs)
  const after = footprint(system.pid)
  const report = await load.stop()
  return { report, before, peak: watch.peak, after, reloadsMs, cpuShare, ...reloads }
}

async function reloadAgainAndAgain(
  system: System,
  { reloads: count, everyMs }: RunPlan,
  load: Load,
): Promise<{ tookMs: number[]; said: string }> {
  const tookMs: number[] = []
  let said = ''
  let nextAt = performance.now()
  for (let version = 1; version <= count; version++) {
    await load.versions(version - 1, version)
    const begunAt = performance.now()
    said = await system.reload(version)
    tookMs.push(performance.now() - begunAt)
    if (system.tellsWhenDone) await load.versions(version, version)
    nextAt = Math.max(nextAt + everyMs, performance.now())
    await pause(Math.max(1, nextAt - performance.now()))
  }
  await load.versions(count, count)
  return { tookMs: system.tellsWhenDone ? tookMs : [], said }
}

/** The process that makes the load. */
class Load {
  readonly #child: ChildProcess
  readonly #report: Promise<LoadReport>

  constructor(t: Test, plan: LoadPlan, nodes: readonly VersionNodes[]) {
    this.#child = fork(new URL('reload-load.ts', import.meta.url))
    const gone = once(this.#child, 'exit')
    this.#report = new Promise((resolve, reject) => {
      this.#child.on('message', (message: FromLoad) => {
        if (message.kind === 'report') resolve(message.report)
      })
      void gone.then(() => reject(new Error('the load ended by itself')))
    })
    this.#report.catch(() => {})
    t.teardown(() => {
      this.#child.kill('SIGKILL')
      return gone
    })
    const ports = nodes.map(({ http, uwsgi }) => [http, uwsgi])
    this.#child.send({ kind: 'start', plan, nodes: ports } satisfies ToLoad)
  }

  phase(phase: Phase): Promise<void> {
    return this.tell({ kind: 'phase', phase })
  }

  /** Which versions may answer requests from now on. */
  versions(least: number, most: number): Promise<void> {
    return this.tell({ kind: 'versions', least, most })
  }

  /** Resolves once the load knows: its requests begin in another process. */
  async tell(message: ToLoad): Promise<void> {
    const heard = once(this.#child, 'message', { signal: AbortSignal.timeout(HEARD_MS) })
    this.#child.send(message)
    await Promise.race([heard, this.#report])
  }

  async stop(): Promise<LoadReport> {
    this.#child.send({ kind: 'stop' } satisfies ToLoad)
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), END_MS)
    return this.#report.finally(() => clearTimeout(impatience))
  }
}

class CpuWatch {
  readonly #pid: number
  readonly #begunAt = performance.now()
  readonly #seconds: number

  constructor(pid: number) {
    this.#pid = pid
    this.#seconds = cpuSeconds(pid)
  }

  share(): number {
    return ((cpuSeconds(this.#pid) - this.#seconds) * 1000) / (performance.now() - this.#begunAt)
  }
}

class PeakWatch {
  peak: Footprint = { processes: 0, bytes: 0 }
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      const { processes, bytes } = footprint(pid)
      this.peak = {
        processes: Math.max(this.peak.processes, processes),
        bytes: Math.max(this.peak.bytes, bytes),
      }
    }, SAMPLE_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

function footprint(pid: number): Footprint {
  const pids = tree(pid)
  return { processes: pids.length, bytes: pids.reduce((sum, one) => sum + residentBytes(one), 0) }
}

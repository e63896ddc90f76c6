// bench/rounds.ts: peers under load, in turns: A B C, B C A, ...; then what is looked at apart from the turns.
import { join } from 'node:path'
import { applyLoad, type Load } from './load.ts'
import type { Peer } from './peer.ts'
import { cpuNs, type Running, residentBytes, tree } from './processes.ts'
import type { PeerResult } from './result.ts'
import type { Row } from './row.ts'
import { type Begin, LOAD_CPU, type Settings } from './settings.ts'
import { spread } from './spread.ts'
import { countSystemCalls, type SystemCalls } from './system-calls.ts'
import { runPacedWrk } from './wrk.ts'

const WARM_STEPS = 8
/** Of the load that saturates the peer that the others are compared with. */
const PACED_SHARE = 0.6
const PACED_SECONDS = 5
/** Longer than the others, as it slows them: what a connection takes once, 64 times, should not show. */
const STRACE_ROUNDS = 3

interface Round {
  readonly cpuUs: number
  readonly load: Load
}

interface Contestant {
  readonly peer: Peer
  readonly running: Running
  readonly port: number
  readonly rounds: Round[]
  readonly cpuByPid: Map<number, number>
  systemCalls: SystemCalls | null
  paced: PeerResult['paced']
  readonly errors: Set<string>
}

/** @returns what each peer cost, in the order of `peers` */
export async function measureLoad(
  row: Row,
  peers: readonly Peer[],
  settings: Settings,
  begin: Begin,
  progress: (text: string) => void,
): Promise<PeerResult[]> {
  const contestants: Contestant[] = []
  for (const peer of peers) {
    const begun = await begin(peer, join(settings.directory, peer.name))
    const none = { systemCalls: null, paced: null, errors: new Set<string>() }
    contestants.push({ peer, ...begun, rounds: [], cpuByPid: new Map(), ...none })
  }
  for (const contestant of contestants) {
    progress(`${row.name}: warming ${contestant.peer.name}`)
    await warm(row, contestant, settings)
  }
  for (let round = 0; round < settings.rounds; round++) {
    progress(`${row.name}: round ${round + 1} of ${settings.rounds}`)
    // None comes twice in a row: it would find all caches filled with its own.
    const first = round % contestants.length
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)])
      await compete(row, contestant, settings)
  }
  const base = contestants.find(({ peer }) => peer.name === row.comparedWith)
  if (settings.measuresLatency) await measureLatency(row, contestants, base, settings, progress)
  const results = contestants.map(contestant => summary(contestant, base))
  // The last thing that is done with them: it slows them for good.
  if (settings.countsSystemCalls) {
    for (const [i, contestant] of contestants.entries()) {
      progress(`${row.name}: system calls of ${contestant.peer.name}`)
      const pids = tree(contestant.running.pid)
      const target = targetOf(contestant, settings)
      const systemCalls = await countSystemCalls(row, target, pids, STRACE_ROUNDS * settings.seconds)
      results[i] = { ...results[i]!, systemCalls }
    }
  }
  await Promise.all(contestants.map(({ running }) => running.stop()))
  return results
}

// Compilers in a gateway need requests, not time; a slow one gets more of it, within reason.
async function warm(row: Row, contestant: Contestant, settings: Settings): Promise<void> {
  const { name } = contestant.peer
  let requests = 0
  let complaints: readonly string[] = []
  for (let step = 0; requests < settings.warmRequests && step < WARM_STEPS; step++) {
    const load = await applyLoad(row, targetOf(contestant, settings), settings.seconds)
    requests += load.requests
    complaints = load.errors
    const refused = complaints.find(error => error.startsWith('Non-2xx'))
    if (refused !== undefined) throw new Error(`${name} does not do the job of ${row.name}: ${refused}`)
  }
  if (requests === 0 && settings.warmRequests > 0)
    throw new Error(`${name} answers nothing of ${row.name}: ${complaints.join(', ')}`)
}

async function compete(row: Row, contestant: Contestant, settings: Settings): Promise<void> {
  const pids = tree(contestant.running.pid)
  const before = pids.map(cpuNs)
  const load = await applyLoad(row, targetOf(contestant, settings), settings.seconds)
  let spentNs = 0
  for (const [i, pid] of pids.entries()) {
    const ns = cpuNs(pid) - before[i]!
    if (i > 0 || contestant.peer.countsGatewaysOnly !== true) spentNs += ns
    contestant.cpuByPid.set(pid, (contestant.cpuByPid.get(pid) ?? 0) + ns)
  }
  if (tree(contestant.running.pid).join() !== pids.join())
    throw new Error(`processes of ${contestant.peer.name} came or went during a round`)
  for (const error of load.errors) contestant.errors.add(error)
  if (load.requests === 0) contestant.errors.add('no answer in a whole round')
  contestant.rounds.push({ cpuUs: spentNs / 1000 / Math.max(1, load.requests), load })
}

// All get the same load, in the order of the first round; one that cannot carry it is left out.
async function measureLatency(
  row: Row,
  contestants: readonly Contestant[],
  base: Contestant | undefined,
  settings: Settings,
  progress: (text: string) => void,
): Promise<void> {
  if (row.load.kind !== 'requests' || base === undefined) return
  const rate = PACED_SHARE * usualRate(base)
  for (const contestant of contestants) {
    if (usualRate(contestant) < rate) continue
    progress(`${row.name}: latency of ${contestant.peer.name} at ${rate.toFixed(0)} requests/s`)
    const target = targetOf(contestant, settings)
    const seconds = Math.min(PACED_SECONDS, settings.rounds * settings.seconds)
    const load = await runPacedWrk(row.client, row.load, target, seconds, rate)
    for (const error of load.errors) contestant.errors.add(error)
    contestant.paced = { requestsPerSecond: load.requestsPerSecond, p99Ms: load.p99Ms! }
  }
}

// Of a core, over the time of its rounds: a load's requests by their rate.
function masterShare({ rounds, cpuByPid }: Contestant): number {
  const [masterNs = 0] = cpuByPid.values()
  const seconds = rounds.reduce((sum, { load }) => sum + load.requests / load.requestsPerSecond, 0)
  return masterNs / 1e9 / seconds
}

function usualRate({ rounds }: Contestant): number {
  return spread(rounds.map(({ load }) => load.requestsPerSecond)).median
}

function targetOf({ port, peer }: Contestant, { directory }: Settings) {
  return { port, cpu: LOAD_CPU, directory: join(directory, peer.name) }
}

function summary(contestant: Contestant, base: Contestant | undefined): PeerResult {
  const { peer, rounds, cpuByPid, systemCalls, paced, errors } = contestant
  const allNs = [...cpuByPid.values()].reduce((sum, ns) => sum + ns, 0)
  const latencies = rounds.map(({ load }) => load.p99Ms).filter(ms => ms !== null)
  return {
    name: peer.name,
    cost: spread(rounds.map(round => round.cpuUs)),
    ratio: base === undefined ? null : spread(rounds.map((round, i) => round.cpuUs / base.rounds[i]!.cpuUs)),
    requestsPerSecond: usualRate(contestant),
    p99Ms: latencies.length === 0 ? null : spread(latencies).median,
    processes: [...cpuByPid].map(([pid, ns]) => ({
      pid,
      cpuShare: ns / allNs,
      rssBytes: residentBytes(pid),
    })),
    masterShare: peer.countsGatewaysOnly === true ? masterShare(contestant) : null,
    systemCalls,
    paced,
    errors: [...errors],
  }
}

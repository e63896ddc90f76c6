// bench/measure.ts: one row: all peers side by side, loaded in turns.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startNode } from './node.ts'
import type { Peer } from './peers.ts'
import { cpuNs, freePort, type Running, residentBytes, start, tree } from './processes.ts'
import type { Row } from './rows.ts'
import { type Load, load } from './wrk.ts'

export interface Settings {
  readonly rounds: number
  readonly directory: string
  readonly sluice: string | null
}

export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

export interface PeerResult {
  readonly name: string
  /** µs a request, with the quartiles of the rounds. */
  readonly cpuUs: Spread
  /** To the first peer, in the same round. */
  readonly ratio: Spread
  readonly requestsPerSecond: number
  readonly p99Ms: number
  /** Its processes, the first one that was started first; the CPU share is of the measured rounds. */
  readonly processes: readonly {
    readonly pid: number
    readonly cpuShare: number
    readonly rssBytes: number
  }[]
  readonly errors: readonly string[]
}

export interface RowResult {
  readonly row: string
  readonly about: string
  readonly rounds: number
  readonly comparedWith: string
  readonly peers: readonly PeerResult[]
}

interface Round {
  readonly cpuUs: number
  readonly load: Load
}

interface Contestant {
  readonly peer: Peer
  readonly running: Running
  readonly url: string
  readonly rounds: Round[]
  readonly cpuByPid: Map<number, number>
}

const GATEWAY_CPU = 0
const LOAD_CPU = 1
const ROUND_SECONDS = 1
const WARM_REQUESTS = 2_000
const WARM_SECONDS = 2

/** @param progress told what happens, a line at a time */
export async function measureRow(
  row: Row,
  peers: readonly Peer[],
  settings: Settings,
  progress: (text: string) => void,
): Promise<RowResult> {
  const directory = join(settings.directory, row.name)
  mkdirSync(directory)
  const { node, running } = await startNode(directory, LOAD_CPU)
  const contestants: Contestant[] = []
  for (const peer of peers) {
    const port = await freePort()
    const place = join(directory, peer.name)
    mkdirSync(place)
    const job = { port, node, upstream: row.upstream, directory: place, sluice: settings.sluice }
    const started = await start(peer.name, peer.prepare(job), GATEWAY_CPU, port, place)
    const url = `http://127.0.0.1:${port}/`
    contestants.push({ peer, running: started, url, rounds: [], cpuByPid: new Map() })
  }
  for (const contestant of contestants) {
    progress(`${row.name}: warming ${contestant.peer.name}`)
    await warm(row, contestant)
  }
  for (let round = 0; round < settings.rounds; round++) {
    progress(`${row.name}: round ${round + 1} of ${settings.rounds}`)
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed())
      await compete(row, contestant)
  }
  const results = contestants.map(contestant => summary(contestant, contestants[0]!))
  await Promise.all([running, ...contestants.map(contestant => contestant.running)].map(each => each.stop()))
  return {
    row: row.name,
    about: row.about,
    rounds: settings.rounds,
    comparedWith: contestants[0]!.peer.name,
    peers: results,
  }
}

// Compilers in a gateway need requests, not time; a slow one gets more of it.
async function warm(row: Row, { url, peer }: Contestant): Promise<void> {
  for (let requests = 0, tries = 0; requests < WARM_REQUESTS; tries++) {
    const { requests: done, errors } = await load(url, row.headers, WARM_SECONDS, LOAD_CPU)
    requests += done
    const refused = errors.find(error => error.startsWith('Non-2xx'))
    if (refused !== undefined) throw new Error(`${peer.name} does not do the job of ${row.name}: ${refused}`)
    if (tries > 5) throw new Error(`${peer.name} answered only ${requests} requests: ${errors.join(', ')}`)
  }
}

async function compete(row: Row, contestant: Contestant): Promise<void> {
  const pids = tree(contestant.running.pid)
  const before = pids.map(cpuNs)
  const result = await load(contestant.url, row.headers, ROUND_SECONDS, LOAD_CPU)
  let spentNs = 0
  for (const [i, pid] of pids.entries()) {
    const ns = cpuNs(pid) - before[i]!
    spentNs += ns
    contestant.cpuByPid.set(pid, (contestant.cpuByPid.get(pid) ?? 0) + ns)
  }
  if (tree(contestant.running.pid).join() !== pids.join()) {
    throw new Error(`processes of ${contestant.peer.name} came or went during a round`)
  }
  contestant.rounds.push({ cpuUs: spentNs / 1000 / Math.max(1, result.requests), load: result })
}

function summary({ peer, rounds, cpuByPid }: Contestant, base: Contestant): PeerResult {
  const allNs = [...cpuByPid.values()].reduce((sum, ns) => sum + ns, 0)
  return {
    name: peer.name,
    cpuUs: spread(rounds.map(round => round.cpuUs)),
    ratio: spread(rounds.map((round, i) => round.cpuUs / base.rounds[i]!.cpuUs)),
    requestsPerSecond: spread(rounds.map(round => round.load.requestsPerSecond)).median,
    p99Ms: spread(rounds.map(round => round.load.p99Ms)).median,
    processes: [...cpuByPid].map(([pid, ns]) => ({
      pid,
      cpuShare: ns / allNs,
      rssBytes: residentBytes(pid),
    })),
    errors: [...new Set(rounds.flatMap(round => round.load.errors))],
  }
}

/** Median and quartiles. @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => {
    const place = (sorted.length - 1) * part
    const below = sorted[Math.floor(place)]!
    return below + (sorted[Math.ceil(place)]! - below) * (place % 1)
  }
  return { low: at(0.25), median: at(0.5), high: at(0.75) }
}

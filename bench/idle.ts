// bench/idle.ts: memory of connections that do nothing: resident bytes with them less those without, for each of them.
//
// Each round starts a peer anew and first gives it work, with connections kept and with fresh ones, so that what it
// takes once (compiled code, room for garbage, pools) is taken before. One peer at a time: memory does not move with
// the neighbours, so nothing would be gained by turns.
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Peer } from './peer.ts'
import { end, residentBytes, spawnOn, tree } from './processes.ts'
import type { PeerResult, ProcessResult } from './result.ts'
import { type Idle, type Row, requests } from './row.ts'
import { type Begin, LOAD_CPU, type Settings } from './settings.ts'
import { HOST } from './site.ts'
import { spread } from './spread.ts'
import { runWrk } from './wrk.ts'

const CLIENT = fileURLToPath(new URL('programs/idle-client.ts', import.meta.url))
/** Memory says the same each time. */
const MOST_ROUNDS = 3
const SETTLED_BYTES = 256 * 1024
const STEP_MS = 300
const MOST_STEPS = 20

type IdleRow = Row & { readonly load: Idle }

interface Round {
  readonly bytes: number
  readonly processes: readonly ProcessResult[]
  readonly errors: readonly string[]
}

/** @returns costs in bytes for each connection, and the processes as they were with all connections open */
export async function measureIdle(
  row: IdleRow,
  peers: readonly Peer[],
  settings: Settings,
  begin: Begin,
  progress: (text: string) => void,
): Promise<PeerResult[]> {
  const all: { name: string; rounds: Round[] }[] = []
  for (const peer of peers) {
    const rounds: Round[] = []
    for (let round = 0; round < idleRounds(settings); round++) {
      progress(`${row.name}: ${peer.name}, round ${round + 1}`)
      const place = join(settings.directory, `${peer.name}-${round}`)
      const { port, running } = await begin(peer, place)
      const target = { port, cpu: LOAD_CPU, directory: place }
      for (const headers of [[], ['Connection: close']])
        await runWrk(row.client, requests({ headers }), target, settings.seconds)
      rounds.push(await fill(row, port, running.pid))
      await running.stop()
    }
    all.push({ name: peer.name, rounds })
  }
  const base = all.find(({ name }) => name === row.comparedWith)
  return all.map(({ name, rounds }) => ({
    name,
    cost: spread(rounds.map(({ bytes }) => bytes)),
    ratio: base === undefined ? null : spread(rounds.map(({ bytes }, i) => bytes / base.rounds[i]!.bytes)),
    requestsPerSecond: null,
    p99Ms: null,
    processes: rounds.at(-1)!.processes,
    masterShare: null,
    systemCalls: null,
    paced: null,
    errors: [...new Set(rounds.flatMap(({ errors }) => errors))],
  }))
}

/** Rounds that are really made. */
export function idleRounds({ rounds }: Settings): number {
  return Math.min(rounds, MOST_ROUNDS)
}

async function fill(row: IdleRow, port: number, pid: number): Promise<Round> {
  const { connections } = row.load
  const before = await settledBytes(pid)
  const command = [process.execPath, CLIENT, String(port), row.client, HOST, String(connections)]
  const client = spawnOn(LOAD_CPU, command, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines = createInterface(client.stdout!)[Symbol.asyncIterator]()
    if ((await lines.next()).value !== 'ready') throw new Error('the client of idle connections failed')
    const after = await settledBytes(pid)
    client.stdin!.write('\n')
    const open = Number((await lines.next()).value)
    const processes = tree(pid).map(each => ({ pid: each, cpuShare: 0, rssBytes: residentBytes(each) }))
    const errors = open === connections ? [] : [`only ${open} of ${connections} connections were kept`]
    return { bytes: Math.max(1, (after - before) / Math.max(1, open)), processes, errors }
  } finally {
    const closed = client.exitCode === null ? once(client, 'close') : null
    client.stdin!.end()
    await closed
    await end(client)
  }
}

// Garbage is collected and threads come to rest a little after the work.
async function settledBytes(pid: number): Promise<number> {
  const now = () => tree(pid).reduce((sum, each) => sum + residentBytes(each), 0)
  let bytes = now()
  for (let step = 0; step < MOST_STEPS; step++) {
    await pause(STEP_MS)
    const before = bytes
    bytes = now()
    if (Math.abs(bytes - before) < SETTLED_BYTES) break
  }
  return bytes
}

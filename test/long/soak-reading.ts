// test/long/soak-reading.ts: how a gateway is at one moment of a soak: memory, descriptors, counters, and what each kind of
// request costs it.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { applyLoad, type Load } from '../../bench/load.ts'
import { cpuNs, residentBytes, tree } from '../../bench/processes.ts'
import type { Row } from '../../bench/row.ts'
import { LOAD_CPU } from '../../bench/settings.ts'
import { type Spread, spread } from '../../bench/spread.ts'
import { ask } from '../../bin/ask.ts'
import type { Status } from '../../master/controls.ts'
import { until } from '../support/processes.ts'
import { portFor, rowOf } from './soak-mix.ts'
import { REFERENCE_ROW, type Site } from './soak-site.ts'

const PROBES = [
  'keep-alive',
  'browser',
  'fresh',
  'answer-10k',
  'answer-100k',
  'answer-1m',
  'post-10k',
  'post-100k',
  'https',
  'https-100k',
  'handshake',
  'resumed',
].map(rowOf)
const REST_MS = 10_000

/** Bytes of a process. Resident, V8's used heap, and array buffers, which V8 counts but does not hold. */
export interface Memory {
  readonly rss: number
  readonly heapTotal: number
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
}

/** What the kernel and the master know. */
export interface Glance {
  readonly rss: number
  readonly masterRss: number
  readonly descriptors: number
  readonly counters: Status['counters']
}

export interface Reading extends Glance {
  /** As it was found, and after a collection. */
  readonly found: Memory
  readonly left: Memory
}

/** CPU time of a request of one kind over the rounds: in µs, and in requests of the nginx of the same round. */
export interface Cost {
  readonly us: Spread
  readonly ratio: Spread
}

// Of the gateway, to clients and to nodes, whatever is left of them.
function connectionsOf({ gateway }: Site): string {
  const all = execFileSync('ss', ['-tanxpoe'], { encoding: 'utf8' }).split('\n')
  return all.filter(line => line.includes(`pid=${gateway},`)).join('\n')
}

/** Disturbs nothing. @returns once no client is connected any more, as the gateway knows it */
export async function glance(site: Site): Promise<Glance> {
  await until(
    'no client is left',
    async () => (await statusOf(site)).counters.connections === 0,
    REST_MS,
  ).catch(async error => {
    const { connections } = (await statusOf(site)).counters
    throw new Error(
      `${error.message}: the gateway counts ${connections}, the kernel has\n${connectionsOf(site)}`,
    )
  })
  return {
    rss: residentBytes(site.gateway),
    masterRss: residentBytes(site.master),
    descriptors: readdirSync(`/proc/${site.gateway}/fd`).length,
    counters: (await statusOf(site)).counters,
  }
}

/** The same, and what V8 has to say, which is made to collect its garbage. */
export async function readSite(site: Site): Promise<Reading> {
  const seen = await glance(site)
  rmSync(site.memoryFile, { force: true })
  process.kill(site.gateway, 'SIGUSR2')
  await until('the gateway tells its memory', () => readMemory(site) !== null, REST_MS)
  return { ...seen, ...readMemory(site)! }
}

/** Rounds of the same load, each kind once in each. @throws Error when a request fails */
export async function measureCosts(site: Site, rounds: number, seconds: number): Promise<Map<string, Cost>> {
  const all = new Map<string, { us: number; ratio: number }[]>(PROBES.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const reference = await costOf(site, REFERENCE_ROW, site.reference, tree(site.referencePid), seconds)
    for (const row of round % 2 === 0 ? PROBES : PROBES.toReversed()) {
      const us = await costOf(site, row, portFor(site, row), [site.master, site.gateway], seconds)
      all.get(row.name)!.push({ us, ratio: us / reference })
    }
  }
  const told = [...all].map(([name, costs]): [string, Cost] => {
    return [name, { us: spread(costs.map(({ us }) => us)), ratio: spread(costs.map(({ ratio }) => ratio)) }]
  })
  return new Map(told)
}

async function statusOf(site: Site): Promise<Status> {
  const said = await ask(site.controlSocket, { command: 'status' })
  if (said === null || !('status' in said.answer)) throw new Error('no status')
  return said.answer.status
}

function readMemory({ memoryFile }: Site): Pick<Reading, 'found' | 'left'> | null {
  try {
    return JSON.parse(readFileSync(memoryFile, 'utf8'))
  } catch {
    return null // not yet
  }
}

async function costOf(
  site: Site,
  row: Row,
  port: number,
  pids: readonly number[],
  seconds: number,
): Promise<number> {
  const spent = () => pids.reduce((sum, pid) => sum + cpuNs(pid), 0)
  const before = spent()
  const load: Load = await applyLoad(row, { port, cpu: LOAD_CPU, directory: site.directory }, seconds)
  const us = (spent() - before) / 1000 / Math.max(1, load.requests)
  const problem = load.errors[0] ?? (load.requests === 0 ? 'no answer' : null)
  if (problem !== null) throw new Error(`${row.name}: ${problem}`)
  return us
}

// test/long/soak.ts: `npm run long:soak`: ten minutes of every kind of load, a million connections opened and closed among
// it, on one gateway: memory and CPU time of a request must be at the end what they were after the first minute.
//
//   MINUTES=3 CONNECTIONS=200000 npm run long:soak
//
// The gateway has CPU 0, load and nodes CPU 1. CPU time is that of rounds with the same load, at both times; as the
// machine's pace moves with its neighbours, it is judged by its ratio to an nginx in the same round.
import { execFileSync } from 'node:child_process'
import { compileCheckout } from '../../bench/compile.ts'
import { checkPrerequisites } from '../../bench/prerequisites.ts'
import { endAll } from '../../bench/processes.ts'
import { LOAD_CPU } from '../../bench/settings.ts'
import { Ends } from './ends.ts'
import { type MixReport, mix } from './soak-mix.ts'
import {
  type Cost,
  type Glance,
  glance,
  type Memory,
  measureCosts,
  type Reading,
  readSite,
} from './soak-reading.ts'
import { type Site, startSite } from './soak-site.ts'

const MINUTES = Number(process.env.MINUTES ?? 10)
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 100_000 * MINUTES)
const FIRST_MS = Math.min(60_000, (MINUTES * 60_000) / 2)
/** Of a stretch of mixed load between two readings. */
const STRETCH_SECONDS = MINUTES < 3 ? 10 : 25
/** wrk's clients fall somewhat behind the rate they are asked for. */
const FRESH_MARGIN = 1.3
const ROUNDS = MINUTES < 3 ? 3 : 5
const ROUND_SECONDS = MINUTES < 3 ? 0.5 : 1
/** Connections that are still wanted when the time is over get so much more of it. */
const MOST_MS = 1.5 * MINUTES * 60_000

/** What is noise: seen between readings of a gateway that does not grow. */
const NOISE = {
  /** V8 takes and gives back memory by the megabyte. */
  rss: { share: 0.1, bytes: 12e6 },
  heap: { share: 0.1, bytes: 2e6 },
  /** Connections to nodes that are kept; more would be a leak. */
  descriptors: 80,
  /** Of all kinds of requests on average; of one kind, where its better rounds are dearer than the worse ones were. */
  costs: 1.07,
  cost: 1.15,
}

const ends = new Ends()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void endEverything().then(() => process.exit(130)))
}
process.exitCode = await main()
  .catch(error => {
    say(`soak: ${error instanceof Error ? error.message : error}`)
    return 1
  })
  .finally(endEverything)

async function main(): Promise<number> {
  await checkPrerequisites(['uwsgi-core', 'openssl'])
  execFileSync('taskset', ['-acp', String(LOAD_CPU), String(process.pid)], { stdio: 'ignore' })
  const command = await compileCheckout(say)
  if (command === null) throw new Error('it soaks what is published: compiled code')
  const site = await startSite(ends, command)
  const begunAt = performance.now()
  const passed = () => performance.now() - begunAt
  const mixes: MixReport[] = []
  const soakUntil = async (isOver: (seen: Glance) => boolean): Promise<void> => {
    for (;;) {
      mixes.push(await mix(site, STRETCH_SECONDS, freshRate()))
      const seen = await glance(site)
      say(`${(passed() / 1000).toFixed(0).padStart(4)} s  ${glanceText(seen)}`)
      if (isOver(seen)) return
    }
  }

  await soakUntil(() => passed() >= FIRST_MS)
  const first = await measure(site)
  await soakUntil(({ counters }) => {
    return (passed() >= MINUTES * 60_000 && counters.accepted >= CONNECTIONS) || passed() >= MOST_MS
  })
  const last = await measure(site)
  process.stdout.write(report(first, last, mixes))
  const broken = [...mixes.flatMap(({ errors }) => errors), ...growth(first, last)]
  for (const text of broken) say(`NOT HELD: ${text}`)
  return broken.length === 0 ? 0 : 1
}

/** With half of the time gone for other things. */
function freshRate(): number {
  return (CONNECTIONS / (MINUTES * 60)) * FRESH_MARGIN
}

interface Measured {
  readonly reading: Reading
  readonly costs: ReadonlyMap<string, Cost>
}

async function measure(site: Site): Promise<Measured> {
  say('the same rounds of each kind')
  const costs = await measureCosts(site, ROUNDS, ROUND_SECONDS)
  return { costs, reading: await readSite(site) }
}

/** What grew beyond the noise. */
function growth(first: Measured, last: Measured): string[] {
  const [was, is] = [first.reading, last.reading]
  const bytes: [name: string, was: number, is: number, noise: { share: number; bytes: number }][] = [
    ['resident memory', was.found.rss, is.found.rss, NOISE.rss],
    ['resident memory after a collection', was.left.rss, is.left.rss, NOISE.rss],
    ['resident memory of the master', was.masterRss, is.masterRss, NOISE.rss],
    ['heap after a collection', was.left.heapUsed, is.left.heapUsed, NOISE.heap],
    ['array buffers after a collection', was.left.arrayBuffers, is.left.arrayBuffers, NOISE.heap],
    ['other memory outside of the heap', outside(was.left), outside(is.left), NOISE.heap],
  ]
  const grown = [...last.costs].map(([name, { ratio: now }]) => {
    const { ratio: then } = first.costs.get(name)!
    return { name, times: now.median / then.median, isPlain: now.low > then.high }
  })
  const average = grown.reduce((product, { times }) => product * times, 1) ** (1 / grown.length)
  return [
    ...bytes
      .filter(([, was, is, noise]) => is > was * (1 + noise.share) + noise.bytes)
      .map(([name, was, is]) => `${name}: ${mb(was)} MB, then ${mb(is)}`),
    ...(is.descriptors <= was.descriptors + NOISE.descriptors
      ? []
      : [`descriptors: ${was.descriptors}, then ${is.descriptors}`]),
    ...(is.counters.connections === 0 ? [] : [`${is.counters.connections} connections are open, it says`]),
    ...(is.counters.accepted >= CONNECTIONS ? [] : [`only ${is.counters.accepted} connections were made`]),
    ...grown
      .filter(({ times, isPlain }) => isPlain && times > NOISE.cost)
      .map(({ name, times }) => `${name} costs ${times.toFixed(2)} times as much`),
    ...(average <= NOISE.costs ? [] : [`requests cost ${average.toFixed(2)} times as much`]),
  ]
}

function report(first: Measured, last: Measured, mixes: readonly MixReport[]): string {
  const { counters } = last.reading
  const counts: Record<string, number> = {}
  for (const { clients } of mixes) {
    for (const [kind, count] of Object.entries(clients.counts)) counts[kind] = (counts[kind] ?? 0) + count
  }
  const costs = [...last.costs].map(([name, now]) => {
    const was = first.costs.get(name)!
    const medians = [was.us, now.us, was.ratio, now.ratio].map(({ median }) => median)
    const cells = [...medians, now.ratio.median / was.ratio.median].map(n => n.toFixed(2).padStart(9))
    return `${name.padEnd(14)}${cells.join('')}`
  })
  return [
    `${counters.accepted} connections, ${counters.requests} requests, ${counters.refused} connections refused`,
    `of clients with a mind of their own: ${JSON.stringify(counts)}`,
    '',
    `${''.padEnd(14)}    µs, then    nginx, then    grew`,
    ...costs,
    '',
    memoryText('first', first.reading),
    memoryText('last', last.reading),
    '',
  ].join('\n')
}

function glanceText({ rss, masterRss, descriptors, counters }: Glance): string {
  return `${counters.accepted} connections, ${mb(rss)} MB resident, master ${mb(masterRss)}, ${descriptors} descriptors`
}

function memoryText(when: string, { found, left }: Reading): string {
  const text = (memory: Memory): string => {
    const { rss, heapUsed, heapTotal, arrayBuffers } = memory
    return `${mb(rss)} MB resident, heap ${mb(heapUsed)} of ${mb(heapTotal)}, buffers ${mb(arrayBuffers)}, other ${mb(outside(memory))}`
  }
  return `${when}: ${text(found)}\n    after a collection: ${text(left)}`
}

/** What Node's own objects hold, OpenSSL's among them, as V8 was told. */
function outside({ external, arrayBuffers }: Memory): number {
  return external - arrayBuffers
}

async function endEverything(): Promise<void> {
  await ends.all()
  await endAll()
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

// test/long/reload.ts: `npm run long:reload`: a reload each second under every kind of load, beside nginx and HAProxy.
//
//   npm run long:reload                     all systems, half a minute of reloads each: about six minutes
//   npm run long:reload -- --write          and writes docs/reload.md
//   npm run long:reload -- --only nginx     one of them; repeatable
//   npm run long:reload -- --reloads 5      fewer reloads, for a first impression: the number of requests is no claim then
//   npm run long:reload -- --source         Sluice as it lies in the checkout, not compiled
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { compileCheckout } from '../../bench/compile.ts'
import { checkPrerequisites } from '../../bench/prerequisites.ts'
import { Ends } from './ends.ts'
import { idleShare } from './reload-machine.ts'
import { startNodes } from './reload-nodes.ts'
import { killAndReload } from './reload-one.ts'
import { failedRequests, type Measured, type One, printPage } from './reload-report.ts'
import { type RunPlan, type RunResult, runUnderLoad } from './reload-run.ts'
import { CHECKOUT_COMMAND, type SystemName, startSystem } from './reload-systems.ts'

const PAGE = fileURLToPath(new URL('../../docs/reload.md', import.meta.url))
const RELOADS = 30
const MOST_RELOADS = 60 // each has a socket of uWSGI
const LEAST_REQUESTS = 100_000
const TURNS = 8
const WORKERS = 2
/** Seconds. WebSockets outlive all reloads where old processes keep them, so these must. */
const MERCY = { 'sluice in place': 5, 'sluice --replace': 120, nginx: 120, haproxy: 120 } as const
type Name = keyof typeof MERCY & SystemName
const NAMES = Object.keys(MERCY) as Name[]
/** Memory under load is never twice the same: garbage comes and goes. */
const MEMORY_SHARE = 1.25
const MEMORY_BYTES = 10e6
const TIMES = { everyMs: 1_000, warmUpMs: 5_000, quietMs: 10_000, settleMs: 20_000 }
const LOAD = {
  kept: 48,
  keptEveryMs: 18,
  fresh: 12,
  freshEveryMs: 14,
  slowWriters: 6,
  slowReaders: 6,
  idle: 20,
  idleEveryMs: 3_000,
  uploads: 4,
  downloads: 4,
  webSockets: 2,
}

interface Wish {
  readonly names: readonly Name[]
  readonly reloads: number
  readonly writes: boolean
  /** Sluice as it lies in the checkout. */
  readonly usesSource: boolean
}

const ends = new Ends()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void ends.all().then(() => process.exit(130)))
}
process.exitCode = await main()
  .catch(error => {
    say(`reload: ${error instanceof Error ? error.message : error}`)
    return 1
  })
  .finally(() => ends.all())

async function main(): Promise<number> {
  const wish = readWish()
  const { names, reloads } = wish
  const peers = names.filter(name => !isSluice(name))
  if (peers.length > 0) await checkPrerequisites(peers)
  const command = (wish.usesSource ? null : await compileCheckout(say)) ?? CHECKOUT_COMMAND
  const idle = await idleShare()
  const nodes = await startNodes(ends, reloads + 1)
  const plan: RunPlan = { ...TIMES, load: LOAD, nodes, reloads }

  const measured: Measured[] = []
  for (const name of names) measured.push(await measure(name, command, plan))
  const one: One[] = []
  for (const name of names.filter(isSluice)) one.push(await measureOne(name, command, plan))

  const page = printPage({ plan, workers: WORKERS, measured, one, idle })
  process.stdout.write(`\n${page}`)
  const broken = [
    ...measured.flatMap(each => brokenClaims(each, reloads)),
    ...one.flatMap(({ name, result }) => result.failures.map(text => `${name}, one gateway: ${text}`)),
  ]
  for (const claim of broken) say(`NOT HELD: ${claim}`)
  const isWhole = names.length === NAMES.length && reloads >= RELOADS && broken.length === 0
  if (wish.writes && isWhole) writeFileSync(PAGE, page)
  else if (wish.writes) say('docs/reload.md stays: it takes all systems, all reloads, and claims that hold')
  return broken.length === 0 ? 0 : 1
}

/** @throws Error that says what is wrong with the arguments */
function readWish(): Wish {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      source: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: NAMES },
      reloads: { type: 'string', default: String(RELOADS) },
    },
  })
  const unknown = values.only.find(name => !NAMES.some(known => known === name))
  if (unknown !== undefined) throw new Error(`there is no "${unknown}". Choose from: ${NAMES.join(', ')}`)
  const reloads = Number(values.reloads)
  if (!Number.isInteger(reloads) || reloads < 1 || reloads > MOST_RELOADS)
    throw new Error(`--reloads wants a number from 1 to ${MOST_RELOADS}, not "${values.reloads}"`)
  const names = NAMES.filter(name => values.only.includes(name))
  return { names, reloads, writes: values.write, usesSource: values.source }
}

async function measure(name: Name, command: string, plan: RunPlan): Promise<Measured> {
  say(`${name}: ${plan.reloads} reloads under load`)
  const own = new Ends()
  ends.teardown(() => own.all())
  try {
    const mercySeconds = MERCY[name]
    const options = { nodes: plan.nodes, command, workers: WORKERS, mercy: mercySeconds }
    const system = await startSystem(own, name, options)
    const result = await runUnderLoad(own, system, plan).catch(error => {
      throw new Error(`${error.message}\n${system.log()}`)
    })
    say(summary(result))
    return { name, version: await versionOf(name, command), mercySeconds, result }
  } finally {
    await own.all()
  }
}

async function measureOne(name: Name, command: string, { nodes, reloads }: RunPlan): Promise<One> {
  say(`${name}: one gateway, killed and reloaded in turns`)
  const own = new Ends()
  ends.teardown(() => own.all())
  try {
    const system = await startSystem(own, name, { nodes, command, workers: 1, mercy: MERCY[name] })
    return { name, result: await killAndReload(system, Math.min(TURNS, reloads)) }
  } finally {
    await own.all()
  }
}

/** What does not hold; the peers promise nothing. */
function brokenClaims({ name, result }: Measured, reloads: number): string[] {
  if (!isSluice(name)) return []
  const { report, before, after } = result
  const failed = failedRequests(report, true)
  const most = before.bytes * MEMORY_SHARE + MEMORY_BYTES
  return [
    ...(failed === 0 ? [] : [`${name}: ${failed} requests failed:\n  ${report.examples.join('\n  ')}`]),
    ...(reloads < RELOADS || report.requests.reloads >= LEAST_REQUESTS
      ? []
      : [`${name}: only ${report.requests.reloads} requests while reloads went on`]),
    ...(after.processes === before.processes
      ? []
      : [`${name}: ${before.processes} processes before, ${after.processes} after`]),
    ...(after.bytes <= most ? [] : [`${name}: ${mb(before.bytes)} MB before, ${mb(after.bytes)} after`]),
  ]
}

function isSluice(name: SystemName): boolean {
  return name.startsWith('sluice')
}

function summary({ report, before, peak, after, said }: RunResult): string {
  const memory = [before, peak, after].map(({ bytes, processes }) => `${mb(bytes)} MB in ${processes}`)
  return [
    `  requests ${JSON.stringify(report.kinds)}`,
    `  faults ${JSON.stringify(report.faults)}, reopened ${report.reopened}`,
    `  memory ${memory.join(', ')}`,
    `  last reload: ${said.trim().split('\n')[0]}`,
  ].join('\n')
}

async function versionOf(name: SystemName, command: string): Promise<string> {
  const line = isSluice(name) ? [process.execPath, command, '--version'] : [`/usr/sbin/${name}`, '-v']
  const { stdout, stderr } = await promisify(execFile)(line[0]!, line.slice(1))
  const [first = ''] = `${stdout}${stderr}`.split('\n')
  return isSluice(name) ? `Sluice ${first}` : first.replace(/^nginx version: |\d{4}\/\S+ - .*$/g, '').trim()
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

// bench/main.ts: `npm run bench`: what a request costs in CPU time, beside nginx and others on the same machine.
//
// How: the gateway alone on CPU 0; load and node on CPU 1. After a warm-up, rounds of one second in turns, A B C,
// B C A, ...; cost = run time of all threads of the gateway's processes, as the kernel counts it, by answers. Neighbours
// move the absolute figures by a fifth within an hour, so what counts is the ratio to nginx in the same round: the
// median of the rounds, with its quartiles. docs/benchmarks.md, written by this, says more.
import { type Plan, readPlan } from './command-line.ts'
import { compileCheckout } from './compile.ts'
import { checkDescriptors } from './descriptors.ts'
import { type Figures, merge, readFigures, writeFigures } from './figures.ts'
import { judge } from './gate.ts'
import { describeMachine, describeVersions, idleShare, sluiceVersion } from './machine.ts'
import { measureRow } from './measure.ts'
import { writePage } from './page.ts'
import { checkPrerequisites } from './prerequisites.ts'
import { endAll, sandbox } from './processes.ts'
import { printRow } from './report.ts'
import type { RowResult } from './result.ts'
import { makeCertificate } from './site.ts'

/** Below it others work on the machine. */
const QUIET_SHARE = 0.9

process.on('SIGINT', () => void endAll().then(() => process.exit(130)))
process.on('SIGTERM', () => void endAll().then(() => process.exit(143)))
process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const plan = readPlan()
    if (plan === null) return 0
    return await carryOut(plan)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    process.stderr.write(`bench: ${text}\n`)
    return 1
  } finally {
    await endAll()
  }
}

async function carryOut(plan: Plan): Promise<number> {
  const figures = plan.guards || plan.writes ? readFigures() : null
  if (plan.guards && figures === null)
    throw new Error('there are no committed figures to compare with: --write them')
  await checkPrerequisites(commandsFor(plan))
  checkDescriptors(plan.rows)
  const idle = await idleShare()
  if (idle < QUIET_SHARE) {
    const text = `others use ${((1 - idle) * 100).toFixed(0)} % of this machine`
    if (plan.writes && !plan.writesWhenBusy)
      throw new Error(`${text}: wait, or write such figures with --busy`)
    say(`${text}: the figures will be worth little`)
  }
  const results = await measureAll(plan)
  if (plan.writes) write(figures, results, idle)
  const hasPassed = figures === null || !plan.guards || passesGate(figures, results)
  const hasErrors = results.some(({ peers }) => peers.some(({ errors }) => errors.length > 0))
  return hasPassed && !hasErrors ? 0 : 1
}

// wrk is always needed; the node of a row is an nginx or a uWSGI.
function commandsFor({ rows, peers, countsSystemCalls }: Plan): string[] {
  const able = peers.filter(peer => rows.some(row => peer.serves(row)))
  return [
    ...able.flatMap(peer => peer.needs),
    ...(rows.some(row => row.node === 'http') ? ['nginx'] : []),
    ...(rows.some(row => row.node === 'uwsgi') ? ['uwsgi-core'] : []),
    ...(countsSystemCalls ? ['strace'] : []),
    'openssl',
  ]
}

async function measureAll(plan: Plan): Promise<RowResult[]> {
  const directory = sandbox()
  const certificate = makeCertificate(directory)
  const needsCompiling = plan.peers.some(({ needs }) => needs.length === 0)
  const sluice = needsCompiling && !plan.usesSource ? await compileCheckout(say) : null
  const results: RowResult[] = []
  for (const row of plan.rows) {
    const settings = { ...plan, directory, certificate, sluice }
    const result = await measureRow(row, plan.peers, settings, plan.printsJson ? () => {} : say)
    process.stdout.write(plan.printsJson ? `${JSON.stringify(result)}\n` : printRow(result))
    results.push(result)
  }
  return results
}

function write(old: Figures | null, results: readonly RowResult[], idle: number): void {
  const about = {
    machine: describeMachine(),
    versions: describeVersions(),
    idleShare: idle,
    sluice: sluiceVersion(),
  }
  const figures = merge(old, results, { ...about, date: new Date().toISOString().slice(0, 10) })
  writeFigures(figures)
  writePage(figures)
  say('wrote bench/figures.json and docs/benchmarks.md')
}

function passesGate(figures: Figures, results: readonly RowResult[]): boolean {
  const verdicts = judge(figures, results)
  for (const { line } of verdicts) say(line)
  return verdicts.length > 0 && !verdicts.some(({ failed }) => failed)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

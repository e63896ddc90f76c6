// test/long/subscriptions.ts: `npm run long:subscriptions`: 10,000 nodes announce themselves in 1,000 keys, under load, while
// datagrams get lost, nodes leave by thousands, hang and fall ill, gateways are killed, and Sluice is reloaded and started again.
//
//   npm run long:subscriptions                     about five minutes
//   npm run long:subscriptions -- --seconds 60     a short try: leases outlive most of it
//   npm run long:subscriptions -- --only waves     one of its phases; repeatable
//   npm run long:subscriptions -- --log FILE       keeps the event log of Sluice
//   npm run long:subscriptions -- --source         Sluice as it lies in the checkout, not compiled
//
// A request may fail for what docs/subscription.md says and for nothing else; besides, the master's CPU time, how soon traffic shows a
// change, memory and the log have bounds. Times are judged only where others left the machine alone.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compileCheckout } from '../../bench/compile.ts'
import { endAll } from '../../bench/processes.ts'
import { Ends } from './ends.ts'
import { PHASES } from './subscriptions-phases.ts'
import { printReport, whatDidNotHold } from './subscriptions-report.ts'
import { type Phase, Run } from './subscriptions-run.ts'

const SECONDS = 300
const LEAST_SECONDS = 30

const ends = new Ends()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void endEverything().then(() => process.exit(130)))
}
process.exitCode = await main()
  .catch(error => {
    say(`subscriptions: ${error instanceof Error ? error.message : error}`)
    return 1
  })
  .finally(endEverything)

async function main(): Promise<number> {
  const { seconds, usesSource, only, log } = readWish()
  const command = usesSource ? null : await compileCheckout(say)
  const run = await Run.start(ends, command ?? undefined, say)
  const whole = PHASES.reduce((sum, { share }) => sum + share, 0)
  for (const phase of PHASES)
    if (isWanted(phase, only)) await run.phase(phase, (seconds * 1_000 * phase.share) / whole)
  const told = await run.finish()
  process.stdout.write(printReport(told))
  if (log !== undefined) writeFileSync(log, told.log)
  const broken = whatDidNotHold(told)
  for (const text of broken) say(`NOT HELD: ${text}`)
  return broken.length === 0 ? 0 : 1
}

function isWanted({ name }: Phase, only: readonly string[]): boolean {
  return only.length === 0 || only.includes(name)
}

/** @throws Error that says what is wrong with the arguments */
function readWish() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: String(SECONDS) },
      source: { type: 'boolean', default: false },
      log: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const seconds = Number(values.seconds)
  if (!(seconds >= LEAST_SECONDS))
    throw new Error(`--seconds wants ${LEAST_SECONDS} or more, not "${values.seconds}"`)
  const unknown = values.only.find(name => !PHASES.some(phase => phase.name === name))
  if (unknown !== undefined)
    throw new Error(`there is no "${unknown}". Choose from: ${PHASES.map(({ name }) => name).join(', ')}`)
  return { seconds, usesSource: values.source, only: values.only, log: values.log }
}

async function endEverything(): Promise<void> {
  await ends.all()
  await endAll()
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

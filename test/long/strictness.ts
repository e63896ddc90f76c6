// test/long/strictness.ts: the tables of test/strictness before Sluice, nginx, HAProxy and Caddy: what each refuses, passes
// on clean, or passes on so that readers may differ.
//
//   npm run long:strictness                 prints the summary
//   npm run long:strictness -- --write      and writes docs/strictness.md
//   npm run long:strictness -- Chunks       only cases with this word, each with its verdicts
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { CASES, type Case, nameOf } from '../strictness/cases.ts'
import { startRecordingNode } from '../strictness/node.ts'
import { type Bench, observe } from '../strictness/observe.ts'
import { PEERS, type PeerName, startPeer, versionOf } from '../strictness/peers.ts'
import { printPage, type System, summaryOf } from '../strictness/report.ts'
import { type Verdict, verdictOn, worse } from '../strictness/verdict.ts'
import { startGateway } from '../support/gateway.ts'

const LANES = 30
const QUIET_MS = 400
const PAGE = new URL('../../docs/strictness.md', import.meta.url)

const words = process.argv.slice(2)
const only = words.find(word => !word.startsWith('--')) ?? ''
const cases = CASES.filter(one => nameOf(one).includes(only))

t.setTimeout(3_600_000)

t.test('the tables before Sluice and its peers', async t => {
  const systems: System[] = [await measure('Sluice', '', await startSluices(t))]
  for (const name of PEERS) {
    const version = await versionOf(name)
    if (version === null) t.comment(`${name} is not installed`)
    else systems.push(await measure(name, version, await startLanes(t, name)))
  }
  t.comment(summaryOf(cases, systems))
  if (only !== '') for (const one of cases) t.comment(lineOf(one, systems))
  if (words.includes('--write')) writeFileSync(PAGE, printPage(cases, systems))
  const ours = systems[0]!.verdicts
  t.same(
    cases
      .filter(one => ours.get(one)!.kind === 'ambiguous')
      .map(one => `${nameOf(one)}: ${ours.get(one)!.reason}`),
    [],
    'Sluice passes nothing on that readers could understand differently',
  )
  // All is said by then; a socket that a peer left half closed shall keep nobody waiting.
  setTimeout(() => process.exit(), 5_000).unref()
})

async function startSluices(t: Tap): Promise<Bench[]> {
  const benches: Bench[] = []
  for (let i = 0; i < LANES / 3; i++) {
    const node = await startRecordingNode(t, 'http')
    benches.push({ port: (await startGateway(t, [`http://${node.address}`])).port, node, quietMs: QUIET_MS })
  }
  return benches
}

async function startLanes(t: Tap, name: PeerName): Promise<Bench[]> {
  const nodes = await Promise.all(Array.from({ length: LANES }, () => startRecordingNode(t, 'http')))
  const ports = await startPeer(
    t,
    name,
    nodes.map(({ address }) => address),
  )
  return nodes.map((node, i) => ({ node, port: ports[i]!, quietMs: QUIET_MS }))
}

async function measure(name: string, version: string, benches: readonly Bench[]): Promise<System> {
  const verdicts = new Map<Case, Verdict>()
  const waiting = [...cases]
  const work = async (bench: Bench): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const whole = verdictOn(one, await observe(bench, one, 'whole', false))
      const split = verdictOn(one, await observe(bench, one, 'split', false))
      verdicts.set(one, worse(whole, split))
    }
  }
  await Promise.all(benches.map(work))
  return { name, version, verdicts }
}

function lineOf(one: Case, systems: readonly System[]): string {
  const each = systems.map(({ name, verdicts }) => {
    const { kind, reason } = verdicts.get(one)!
    return `${name} ${kind}${reason && ` (${reason})`}`
  })
  return `${nameOf(one)}: ${each.join(', ')}`
}

type Tap = Parameters<typeof startGateway>[0]

// test/master/reload-load.test.ts: reloads under load lose nothing: the short form of `npm run long:reload`.
// Runs alone: its load and the processes it starts and ends take all of two CPUs, and it would be late with company.
import t from 'tap'
import type { LoadPlan } from '../long/reload-clients.ts'
import { startNodes } from '../long/reload-nodes.ts'
import { killAndReload } from '../long/reload-one.ts'
import { type RunPlan, runUnderLoad } from '../long/reload-run.ts'
import { CHECKOUT_COMMAND, startSystem } from '../long/reload-systems.ts'
import { failuresOf } from '../long/reload-tally.ts'

/** In place and by new gateways in turns. */
const RELOADS = 4
const TURNS = 2
/** Seconds. */
const MERCY = 30
const LOAD: Omit<LoadPlan, 'port'> = {
  kept: 12,
  keptEveryMs: 30,
  fresh: 4,
  freshEveryMs: 30,
  slowWriters: 2,
  slowReaders: 2,
  idle: 6,
  idleEveryMs: 800,
  uploads: 2,
  downloads: 2,
  webSockets: 1,
}

const nodes = await startNodes(t, RELOADS + 1)
const plan: RunPlan = {
  load: LOAD,
  nodes,
  reloads: RELOADS,
  everyMs: 500,
  warmUpMs: 200,
  quietMs: 300,
  settleMs: 5_000,
}

t.test('under load every request is answered, and by the config in force', async t => {
  const options = { nodes, command: CHECKOUT_COMMAND, workers: 2, mercy: MERCY }
  const system = await startSystem(t, 'sluice both ways', options)
  const { report, before, after } = await runUnderLoad(t, system, plan)
  t.same(report.examples, [])
  t.equal(failuresOf(report), 0)
  t.ok(report.requests.reloads > 100, `${report.requests.reloads} requests`)
  for (const kind of [
    'kept',
    'fresh',
    'idle',
    'slow writer',
    'slow reader',
    'upload',
    'download',
    'WebSocket',
  ])
    t.ok((report.kinds[kind] ?? 0) > 0, `${kind}: ${report.kinds[kind]}`)
  t.equal(after.processes, before.processes, 'no process is left over')
})

t.test('one gateway, killed and reloaded in turns: who connects in between waits and is served', async t => {
  const options = { nodes, command: CHECKOUT_COMMAND, workers: 1, mercy: MERCY }
  const system = await startSystem(t, 'sluice both ways', options)
  const { failures } = await killAndReload(system, TURNS)
  t.same(failures, [])
})

t.test('the load tells when a reload changed nothing', async t => {
  const options = { nodes, command: CHECKOUT_COMMAND, workers: 2, mercy: MERCY }
  const system = await startSystem(t, 'nginx', options)
  const deaf = { ...system, tellsWhenDone: true, reload: async () => '' }
  const { report } = await runUnderLoad(t, deaf, { ...plan, reloads: 1 })
  t.ok(report.faults['old config'] > 10)
  t.equal(failuresOf(report), report.faults['old config'], 'and all else was right')
})

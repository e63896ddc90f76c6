// test/long/subscriptions-phases.ts: what is done in each phase to nodes, datagrams and Sluice.
import { setTimeout as pause } from 'node:timers/promises' // sleeps: a phase has its length
import { KEYS, keyName, type Manners } from './subscriptions-crowd.ts'
import { HUNG, SICK } from './subscriptions-judge.ts'
import { epochMs } from './subscriptions-load.ts'
import { GOOD_NETWORK, type Phase, REFUSES, type Run } from './subscriptions-run.ts'

const WORST_NETWORK: Manners = { lost: 0.3, doubled: 0.15, late: 0.15 }
const SHOUTS_PER_SECOND = 4_000

export const PHASES: readonly Phase[] = [
  { name: 'steady', share: 6, isSteady: true, act: async run => run.network(GOOD_NETWORK) },
  { name: 'loss', share: 5, isSteady: true, act: async run => run.network(WORST_NETWORK) },
  { name: 'waves', share: 4, isSteady: false, act: waves },
  { name: 'strangers', share: 4, isSteady: false, act: strangers },
  { name: 'kills', share: 4, isSteady: false, act: kills },
  { name: 'reloads', share: 4, isSteady: false, act: reloads },
  { name: 'bad nodes', share: 8, isSteady: false, act: badNodes },
  { name: 'master hangs', share: 2, isSteady: false, act: masterHangs },
  { name: 'restart', share: 3, isSteady: false, act: run => restart(run, 'SIGTERM') },
  { name: 'crash', share: 3, isSteady: false, act: run => restart(run, 'SIGKILL') },
  { name: 'steady again', share: 6, isSteady: true, act: async run => run.network(GOOD_NETWORK) },
]

async function waves(run: Run, isOver: () => boolean, ms: number): Promise<void> {
  await run.network(WORST_NETWORK)
  while (!isOver()) {
    await run.crowd.tell({ kind: 'wave' })
    await pause(Math.max(5_000, ms / 5))
  }
}

async function strangers(run: Run, _: () => boolean, ms: number): Promise<void> {
  await run.crowd.tell({ kind: 'shout', perSecond: SHOUTS_PER_SECOND })
  await pause(ms)
  await run.crowd.tell({ kind: 'shout', perSecond: 0 })
}

async function kills(run: Run, isOver: () => boolean, ms: number): Promise<void> {
  while (!isOver()) {
    await run.crowd.tell({ kind: 'wave' })
    run.deeds.kills.push(await run.site.killGateway())
    await pause(Math.max(2_500, ms / 10))
  }
}

async function reloads(run: Run, isOver: () => boolean, ms: number): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    if (turn % 3 === 0) await run.crowd.tell({ kind: 'wave' })
    await run.site.reload(turn % 2 === 1)
    await pause(Math.max(1_500, ms / 16))
  }
}

async function badNodes(run: Run, _: () => boolean, ms: number): Promise<void> {
  const part = ms / 8
  const refuse = async (): Promise<void> => {
    for (const isRefusing of [true, false, true, false]) {
      await run.bad[REFUSES].tell({ kind: 'refuse', isRefusing })
      await pause(part)
    }
  }
  const hang = async (): Promise<void> => {
    const from = epochMs()
    process.kill(run.bad[HUNG].pid, 'SIGSTOP')
    await pause(part * 5)
    process.kill(run.bad[HUNG].pid, 'SIGCONT')
    run.deeds.hung.push({ from, to: epochMs() })
  }
  const fallIll = async (): Promise<void> => {
    const from = epochMs()
    await run.bad[SICK].tell({ kind: 'answer', status: 500 })
    await pause(part * 5)
    await run.bad[SICK].tell({ kind: 'answer', status: 200 })
    run.deeds.sick.push({ from, to: epochMs() })
  }
  const die = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) {
      await run.killUwsgi()
      await pause(part)
    }
  }
  await Promise.all([refuse(), hang(), fallIll(), die()])
}

// Gateways serve on, by what they know.
async function masterHangs(run: Run, _: () => boolean, ms: number): Promise<void> {
  const { pid } = run.site
  process.kill(pid, 'SIGSTOP')
  await pause(ms / 2)
  process.kill(pid, 'SIGCONT')
}

// Nobody announces anything until every key was asked for.
async function restart(run: Run, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  await run.crowd.tell({ kind: 'mute', isMute: true })
  const from = epochMs()
  await run.site.stop(signal)
  const stoppedAt = epochMs()
  await run.site.start()
  const to = epochMs()
  run.deeds.away.push({ from, to })
  const unserved: string[] = []
  for (let key = 0; key < KEYS; key++) if (!(await run.isServed(keyName(key)))) unserved.push(keyName(key))
  const askedMs = epochMs() - to
  run.notes.push(
    `${signal}: stopped in ${(stoppedAt - from).toFixed(0)} ms, serving ${(to - stoppedAt).toFixed(0)} ms later; all keys asked for within ${askedMs.toFixed(0)} ms`,
  )
  if (unserved.length > 0)
    run.oddities.push(`after ${signal} ${unserved.length} keys are not served: ${unserved.slice(0, 3)}`)
  await run.crowd.tell({ kind: 'mute', isMute: false })
}

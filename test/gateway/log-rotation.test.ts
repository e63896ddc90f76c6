// test/gateway/log-rotation.test.ts: several gateways log under load while files are renamed, disks are full and the
// master passes lines on: as many lines as requests, each whole.
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import { Logs } from '../../master/logs/logs.ts'
import { accessLogPicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { logFile, plainLogPlan } from '../support/log-plan.ts'
import { smallDisk, temporaryDirectory } from '../support/tmp.ts'

const GATEWAYS = 3

/** Of load, until there were enough rotations. */
const MOST_ROUNDS = 20

t.test('renamed as fast as it goes, a file of several gateways loses and tears no line', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const gateways = await startGateways(t, file)
  const logs = new Logs(plainLogPlan({ files: [logFile(file)] }))
  const sent = await underLoad(
    gateways,
    4000,
    async () => {
      await logs.rotate()
      await Promise.all(gateways.map(reopened))
    },
    () => filesOf(file).length > 5,
  )
  await stopAll(gateways)
  await logs.close()
  t.ok(filesOf(file).length > 5, `${filesOf(file).length} files`)
  t.strictSame(targetsIn(file).sort(), sent.sort())
})

t.test(
  'what was written before "reopened" lies in the old file, what comes after in the new one',
  async t => {
    const file = join(temporaryDirectory(t), 'access.log')
    const gateways = await startGateways(t, file)
    const logs = new Logs(plainLogPlan({ files: [logFile(file)] }))
    for (const round of [1, 2, 3]) {
      await Promise.all(gateways.map(({ port }, i) => load(port, `/${i}/round${round}`, 100)))
      await Promise.all(gateways.map(reopened)) // lines wait in memory: now they are in the file
      await logs.rotate()
      await Promise.all(gateways.map(reopened))
      const backup = filesOf(file).filter(name =>
        linesIn(name).some(line => line.includes(`/round${round}/`)),
      )
      t.equal(backup.length, 1)
      t.equal(linesIn(backup[0]!).length, GATEWAYS * 100)
      t.equal(readFileSync(file, 'latin1'), '')
    }
    await stopAll(gateways)
    await logs.close()
  },
)

t.test(
  'on a disk that is full at times each line is whole, and each that is missing was counted',
  async t => {
    const disk = await smallDisk(t, 1024 * 1024)
    const file = join(disk, 'access.log')
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(600 * 1024))
    const gateways = await startGateways(t, file)
    const logs = new Logs(plainLogPlan({ files: [logFile(file)] }))
    let turns = 0
    const sent = await underLoad(
      gateways,
      4000,
      async () => {
        if (++turns === 20) rmSync(ballast)
        await logs.rotate()
        await Promise.all(gateways.map(reopened))
      },
      () => turns > 20,
    )
    await stopAll(gateways)
    await logs.close()
    const found = targetsIn(file)
    const lost = gateways.map(lostBy).reduce((sum, count) => sum + count, 0)
    t.equal(new Set(found).size, found.length, 'no line twice')
    t.ok(lost > 0, `${lost} lost`)
    t.equal(found.length + lost, sent.length)
  },
)

t.test('through the master: whole lines of all gateways, to two places, one of which is rotated', async t => {
  const directory = temporaryDirectory(t)
  const [first, second] = [join(directory, 'first.log'), join(directory, 'second.log')]
  const gateways = await startGateways(t, '-', 'pipe')
  const lines = [first, second].map(path => ({ kind: 'file' as const, path }))
  const logs = new Logs(plainLogPlan({ lines, files: [logFile(first)] }))
  for (const { process } of gateways) logs.followGateway(process)
  const sent = await underLoad(
    gateways,
    4000,
    async () => {
      await logs.rotate()
      await Promise.all(gateways.map(reopened))
    },
    () => filesOf(first).length > 3,
  )
  await stopAll(gateways)
  await logs.close()
  t.ok(filesOf(first).length > 3)
  t.strictSame(targetsIn(first).sort(), [...sent].sort())
  t.strictSame(targetsIn(second).sort(), sent.sort())
})

t.test('a gateway whose master reads nothing goes on serving and ends in time', async t => {
  const [gateway] = await startGateways(t, '-', 'pipe', 1)
  await load(gateway!.port, `/${'x'.repeat(500)}`, 20_000)
  const ended = once(gateway!.process, 'exit')
  gateway!.process.send({ kind: 'stop', graceMs: 1_000 })
  t.strictSame(await ended, [0, null])
})

async function startGateways(
  t: Test,
  file: string,
  stdout: 'inherit' | 'pipe' = 'inherit',
  count = GATEWAYS,
): Promise<TestGateway[]> {
  const accessLog = accessLogPicture(file, 'json')
  const starts = Array.from({ length: count }, () => startGateway(t, [], { accessLog }, {}, { stdout }))
  return Promise.all(starts)
}

/**
 * Requests to all gateways while `disturb` is done over and over, round after round until there was enough of it.
 *
 * @returns their targets
 */
async function underLoad(
  gateways: readonly TestGateway[],
  requests: number,
  disturb: () => Promise<void>,
  isEnough: () => boolean,
): Promise<string[]> {
  const targets: string[] = []
  for (let round = 0; round === 0 || (!isEnough() && round < MOST_ROUNDS); round++) {
    let isOver = false
    const loads = Promise.all(gateways.map(({ port }, i) => load(port, `/${round}.${i}`, requests)))
    const over = loads.finally(() => {
      isOver = true
    })
    while (!isOver) await disturb()
    targets.push(...(await over).flat())
  }
  return targets
}

/** Pipelined requests, each with a target of its own; nothing is behind the gateway, which answers 404. */
async function load(port: number, prefix: string, count: number): Promise<string[]> {
  const targets = Array.from({ length: count }, (_, i) => `${prefix}/${i}`)
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  let answers = 0
  let asked = 0
  let tail = ''
  const ask = () => {
    const batch = targets.slice(asked, asked + 50)
    asked += batch.length
    socket.write(batch.map(target => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  }
  ask()
  for await (const text of socket) {
    const all: string = tail + text
    const parts = all.split('HTTP/1.1 404')
    answers += parts.length - 1
    tail = parts.at(-1)!.slice(-12)
    if (answers === count) break
    if (answers === asked) ask()
  }
  return targets
}

async function reopened({ process }: TestGateway): Promise<void> {
  const answer = new Promise<void>(resolve => {
    const listen = (message: ToMaster) => {
      if (message.kind !== 'reopened') return
      process.off('message', listen)
      resolve()
    }
    process.on('message', listen)
  })
  process.send({ kind: 'reopen' })
  await answer
}

async function stopAll(gateways: readonly TestGateway[]): Promise<void> {
  await Promise.all(
    gateways.map(async ({ process }) => {
      const ended = once(process, 'close')
      process.send({ kind: 'stop', graceMs: 10_000 })
      await ended
    }),
  )
}

// The number grows with each telling.
function lostBy({ events }: TestGateway): number {
  const told = events.flatMap(({ text }) => /; (\d+) lines? w\w+ lost so far$/.exec(text)?.[1] ?? [])
  return Number(told.at(-1) ?? 0)
}

function filesOf(file: string): string[] {
  const directory = dirname(file)
  return readdirSync(directory)
    .map(name => join(directory, name))
    .filter(path => path.startsWith(file))
}

function linesIn(file: string): string[] {
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter(line => line.trim() !== '')
}

/** @throws when a line is neither whole nor blank */
function targetsIn(file: string): string[] {
  return filesOf(file)
    .flatMap(linesIn)
    .map(line => JSON.parse(line).target as string)
}

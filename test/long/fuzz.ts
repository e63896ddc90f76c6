// test/long/fuzz.ts: random clients and nodes, good and evil, around a gateway: nothing is lost, mixed up or smuggled.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import type { Picture } from '../../base/picture.ts'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { nodePicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { connectRaw } from '../support/raw-client.ts'
import { RawConnection } from '../support/raw-node.ts'
import { runClient } from './fuzz-client.ts'
import { startFuzzNode } from './fuzz-node.ts'
import { Ledger } from './fuzz-random.ts'
import { runSplit } from './fuzz-split.ts'

/** `SEED=7 SEEDS=1` repeats one round. Its clients do the same again, though in another order among each other. */
const FIRST_SEED = Number(process.env.SEED ?? 1)
const SEEDS = Number(process.env.SEEDS ?? 20)
const CLIENTS = 400
const STREAMS = 60
const AT_ONCE = 10
const MOST_SHOWN = 8
const ROUNDS = ['http', 'uwsgi', 'https', 'split'] as const
const LIMITS: Partial<Picture> = {
  timeoutMs: 3_000,
  headersTimeoutMs: 6_000,
  keepaliveMs: 6_000,
  maxIdlePerNode: 8,
  maxHeadBytes: 16_384,
}
const SMALL: Partial<Picture> = {
  timeoutMs: 1_000,
  headersTimeoutMs: 1_000,
  keepaliveMs: 1_000,
  maxHeadBytes: 2_048,
  maxHeadFields: 16,
  maxTargetBytes: 300,
}

t.setTimeout(3_600_000)

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  const round = ROUNDS[seed % ROUNDS.length]!
  t.test(`SEED=${seed} (${round})`, async t => {
    const ledger = new Ledger()
    const proto = round === 'uwsgi' ? 'uwsgi' : 'http'
    const node = await startFuzzNode(t, proto, ledger)
    const tls = round === 'https' ? await selfSignedTls() : null
    const gateway = await startGateway(
      t,
      [`${proto}://${node.address}`],
      round === 'split' ? SMALL : LIMITS,
      { tls },
    )
    const descriptors = countDescriptors(gateway)
    const connect = connector(gateway, round === 'https')
    const swapping = round === 'split' ? null : swapNodes(gateway, `${proto}://${node.address}`)
    const run = (one: number): Promise<void> =>
      round === 'split' ? runSplit(connect, one, ledger) : runClient(connect, one, ledger, proto === 'http')
    await runAll(seed * 1_000_000, round === 'split' ? STREAMS : CLIENTS, run)
    if (swapping !== null) clearInterval(swapping)
    await until(
      'the gateway closed what it opened',
      () => countDescriptors(gateway) <= descriptors + 8,
      15_000,
    )
    t.same(ledger.problems.slice(0, MOST_SHOWN), [], `${ledger.answers} answers`)
    t.same(
      gateway.events.filter(({ level }) => level === 'error'),
      [],
      'no defect of ours was met',
    )
    t.equal(gateway.process.exitCode ?? gateway.process.signalCode, null, 'the gateway lives')
  })
}

async function runAll(base: number, count: number, run: (seed: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await run(base + next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

function connector(gateway: TestGateway, usesTls: boolean): () => Promise<RawConnection> {
  // Thousands come and go: none is left to the end of the test.
  const own = { teardown: () => {} }
  if (!usesTls) return () => connectRaw(own, gateway)
  return async () => {
    const options = { port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, allowHalfOpen: true }
    const socket = connectTls(options)
    await once(socket, 'secureConnect')
    return new RawConnection(socket)
  }
}

/** New pictures with the node under other names come all the time. */
function swapNodes(gateway: TestGateway, address: string): NodeJS.Timeout {
  const node = nodePicture(address)
  let turn = 0
  return setInterval(() => {
    const others = [{ ...node, name: `${address}#b` }, node, { ...node, name: `${address}#c`, weight: 3 }]
    gateway.apply({ nodes: others.slice(0, 1 + (turn++ % 3)) })
  }, 150)
}

function countDescriptors(gateway: TestGateway): number {
  return readdirSync(`/proc/${gateway.process.pid}/fd`).length
}

async function selfSignedTls() {
  const { cert, key } = await makeSelfSigned()
  return { cert, key, ciphers: '', clientCa: '', clientCertRequired: false }
}

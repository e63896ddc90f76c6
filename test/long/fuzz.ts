// test/long/fuzz.ts: random clients and nodes, good and evil, around a gateway: nothing is lost, mixed up or smuggled,
// whatever becomes of the gateway meanwhile: new pictures, successors on its socket, limits, proxies in front.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import type { ListenerPicture, Picture, TlsPicture } from '../../base/picture.ts'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { connectRaw } from '../support/raw-client.ts'
import { RawConnection } from '../support/raw-node.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'
import { reload, type Stop, succeed, swapNodes } from './fuzz-changes.ts'
import { runClient } from './fuzz-client.ts'
import { startFuzzNode } from './fuzz-node.ts'
import { BEHIND_PROXY, introduce, runBadHeader } from './fuzz-proxy.ts'
import { Ledger, Random } from './fuzz-random.ts'
import { runSplit } from './fuzz-split.ts'

/** `SEED=7 SEEDS=1` repeats one round. Its clients do the same again, though in another order among each other. */
const FIRST_SEED = Number(process.env.SEED ?? 1)
const SEEDS = Number(process.env.SEEDS ?? 20)
const CLIENTS = 400
const STREAMS = 60
const AT_ONCE = 20
const MOST_SHOWN = 8
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
/** Nobody here is slow enough, or many enough, for these. */
const GENEROUS: Partial<Picture> = {
  ...LIMITS,
  maxConnections: 60,
  maxConnectionsPerIp: 50,
  minRate: 10,
  minRateAfterMs: 1_000,
}

/** What goes on in a round. */
interface Round {
  readonly name: string
  readonly picture: Partial<Picture>
  /** Else some of each, by seed. */
  readonly proto?: 'http' | 'uwsgi'
  readonly usesTls?: boolean
  readonly meanwhile: 'swaps' | 'reloads' | 'successors' | 'nothing'
}

const ROUNDS: readonly Round[] = [
  { name: 'http', picture: LIMITS, proto: 'http', usesTls: false, meanwhile: 'swaps' },
  { name: 'uwsgi', picture: LIMITS, proto: 'uwsgi', usesTls: false, meanwhile: 'swaps' },
  { name: 'https', picture: LIMITS, proto: 'http', usesTls: true, meanwhile: 'swaps' },
  { name: 'split', picture: SMALL, proto: 'http', usesTls: false, meanwhile: 'nothing' },
  { name: 'reloads', picture: LIMITS, meanwhile: 'reloads' },
  { name: 'successors', picture: LIMITS, meanwhile: 'successors' },
  { name: 'proxies', picture: { ...LIMITS, proxyProtocol: true }, meanwhile: 'swaps' },
  { name: 'limits', picture: GENEROUS, meanwhile: 'swaps' },
]

t.setTimeout(3_600_000)

const certificates = [await makeTls(), await makeTls()]

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  const round = ROUNDS[seed % ROUNDS.length]!
  const turn = Math.floor(seed / ROUNDS.length)
  const proto = round.proto ?? (turn % 3 === 2 ? 'uwsgi' : 'http')
  const usesTls = round.usesTls ?? turn % 2 === 1
  t.test(`SEED=${seed} (${round.name}, ${proto}${usesTls ? ', TLS' : ''})`, async t => {
    const hasProxy = round.picture.proxyProtocol === true
    const ledger = new Ledger(hasProxy ? BEHIND_PROXY : '127.0.0.1')
    const node = await startFuzzNode(t, proto, ledger)
    const address = `${proto}://${node.address}`
    const listener = { tls: usesTls ? certificates[0]! : null }
    const gateway = await startGateway(t, [address], round.picture, listener)
    const descriptors = countDescriptors(gateway)
    const connect = connector(gateway, usesTls, hasProxy ? new Random(seed) : null)
    const stop = begin(t, round, gateway, address, listener, seed, ledger)
    const run = (one: number): Promise<void> => {
      if (round.name === 'split') return runSplit(connect, one, ledger)
      if (hasProxy && one % 8 === 0) return runBadHeader(connector(gateway, false, null), one, ledger)
      return runClient(connect, one, ledger, proto === 'http')
    }
    await runAll(seed * 1_000_000, round.name === 'split' ? STREAMS : CLIENTS, run)
    const last = (await stop()) ?? gateway
    await until('the gateway closed what it opened', () => countDescriptors(last) <= descriptors + 8, 15_000)
    t.same(ledger.problems.slice(0, MOST_SHOWN), [], `${ledger.answers} answers`)
    t.same(
      last.events.filter(({ level }) => level === 'error'),
      [],
      'no defect of ours was met',
    )
    t.equal(last.process.exitCode ?? last.process.signalCode, null, 'the gateway lives')
  })
}

function begin(
  t: Test,
  round: Round,
  gateway: TestGateway,
  address: string,
  listener: Partial<ListenerPicture>,
  seed: number,
  ledger: Ledger,
): Stop {
  switch (round.meanwhile) {
    case 'swaps':
      return swapNodes(gateway, address)
    case 'reloads': {
      const file = join(temporaryDirectory(t), 'access.log')
      return reload(gateway, address, seed, listener.tls ? certificates : [], file)
    }
    case 'successors': {
      const start = () =>
        startGateway(t as never, [address], round.picture, listener, { bound: gateway.bound })
      return succeed(gateway, start, ledger)
    }
    case 'nothing':
      return async () => null
  }
}

async function runAll(base: number, count: number, run: (seed: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await run(base + next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** @param proxy not null: a header comes first, as chance wills */
function connector(
  gateway: TestGateway,
  usesTls: boolean,
  proxy: Random | null,
): () => Promise<RawConnection> {
  // Thousands come and go: none is left to the end of the test.
  const own = { teardown: () => {} }
  return async () => {
    const raw = await connectRaw(own, gateway)
    if (proxy !== null) await introduce(raw, proxy)
    if (!usesTls) return raw
    raw.socket.removeAllListeners('data')
    const socket = connectTls({ socket: raw.socket, rejectUnauthorized: false, allowHalfOpen: true } as never)
    await once(socket, 'secureConnect')
    return new RawConnection(socket)
  }
}

function countDescriptors(gateway: TestGateway): number {
  return readdirSync(`/proc/${gateway.process.pid}/fd`).length
}

async function makeTls(): Promise<TlsPicture> {
  const { cert, key } = await makeSelfSigned()
  return { cert, key, ciphers: '', clientCa: '', clientCertRequired: false }
}

// test/long/fuzz-changes.ts: what happens to a gateway while the fuzzer's clients are at it: new pictures, successors.
import { once } from 'node:events'
import type { ToGateway } from '../../base/messages.ts'
import type { Picture, TlsPicture } from '../../base/picture.ts'
import { accessLogPicture, nodePicture, type TestGateway } from '../support/gateway.ts'
import { type Ledger, pause, Random } from './fuzz-random.ts'

const SWAP_MS = 150
const RELOAD_MS = 40
const LIFE_MS = 700
/** Longer than any client stays. */
const GRACE_MS = 60_000

/** Ends the changes; resolves once the last is over, with the gateway that is left when it is not the first. */
export type Stop = () => Promise<TestGateway | null>

/** New pictures with the node under other names come all the time. */
export function swapNodes(gateway: TestGateway, address: string): Stop {
  let turn = 0
  const timer = setInterval(() => gateway.apply({ nodes: nodesOf(address, turn++) }), SWAP_MS)
  return async () => {
    clearInterval(timer)
    return null
  }
}

/** All that can change in place does, at random: nodes leave and come back, logs open and close, certificates change. */
export function reload(
  gateway: TestGateway,
  address: string,
  seed: number,
  certificates: readonly TlsPicture[],
  logFile: string,
): Stop {
  const random = new Random(seed)
  return repeat(RELOAD_MS, async () => {
    await gateway.apply({ ...randomSettings(random, logFile), nodes: nodesOf(address, random.below(6)) })
    if (certificates.length > 0) await gateway.applyToListener({ tls: random.pick(certificates) })
  })
}

/** One gateway after the other takes over on the same socket. @param start starts another there */
export function succeed(first: TestGateway, start: () => Promise<TestGateway>, ledger: Ledger): Stop {
  let running = first
  const ends: Promise<void>[] = []
  const stop = repeat(LIFE_MS, async () => {
    const next = await start()
    ends.push(retire(running, ledger))
    running = next
  })
  return async () => {
    await stop()
    await Promise.all(ends)
    return running
  }
}

async function retire({ process, events }: TestGateway, ledger: Ledger): Promise<void> {
  const ended = once(process, 'exit')
  process.send({ kind: 'retire', graceMs: GRACE_MS } satisfies ToGateway)
  const startedAt = performance.now()
  const [code] = (await ended) as [number | null]
  if (code !== 0) ledger.problem('a gateway that retired ended badly', { code })
  if (performance.now() - startedAt >= GRACE_MS) ledger.problem('a gateway did not become empty', {})
  const errors = events.filter(({ level }) => level === 'error')
  if (errors.length > 0) ledger.problem('a defect of ours was met', errors)
}

function nodesOf(address: string, turn: number): Picture['nodes'] {
  const node = nodePicture(address)
  const all = [{ ...node, name: `${address}#b` }, node, { ...node, name: `${address}#c`, weight: 3 }]
  const nodes = all.slice(0, 1 + (turn % 3))
  return turn % 2 === 0 ? nodes : nodes.reverse()
}

// Generous: none of them gives a good client a reason to fail.
function randomSettings(random: Random, logFile: string): Partial<Picture> {
  const template = random.happens(0.5) ? '%(var.HTTP_X_WISH) %(uri) %(var.HTTP_COOKIE) "%(uagent)"' : null
  return {
    timeoutMs: 2_500 + random.below(2_000),
    headersTimeoutMs: 5_000 + random.below(3_000),
    keepaliveMs: random.happens(0.2) ? 0 : 5_000 + random.below(3_000),
    maxHeadBytes: random.pick([8_192, 16_384, 32_768]),
    maxHeadFields: random.pick([64, 128]),
    maxIdlePerNode: random.pick([0, 1, 8, 256]),
    maxConnections: random.pick([0, 100]),
    maxConnectionsPerIp: random.pick([0, 100]),
    minRate: random.pick([0, 10]),
    minRateAfterMs: random.pick([1_000, 10_000]),
    websockets: random.happens(0.5),
    trustedProxies: random.pick([[], ['10.0.0.0/8']]),
    accessLog: random.pick([
      null,
      accessLogPicture(logFile),
      accessLogPicture(logFile, 'json', { template, forwardedFor: random.happens(0.5) }),
    ]),
  }
}

/** Does it again and again, one at a time. */
function repeat(everyMs: number, act: () => Promise<void>): Stop {
  let isOver = false
  const running = (async () => {
    while (!isOver) {
      await act()
      await pause(everyMs)
    }
  })()
  return async () => {
    isOver = true
    await running
    return null
  }
}

// test/long/survival.ts: `npm run long:survival`: 10,000 clients that send a byte of a head a second, 3,000 that send one of a
// body, and 50,000 connections that are opened and dropped: what they cost the gateway in memory and CPU time, and what other clients notice of them.
//
//   SLOW=2000 DROPPED=10000 npm run long:survival
import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import { startNode } from '../../bench/node.ts'
import { cpuNs, endAll, residentBytes, sandbox } from '../../bench/processes.ts'
import { requests } from '../../bench/row.ts'
import { LOAD_CPU } from '../../bench/settings.ts'
import { runPacedWrk } from '../../bench/wrk.ts'
import { openAndDrop, type Slow, sendSlowly } from '../gateway/flood.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { request } from '../support/raw-client.ts'

const SLOW = Number(process.env.SLOW ?? 10_000)
const DROPPED = Number(process.env.DROPPED ?? 50_000)
/** Each has a connection to its node, too, and that has no more. */
const SLOW_BODIES = Math.min(SLOW, 3_000)
const DEADLINE_MS = 15_000
/** All of them come within the time of one head. */
const LATE_MS = 10_000
const HEARD_MS = 10_000
/** What other clients ask for, a second, while they are measured. */
const RATE = 1_000
const SECONDS = 5
/** Of all requests 99 % are this quick while the crowd is there. */
const MOST_P99_MS = 50
const MOST_GROWTH_BYTES = 30e6

t.setTimeout(600_000)
t.teardown(endAll)

for (const { name, count, text, changes, mostBytes } of [
  {
    name: 'heads',
    count: SLOW,
    text: 'GET / HTTP/1.1\r\nX-Long: ',
    changes: { headersTimeoutMs: DEADLINE_MS },
    mostBytes: 6_000,
  },
  {
    name: 'bodies',
    count: SLOW_BODIES,
    text: request('POST /post', 'Content-Length: 100000'),
    changes: { minRate: 500, minRateAfterMs: DEADLINE_MS, timeoutMs: 60_000 },
    mostBytes: 100_000, // of them 70,000 for the answer, most of which no page stands behind
  },
]) {
  t.test(`${count} ${name}, a byte a second`, async t => {
    const { gateway, openNow, look, others } = await begin(t, changes)
    const quiet = await others()
    const before = look()
    const slow: Promise<Slow>[] = []
    await new Promise<void>(allIn => {
      slow.push(sendSlowly({ port: gateway.port, count, text, everyMs: 1_000, allIn }))
    })
    await until('all are in', () => openNow() >= count, HEARD_MS)
    const full = look()
    const under = await others()
    const spent = look()
    const { told, longestMs } = await slow[0]!
    await until('nothing of them stays', () => openNow() === 0, HEARD_MS)
    const after = look()

    t.strictSame(told, { 408: count }, 'all are told that they were too slow')
    t.ok(longestMs < DEADLINE_MS + LATE_MS, `the last one was cut after ${(longestMs / 1000).toFixed(1)} s`)
    const each = (full.bytes - before.bytes) / count
    t.ok(each < mostBytes, `each takes ${each.toFixed(0)} bytes of ${mb(full.bytes)} MB`)
    t.ok(under.p99Ms < MOST_P99_MS, `others: p99 ${quiet.p99Ms} ms, with them ${under.p99Ms} ms`)
    t.strictSame(under.errors, [], `${under.requests} requests of others, all of them answered`)
    t.comment(`CPU with them and ${RATE} requests/s of others: ${share(full, spent)}`)
    t.ok(
      after.descriptors <= before.descriptors + 300,
      `descriptors ${before.descriptors}, ${after.descriptors}`,
    )
    t.comment(`memory ${mb(before.bytes)} MB, ${mb(full.bytes)} with them, ${mb(after.bytes)} afterwards`)
  })
}

t.test(`${DROPPED} connections opened and dropped`, async t => {
  const { gateway, openNow, look, others } = await begin(t, {})
  await openAndDrop(gateway.port, DROPPED) // until then code, pools and V8's heap grow
  const quiet = await others()
  const before = look()
  const dropped = openAndDrop(gateway.port, DROPPED)
  const under = await others()
  await dropped
  await until('nothing of them stays', () => openNow() === 0, HEARD_MS)
  const after = look()

  t.ok(under.p99Ms < MOST_P99_MS, `others: p99 ${quiet.p99Ms} ms, with them ${under.p99Ms} ms`)
  t.strictSame(under.errors, [], `${under.requests} requests of others, all of them answered`)
  const each = (after.cpuMs - before.cpuMs) / DROPPED
  t.comment(`each cost at most ${(each * 1000).toFixed(0)} µs, the requests of others among it`)
  const grown = after.bytes - before.bytes
  t.ok(grown < MOST_GROWTH_BYTES, `memory ${mb(before.bytes)} MB, ${mb(after.bytes)} afterwards`)
  t.ok(
    after.descriptors <= before.descriptors + 300,
    `descriptors ${before.descriptors}, ${after.descriptors}`,
  )
})

interface Look {
  readonly atMs: number
  readonly cpuMs: number
  readonly bytes: number
  readonly descriptors: number
}

async function begin(t: Test, changes: Parameters<typeof startGateway>[2]) {
  const directory = sandbox()
  const { node, running } = await startNode({ node: 'http' }, directory, LOAD_CPU)
  t.teardown(() => running.stop())
  const gateway = await startGateway(t, [`http://127.0.0.1:${node.port}`], { backlog: 1_024, ...changes })
  const pid = gateway.process.pid!
  const target = { port: gateway.port, cpu: LOAD_CPU, directory }
  return {
    gateway,
    openNow: watchConnections(gateway),
    look: (): Look => ({
      atMs: performance.now(),
      cpuMs: cpuNs(pid) / 1e6,
      bytes: residentBytes(pid),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    }),
    others: async () => {
      const { p99Ms, ...load } = await runPacedWrk('http', requests(), target, SECONDS, RATE)
      return { ...load, p99Ms: p99Ms! }
    },
  }
}

function share(from: Look, to: Look): string {
  return `${(((to.cpuMs - from.cpuMs) / (to.atMs - from.atMs)) * 100).toFixed(0)} % of one`
}

/** @returns how many connections are open, as the gateway last said */
function watchConnections({ process }: TestGateway): () => number {
  let open = 0
  process.on('message', (message: ToMaster) => {
    if (message.kind === 'counters') open = message.counters.connections
  })
  return () => open
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

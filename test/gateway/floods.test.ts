// test/gateway/floods.test.ts: hundreds that send a byte now and then are cut by their deadline, thousands come and go, and
// everybody else is served meanwhile. `npm run long:survival` does it with 10,000 and 50,000, and measures.
import { readdirSync } from 'node:fs'
import t from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, type Script, startRawNode } from '../support/raw-node.ts'
import { openAndDrop, type Slow, type SlowPlan, sendSlowly } from './flood.ts'

t.jobs = 2 // mostly waiting

const SLOW = 200
const DROPPED = 3_000
const PART = 500

const serve: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    if (head.startsWith('GET ')) await connection.send(answer('ok'))
  }
}

for (const [name, text, changes] of [
  ['heads', 'GET / HTTP/1.1\r\nX-Long: ', { headersTimeoutMs: 6_000 }],
  ['bodies', request('POST /', 'Content-Length: 100000'), { minRate: 1_000, minRateAfterMs: 6_000 }],
] as const) {
  t.test(`${SLOW} ${name} that come byte by byte`, async t => {
    const node = await startRawNode(t, { script: serve })
    const gateway = await startGateway(t, [`http://${node.address}`], changes)
    const openNow = watchConnections(gateway)
    const client = await connectRaw(t, gateway)
    await isServed(client)
    const before = descriptorsOf(gateway)

    let areIn = false
    const plan: SlowPlan = {
      port: gateway.port,
      count: SLOW,
      text,
      everyMs: 200,
      allIn: () => (areIn = true),
    }
    const slow: Slow[] = []
    void sendSlowly(plan).then(fared => {
      slow.push(fared)
    })
    await until('all are in', () => areIn && openNow() === SLOW + 1)
    for (let i = 0; i < 30; i++) {
      await isServed(client)
      await isServed(await connectRaw(t, gateway), true)
    }
    t.ok(openNow() > SLOW, 'others are served, old and new, while all of them are there')
    await until('all of them are cut', () => slow.length > 0)
    const { told } = slow[0]!
    t.strictSame(told, { 408: SLOW })
    await until('nothing of them stays', () => openNow() === 1 && descriptorsOf(gateway) <= before + 2)
    await isServed(client)
    const seen = node.connections.map(({ received }) => received).join('')
    t.equal(seen.includes('X-Long'), false, 'no node saw a head that was not whole')
  })
}

t.test(`${DROPPED} connections that are opened and dropped`, async t => {
  const node = await startRawNode(t, { script: serve })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const openNow = watchConnections(gateway)
  const client = await connectRaw(t, gateway)
  await isServed(client)
  const before = descriptorsOf(gateway)
  let dropped = 0
  let isOver = false
  const flood = (async () => {
    for (; !isOver || dropped < DROPPED; dropped += PART) await openAndDrop(gateway.port, PART)
  })()
  for (let i = 0; i < 20; i++) {
    await isServed(client)
    await isServed(await connectRaw(t, gateway), true)
  }
  isOver = true
  await flood
  t.pass(`others are served while ${dropped} come and go`)
  await until('nothing of them stays', () => openNow() === 1 && descriptorsOf(gateway) <= before + 2)
  t.ok(node.connections.length <= 2, 'no node heard of them')
  t.strictSame(gateway.events, [])
})

async function isServed(client: RawConnection, isLast = false): Promise<void> {
  await client.send(request('GET /'))
  const { body } = await readAnswer(client)
  if (body !== 'ok') throw new Error(`answered ${JSON.stringify(body)}`)
  if (isLast) client.close()
}

/** @returns how many connections are open, as the gateway last said */
function watchConnections({ process }: TestGateway): () => number {
  let open = 0
  process.on('message', (message: ToMaster) => {
    if (message.kind === 'counters') open = message.counters.connections
  })
  return () => open
}

function descriptorsOf({ process }: TestGateway): number {
  return readdirSync(`/proc/${process.pid}/fd`).length
}

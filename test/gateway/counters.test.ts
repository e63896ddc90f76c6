// test/gateway/counters.test.ts: what a gateway tells the master of what happened.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { CounterBatch, ToMaster } from '../../base/messages.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { startRawNode } from '../support/raw-node.ts'

t.jobs = 3 // mostly waiting

interface Told {
  readonly batches: CounterBatch[]
  readonly times: number[]
  sum(name: 'accepted' | 'requests' | 'refused'): number
  ofNode(name: string): { requests: number; failures: number; restsMs: number }
}

function listen({ process }: TestGateway): Told {
  const batches: CounterBatch[] = []
  const times: number[] = []
  process.on('message', (message: ToMaster) => {
    if (message.kind !== 'counters') return
    batches.push(message.counters)
    times.push(performance.now())
  })
  return {
    batches,
    times,
    sum: name => batches.reduce((sum, batch) => sum + batch[name], 0),
    ofNode(name) {
      const sum = { requests: 0, failures: 0, restsMs: 0 }
      for (const node of batches.flatMap(({ nodes }) => nodes)) {
        if (node.name !== name) continue
        sum.requests += node.requests
        sum.failures += node.failures
        sum.restsMs = node.restsMs
      }
      return sum
    },
  }
}

function startAnswering(t: Test): ReturnType<typeof startRawNode> {
  return startRawNode(t, {
    script: async connection => {
      for (;;) {
        const head = await connection.head()
        await connection.send(head.includes(' /bad ') ? 'nonsense\r\n\r\n' : answer('ok'))
      }
    },
  })
}

/** An address nobody listens at. */
async function nobody(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

t.test('connections and requests are counted, those that are refused too', async t => {
  const node = await startAnswering(t)
  const name = `http://${node.address}`
  const gateway = await startGateway(t, [name], { maxConnections: 1 })
  const told = listen(gateway)
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 5; i++) {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, 'ok')
  }
  await until('it is told as open', () => told.batches.at(-1)?.connections === 1)
  await client.send('GET /half HTTP/1.1\r\n')
  t.equal((await readAnswer(await connectRaw(t, gateway))).status, 503)
  await client.send('no field\r\n\r\n')
  t.equal((await readAnswer(client)).status, 400)
  client.close()
  await until('all is told', () => told.batches.at(-1)?.connections === 0)
  t.equal(told.sum('accepted'), 1)
  t.equal(told.sum('requests'), 6, 'five, and what could not be read')
  t.equal(told.sum('refused'), 1)
  t.strictSame(told.ofNode(name), { requests: 5, failures: 0, restsMs: 0 })
})

t.test('nodes are told with their failures and their rest, and that it is over', async t => {
  const node = await startAnswering(t)
  const good = `http://${node.address}`
  const dead = await nobody()
  const gateway = await startGateway(t, [dead, good], { graceMs: 1_000 })
  const told = listen(gateway)
  const client = await connectRaw(t, gateway)
  let asked = 0
  // Again and again, as a rest may be over before it is told where time stands still.
  await until('the rest is told', async () => {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, 'ok')
    asked++
    return told.ofNode(dead).restsMs > 0
  })
  t.ok(told.ofNode(dead).restsMs <= 1_000)
  await client.send(request('GET /bad'))
  t.equal((await readAnswer(client)).status, 502)
  await until('the bad answer is told', () => told.ofNode(good).failures === 1)
  await until('the end of the rest is told', () => told.ofNode(dead).restsMs === 0)
  const rests = gateway.events.filter(({ text }) => text === 'node rests').length
  t.strictSame(told.ofNode(dead), { requests: rests, failures: rests, restsMs: 0 })
  t.equal(told.ofNode(good).requests, asked + 1)
})

t.test('told at most four times a second, and not at all when nothing happens', async t => {
  const gateway = await startGateway(t, [])
  const told = listen(gateway)
  const startedAt = performance.now()
  const client = await connectRaw(t, gateway)
  let asked = 0
  await until('it is told of requests several times', async () => {
    await client.send(request('GET /'))
    await readAnswer(client)
    asked++
    return told.batches.length >= 4
  })
  const tookMs = performance.now() - startedAt
  t.ok(told.batches.length <= 1 + tookMs / 250, `${told.batches.length} batches in ${tookMs} ms`)
  await until('the last is told', () => told.sum('requests') === asked)
  const count = told.batches.length
  await until('a while of silence', () => performance.now() - told.times.at(-1)! > 1_200)
  t.equal(told.batches.length, count)
})

t.test('what happened last is told before the process ends', async t => {
  const node = await startAnswering(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const told = listen(gateway)
  const client = await connectRaw(t, gateway)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  gateway.process.send({ kind: 'stop', graceMs: 1_000 })
  await once(gateway.process, 'exit')
  t.equal(told.sum('requests'), 1)
  t.equal(told.batches.at(-1)?.connections, 0)
})

t.test('nodes that leave the picture are told first', async t => {
  const node = await startAnswering(t)
  const name = `http://${node.address}`
  const gateway = await startGateway(t, [name])
  const told = listen(gateway)
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  await gateway.apply({ nodes: [] })
  t.equal(told.ofNode(name).requests, 1)
})

t.test('a new gateway begins with the rests that others found', async t => {
  const node = await startAnswering(t)
  const resting = await startAnswering(t)
  const [good, other] = [`http://${node.address}`, `http://${resting.address}`]
  const gateway = await startGateway(t, [other, good], {}, {}, {}, [{ name: other, ms: 5_000 }])
  const told = listen(gateway)
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 4; i++) {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, 'ok')
  }
  t.equal(resting.connections.length, 0)
  await until('it is told too', () => told.ofNode(good).requests === 4)
})

// test/gateway/overload.test.ts: a gateway with few descriptors: what is in hand goes on, who is too many is told, and
// all is well again afterwards.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { Picture } from '../../base/picture.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, startRawNode } from '../support/raw-node.ts'

const DESCRIPTORS = 96
const REFUSED = /^connection refused/

/** A gateway that may have only {@link DESCRIPTORS}. */
function startSmall(t: Test, nodes: readonly string[], changes: Partial<Picture> = {}): Promise<TestGateway> {
  const wrapper = ['/usr/bin/prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`]
  return startGateway(t, nodes, changes, {}, { wrapper })
}

function limitFiles(pid: number, limits: string): void {
  execFileSync('/usr/bin/prlimit', ['--pid', String(pid), `--nofile=${limits}`])
}

function descriptorsOf({ process }: TestGateway): number {
  return readdirSync(`/proc/${process.pid}/fd`).length
}

/** Processor time it has used so far, in milliseconds. */
function processorMs({ process }: TestGateway): number {
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Connections with half a head each: none is idle. @returns those that were let in, and how many were told 503 */
async function crowd(t: Test, gateway: TestGateway, count: number): Promise<[RawConnection[], number]> {
  const all: RawConnection[] = []
  for (let i = 0; i < count; i++) all.push(await connectRaw(t, gateway, 'GET / HTTP/1.1\r\n'))
  // They are accepted in order, and the last is too many.
  await all.at(-1)!.end()
  await new Promise(resolve => setImmediate(resolve))
  const told = all.filter(client => client.received.startsWith('HTTP/1.1 503 '))
  return [all.filter(client => !client.hasEnded && !client.isClosed), told.length]
}

for (const maxConnections of [0, 10_000]) {
  t.test(`more clients than descriptors, max-connections ${maxConnections || 'not set'}`, async t => {
    const gateway = await startSmall(t, [], { maxConnections })
    const [inside, told] = await crowd(t, gateway, 200)
    t.ok(inside.length >= 30, `${inside.length} of 200 are in`)
    t.equal(told, 200 - inside.length, 'everybody else is told so')
    t.ok(descriptorsOf(gateway) < DESCRIPTORS, 'some descriptors are left')
    const before = processorMs(gateway)
    const startedAt = performance.now()
    await until('it stood full for a while', () => performance.now() - startedAt > 500)
    t.ok(processorMs(gateway) - before < 250, 'and does not spin')
    for (const client of inside) await client.send('Host: a.test\r\n\r\n')
    for (const client of inside) t.equal((await readAnswer(client)).status, 200)
    t.equal(gateway.events.filter(({ text }) => REFUSED.test(text)).length, 1, 'the log says it once')
    // All are idle now: they make room for others, one by one.
    for (let i = 0; i < 100; i++) {
      const next = await connectRaw(t, gateway, request('GET /'))
      t.equal((await readAnswer(next)).status, 200)
    }
    t.equal(gateway.process.exitCode, null)
  })
}

t.test('by default connections to nodes count, and kept ones make room', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('ok'))
      }
    },
  })
  const gateway = await startSmall(t, [`http://${node.address}`])
  const clients: RawConnection[] = []
  // Half of what fits, each with a connection to the node that is kept.
  for (let i = 0; i < 15; i++) clients.push(await connectRaw(t, gateway))
  for (const client of clients) await client.send(request('GET /'))
  for (const client of clients) t.equal((await readAnswer(client)).body, 'ok')
  for (const client of clients) await client.send('GET / HTTP/1.1\r\n')
  const [inside] = await crowd(t, gateway, 100)
  t.ok(inside.length >= 20, `${inside.length} more are in`)
  for (const client of [...clients, ...inside]) await client.send('Host: a.test\r\n\r\n')
  for (const client of [...clients, ...inside]) t.equal((await readAnswer(client)).body, 'ok')
})

t.test('connections to nodes leave descriptors for those who must be refused', async t => {
  const node = await startRawNode(t)
  const gateway = await startSmall(t, [`http://${node.address}`], { maxConnections: 10_000 })
  const [inside] = await crowd(t, gateway, 100)
  for (const client of inside) await client.send('Host: a.test\r\n\r\n')
  await until('they lack some', () => gateway.events.some(({ text }) => text === 'no descriptor is free'))
  for (let i = 0; i < 20; i++) t.equal((await readAnswer(await connectRaw(t, gateway))).status, 503)
  // Each answer sets a connection free for the next exchange.
  const answered = new Set<RawConnection>()
  void (async () => {
    for (;;) {
      const connection = await node.next()
      void (async () => {
        for (;;) {
          await connection.head()
          answered.add(connection)
          await connection.send(answer('ok'))
        }
      })().catch(() => {})
    }
  })()
  for (const client of inside) t.equal((await readAnswer(client)).body, 'ok')
  t.ok(answered.size < inside.length, `${answered.size} connections for ${inside.length} exchanges`)
})

t.test('an exchange without a descriptor for its node waits for one', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { graceMs: 30_000 })
  const client = await connectRaw(t, gateway, request('TRACE /'))
  t.equal((await readAnswer(client)).status, 405, 'it is accepted, and no node is connected')
  limitFiles(gateway.process.pid!, `${lowestFree(gateway)}:`)
  await client.send(request('POST /', 'Content-Length: 2'))
  await until('it is told', () => gateway.events.length > 0)
  t.match(gateway.events, [{ text: 'no descriptor is free', fields: { code: 'EMFILE' } }])
  await client.send('hi')
  t.equal(node.connections.length, 0)
  limitFiles(gateway.process.pid!, '1024:')
  const connection = await node.next()
  await connection.through('hi')
  await connection.send(answer('late'))
  t.equal((await readAnswer(client)).body, 'late')
  t.equal(gateway.events.length, 1, 'said once, and the node does not rest')
})

t.test('an exchange without a descriptor takes that of an idle client', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const idle = await connectRaw(t, gateway, request('TRACE / HTTP/1.1'))
  await readAnswer(idle)
  const kept = await connectRaw(t, gateway, request('GET /kept'))
  const first = await node.next()
  await first.head()
  const other = await connectRaw(t, gateway, request('TRACE / HTTP/1.1'))
  await readAnswer(other) // both are in
  limitFiles(gateway.process.pid!, `${lowestFree(gateway)}:`)
  await other.send(request('GET /other'))
  const second = await node.next()
  await second.head()
  await idle.end()
  await second.send(answer('other'))
  await first.send(answer('kept'))
  t.equal((await readAnswer(other)).body, 'other')
  t.equal((await readAnswer(kept)).body, 'kept')
})

function lowestFree({ process }: TestGateway): number {
  const open = new Set(readdirSync(`/proc/${process.pid}/fd`).map(Number))
  let free = 0
  while (open.has(free)) free++
  return free
}

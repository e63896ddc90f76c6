// test/subscription/real/storms.test.ts: thousands of nodes come and go at once, and strangers shout, while traffic runs.
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { readMemory } from '../../support/memory.ts'
import { until } from '../../support/processes.ts'
import { type Announcer, announcer, steadyLoad } from '../../support/subscribing.ts'
import type { Test } from '../../support/tmp.ts'
import { bytesOf, CAPTURED, MADE } from '../packet/vectors.ts'
import { isServed, startHouse } from './house.ts'

const KEYS = 500
const NODES_PER_KEY = 10
const HOSTILE = 100_000
/** Bytes by which a round may find the master grown, as its heap breathes. */
const GROWS = 20 * 2 ** 20

const keys = Array.from({ length: KEYS }, (_, i) => `shop${i}.example`)

t.test('5,000 nodes leave at once and as many come, under load: no request fails', async t => {
  const here = await startHouse(t)
  const say = await announcer(t, here.port)
  const [stays, ...others] = await listenOn(t, 1 + 2 * NODES_PER_KEY)
  const before = others.slice(0, NODES_PER_KEY)
  const after = others.slice(NODES_PER_KEY)
  const asked = keys.filter((_, i) => i % 10 === 0)
  await until('one is served that stays', async () => {
    await announceAll(say, [stays!])
    return (await Promise.all(asked.map(key => isServed(here, key)))).every(Boolean)
  })
  await announceAll(say, before)
  const load = steadyLoad(t, here.sluice.url, { hosts: asked })
  await until('those that will leave are served', () => before.every(address => load.bodies.has(address)))
  await Promise.all([announceAll(say, before, 'unsubscribe'), announceAll(say, after)])
  await load.forget()
  await until('those that came are served', () => after.every(address => load.bodies.has(address)))
  const isAsked = async (): Promise<boolean> => {
    await load.forget()
    await load.more(200)
    return before.some(address => load.bodies.has(address))
  }
  // Of thousands of datagrams at once some are lost, and a node that leaves says so once; these say it until it is heard.
  while (await isAsked()) await announceAll(say, before, 'unsubscribe')
  await load.stop()
  t.same(load.failures, [])
})

t.test('100,000 hostile datagrams: traffic, honest nodes and memory do not notice', async t => {
  const here = await startHouse(t)
  const say = await announcer(t, here.port)
  const [address] = await listenOn(t, 1)
  await say.say({ key: 'honest.example', address: address! })
  await until('it is served', () => isServed(here, 'honest.example'))
  const stranger = await announcer(t, here.port, '127.0.0.2')
  const load = steadyLoad(t, here.sluice.url, { hosts: ['honest.example'], clients: 2, pauseMs: 10 })
  await flood(stranger, HOSTILE / 2)
  // A heap takes some rounds to find its size; what leaks grows in each of them.
  const grown: number[] = []
  do {
    const memory = readMemory(here.sluice.pid)
    await flood(stranger, HOSTILE / 2)
    grown.push(readMemory(here.sluice.pid) - memory)
  } while (grown.at(-1)! > GROWS && grown.length < 4)
  await load.more(20)
  await load.stop()
  t.same(load.failures, [])
  t.ok(grown.at(-1)! <= GROWS, `the master grew by ${grown} bytes`)
  t.ok((here.sluice.stderr().match(/announcement refused/g) ?? []).length < 100, 'the log is short')
  t.ok(await isServed(here, 'honest.example'))
})

/** Servers that answer with their own address. @returns "127.0.0.1:40001", … */
function listenOn(t: Test, count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const server = http.createServer((_, answer) => answer.end(name))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 1024, resolve))
      t.teardown(() => {
        server.closeAllConnections()
        server.close()
      })
      const name = `127.0.0.1:${(server.address() as AddressInfo).port}`
      return name
    }),
  )
}

// The kernel drops what finds its queue full, as it would on any network: real nodes say it again.
async function announceAll(
  { say }: Announcer,
  addresses: readonly string[],
  command: 'subscribe' | 'unsubscribe' = 'subscribe',
): Promise<void> {
  for (let turn = 0; turn < 2; turn++)
    for (const key of keys) for (const address of addresses) await say({ key, address, command })
}

// Noise, malformed packets, and well-formed ones of nodes that are not there.
async function flood({ send }: Announcer, count: number): Promise<void> {
  const samples = [...CAPTURED, ...MADE].map(bytesOf)
  const sent: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    sent.push(send(i % 3 === 0 ? randomBytes(i % 1_500) : samples[i % samples.length]!))
    if (sent.length === 100) await Promise.all(sent.splice(0))
  }
  await Promise.all(sent)
}

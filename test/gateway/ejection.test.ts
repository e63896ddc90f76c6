// test/gateway/ejection.test.ts: nodes that answer late or badly rest, come back on trial, and checks have a say.
import t, { type Test } from 'tap'
import type { Picture } from '../../base/picture.ts'
import { joins, leaves, PLAIN_BALANCE, startGateway, type TestGateway } from '../support/gateway.ts'
import { startNamed } from '../support/named-nodes.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawNode, startRawNode } from '../support/raw-node.ts'

t.jobs = 4

/** A node that takes connections and requests, and never answers while `hangs` is true. */
async function startHung(t: Test): Promise<{ node: RawNode; url: string; seen: number; hangs: boolean }> {
  const hung = { node: null as unknown as RawNode, url: '', seen: 0, hangs: true }
  hung.node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        hung.seen++
        if (!hung.hangs) await connection.send(answer('h'))
      }
    },
  })
  hung.url = `http://${hung.node.address}`
  return hung
}

/** Answers with the status of the request's path, "/503". */
async function startSaying(t: Test): Promise<string> {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        const head = await connection.head()
        await connection.send(answer('s').replace('200 OK', /\/(\d+)/.exec(head)?.[1] ?? '200'))
      }
    },
  })
  return `http://${node.address}`
}

const QUICK: Partial<Picture> = { timeoutMs: 300, graceMs: 700, mostGraceMs: 2_800 }

async function ask(t: Test, gateway: TestGateway, path = '/'): Promise<string> {
  const client = await connectRaw(t, gateway, request(`GET ${path}`))
  const { status, body } = await readAnswer(client)
  client.close()
  return status === 200 ? body : String(status)
}

t.test('a hung node costs one request, then one for each rest, and is back once it answers', async t => {
  const hung = await startHung(t)
  const [a] = await startNamed(t, 'a')
  const gateway = await startGateway(t, [hung.url, a!.url], QUICK)
  t.equal(await ask(t, gateway), '504')
  t.equal(gateway.events.find(({ text }) => text === 'node rests')?.fields.node, hung.url)
  await until('the rest is told, and why', () => gateway.countersOf(hung.url).restsMs > 0)
  t.equal(gateway.countersOf(hung.url).cause, 'silent for http-timeout')
  // Many at a time, all the time, until it was tried twice more.
  const rests = (): number =>
    gateway.events.filter(({ text, fields }) => text === 'node rests' && fields.node === hung.url).length
  let isOver = false
  const clients = Array.from({ length: 8 }, async () => {
    while (!isOver) await ask(t, gateway)
  })
  await until('its second trial failed', () => rests() >= 3)
  isOver = true
  await Promise.all(clients)
  await until('each time one request', () => hung.seen === rests())
  hung.hangs = false
  await until('it is back', async () => (await ask(t, gateway)) === 'h')
  const next = [await ask(t, gateway), await ask(t, gateway)]
  t.same(next.sort(), ['a', 'h'])
})

t.test('the last node in service stays, however late it is', async t => {
  const hung = await startHung(t)
  const gateway = await startGateway(t, [hung.url], QUICK)
  for (let i = 0; i < 2; i++) t.equal(await ask(t, gateway), '504')
  t.equal(hung.seen, 2)
  t.notOk(gateway.events.some(({ text }) => text === 'node rests'))
})

t.test('never more than its share of a backend rests', async t => {
  const hung = await Promise.all([1, 2, 3].map(() => startHung(t)))
  const [a] = await startNamed(t, 'a')
  const balances = [{ ...PLAIN_BALANCE, mostEjectedShare: 0.5 }]
  const gateway = await startGateway(t, [...hung.map(({ url }) => url), a!.url], {
    ...QUICK,
    balances,
    graceMs: 60_000,
  })
  await Promise.all(Array.from({ length: 16 }, () => ask(t, gateway)))
  t.equal(gateway.events.filter(({ text }) => text === 'node rests').length, 2, 'two of four')
})

t.test('too many 5xx eject, anything below does not', async t => {
  let asked = 0
  // Good answers are forgotten within seconds: a machine that stood still meanwhile says nothing.
  for (let turn = 0; turn < 3 && asked < 40; turn++) asked = await badOnesUntilRest(t)
  t.ok(asked >= 40, `only after ${asked}: the good answers count`)
})

/** After eighty good answers. @returns how many bad ones it took */
async function badOnesUntilRest(t: Test): Promise<number> {
  const bad = await startSaying(t)
  const [a] = await startNamed(t, 'a')
  const gateway = await startGateway(t, [bad, a!.url], { ...QUICK, graceMs: 60_000 })
  for (let i = 0; i < 80; i++) await ask(t, gateway, '/404')
  t.notOk(gateway.events.some(({ text }) => text === 'node rests'))
  let asked = 0
  await until('it rests', async () => {
    asked++
    return (await ask(t, gateway, '/503')) !== 'a' && gateway.events.some(({ text }) => text === 'node rests')
  })
  for (let i = 0; i < 4; i++) t.equal(await ask(t, gateway, '/503'), 'a')
  return asked
}

t.test('answers that are none count as 5xx do', async t => {
  const broken = await startRawNode(t, {
    script: async (connection, index) => {
      await connection.head()
      if (index % 2 === 0) await connection.send('nonsense\r\n\r\n')
      connection.close()
    },
  })
  const [a] = await startNamed(t, 'a')
  const gateway = await startGateway(t, [`http://${broken.address}`, a!.url], QUICK)
  await until('it rests', async () => {
    await ask(t, gateway)
    return gateway.events.some(({ text }) => text === 'node rests')
  })
  t.ok(broken.connections.length >= 20)
})

t.test('rests of a node that refuses grow to their most, also over leaving and coming back', async t => {
  const [a] = await startNamed(t, 'a')
  const dead = 'http://127.0.0.1:1'
  const gateway = await startGateway(t, [], { graceMs: 200, mostGraceMs: 800 })
  await gateway.announce(joins('a.test', dead, a!.url))
  const rests = (): unknown[] =>
    gateway.events.filter(({ text }) => text === 'node rests').map(({ fields }) => fields.restMs)
  await until('it rested three times', async () => {
    t.equal(await ask(t, gateway), 'a')
    return rests().length >= 3
  })
  await gateway.announce(leaves('a.test', dead))
  await gateway.announce(joins('a.test', dead))
  await until('it rested once more', async () => {
    t.equal(await ask(t, gateway), 'a')
    return rests().length >= 4
  })
  t.same(rests().slice(0, 4), [200, 400, 800, 800])
})

t.test('a node that a check finds unwell gets nothing until it is well', async t => {
  const nodes = await startNamed(t, 'ab')
  const gateway = await startGateway(t, [], { graceMs: 100 })
  const names = nodes.map(({ url }) => `a.test ${url}`)
  await gateway.judge({ name: names[0]!, isWell: false })
  await gateway.announce(joins('a.test', ...nodes.map(({ url }) => url)))
  for (let i = 0; i < 4; i++) t.equal(await ask(t, gateway), 'b', 'judged before it came')
  await gateway.judge({ name: names[1]!, isWell: false })
  t.match(await ask(t, gateway), /^[ab]$/, 'when none is well the unwell serve')
  await gateway.judge({ name: names[1]!, isWell: true }, { name: names[0]!, isWell: true })
  t.same([await ask(t, gateway), await ask(t, gateway)].sort(), ['a', 'b'])
})

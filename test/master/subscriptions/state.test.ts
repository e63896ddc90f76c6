// test/master/subscriptions/state.test.ts: the file that outlives a run: when it is written, how, and what a bad one does.
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parseAllowLine } from '../../../subscription/allow-line.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import { announcement } from '../../subscription/packet/samples.ts'
import { until } from '../../support/processes.ts'
import { planWith, startReceiver, stateFile } from './receiver.ts'

function packet(said: Parameters<typeof announcement>[0] = {}): Buffer {
  return writePacket(announcement(said), null)
}

function nodesIn(path: string): number {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).nodes.length
  } catch {
    return -1
  }
}

t.test('a change is written within a second or two, for our user only; heartbeats alone are not', async t => {
  const state = stateFile(t)
  const receiver = await startReceiver(t, { state })
  await receiver.send(packet({ address: '127.0.0.1:1' }))
  receiver.pass(1)
  await until('it is written', () => nodesIn(state.path) === 1)
  t.equal(statSync(state.path).mode & 0o777, 0o600)
  t.notOk(existsSync(`${state.path}.new`))
  const { ino } = statSync(state.path)
  for (let i = 0; i < 2; i++) {
    await receiver.send(packet({ address: '127.0.0.1:1' }))
    receiver.pass(2)
  }
  await receiver.send(packet({ address: '127.0.0.1:2' }))
  receiver.pass(1)
  await until('the change is written', () => nodesIn(state.path) === 2)
  t.not(statSync(state.path).ino, ino, 'as another file')
})

t.test('a run after a stop, or after a kill, has the nodes with what was left of their leases', async t => {
  for (const isStopped of [true, false]) {
    const state = stateFile(t)
    const before = await startReceiver(t, { state })
    await before.send(packet({ address: '127.0.0.1:1' }))
    before.pass(10)
    await before.send(packet({ address: '127.0.0.1:2' }))
    before.pass(1)
    if (isStopped) await before.stop()
    else await until('it is written', () => nodesIn(state.path) === 2)
    const after = await startReceiver(t, { state })
    t.same(after.ids().sort(), ['a.example 127.0.0.1:1', 'a.example 127.0.0.1:2'])
    t.match(after.log(), /nodes of the run before are there again/)
    after.pass(14)
    t.same(after.ids().length, 2, 'a first lease is 25.5 s, of which 11 were over')
    after.pass(3)
    t.same(after.ids(), ['a.example 127.0.0.1:2'])
  }
})

t.test('nodes that the config does not admit any more are not restored', async t => {
  const state = stateFile(t)
  const before = await startReceiver(t, { state })
  await before.send(packet({ address: '127.0.0.1:1' }))
  await before.stop()
  const line = parseAllowLine('source=127.0.0.0/8,key=b.example')
  if ('problem' in line) throw new Error(line.problem)
  const after = await startReceiver(t, { state, lines: [line] })
  t.same(after.ids(), [])
})

for (const [what, content] of [
  ['no JSON', 'half a fi'],
  ['another JSON', '{"format":2}'],
  ['nothing', ''],
] as const) {
  t.test(`a file that holds ${what} is kept aside, and the start goes on`, async t => {
    const state = stateFile(t)
    writeFileSync(state.path, content)
    const receiver = await startReceiver(t, { state })
    t.match(
      receiver.log(),
      /"code":"SLUICE_SUBSCRIPTION_STATE".*put aside as .*subscriptions are not restored/,
    )
    t.equal(readFileSync(`${state.path}.bad`, 'utf8'), content)
    await receiver.send(packet({ address: '127.0.0.1:1' }))
    await receiver.stop()
    t.equal(nodesIn(state.path), 1)
  })
}

t.test('a state with nodes that are none has the others', async t => {
  const state = stateFile(t)
  const before = await startReceiver(t, { state })
  await before.send(packet({ address: '127.0.0.1:1' }))
  await before.stop()
  const whole = JSON.parse(readFileSync(state.path, 'utf8'))
  const wrong = [null, 7, {}, { ...whole.nodes[0], packet: 'AAAA' }, { ...whole.nodes[0], agoMs: 'long' }]
  writeFileSync(state.path, JSON.stringify({ ...whole, nodes: [...wrong, ...whole.nodes] }))
  const after = await startReceiver(t, { state })
  t.same(after.ids(), ['a.example 127.0.0.1:1'])
})

t.test('a file that cannot be written is told once, and written when it can', async t => {
  const state = stateFile(t)
  const receiver = await startReceiver(t, { state })
  mkdirSync(`${state.path}.new`) // in the way of root, too
  const told = () => receiver.log().match(/subscriptions cannot be kept/g)?.length ?? 0
  await receiver.send(packet({ address: '127.0.0.1:1' }))
  receiver.pass(2)
  await until('it is told', () => told() === 1)
  receiver.pass(5)
  rmdirSync(`${state.path}.new`)
  await until('it is written', () => {
    receiver.pass(1)
    return nodesIn(state.path) === 1
  })
  t.equal(told(), 1)
  t.match(receiver.log(), /subscriptions are kept again/)
})

t.test('a reload moves the file', async t => {
  const [first, second] = [stateFile(t), stateFile(t)]
  const receiver = await startReceiver(t, { state: first })
  await receiver.send(packet({ address: '127.0.0.1:1' }))
  const reload = await receiver.subscriptions.prepare(planWith({ state: second }))
  reload.commit()
  receiver.pass(2)
  await until('it is at its new place', () => nodesIn(second.path) === 1)
})

t.test('ten thousand nodes are written without holding the loop for long', async t => {
  const state = stateFile(t)
  const receiver = await startReceiver(t, { state })
  const { membership } = receiver.subscriptions
  await receiver.send(packet({ address: '127.0.0.1:1' }))
  const { record } = [...membership.entries()][0]!
  const nowMs = receiver.clock.monotonicMs()
  for (let i = 0; i < 10_000; i++) {
    const place = `127.0.0.1:${i + 2}`
    const said = { ...record.announcement, address: place }
    membership.announce({ ...record, node: { ...record.node, place }, announcement: said }, nowMs)
  }
  receiver.pass(1)
  await until('all are written', () => nodesIn(state.path) === 10_001)
  await receiver.send(packet({ address: '127.0.0.1:1', weight: 2 }))
  receiver.clock.pass(1)
  const before = process.threadCpuUsage()
  receiver.subscriptions.tick()
  const { user, system } = process.threadCpuUsage(before)
  const tookMs = (user + system) / 1000
  t.comment(`held for ${tookMs.toFixed(1)} ms`)
  t.ok(tookMs < 200, `${tookMs} ms`)
})

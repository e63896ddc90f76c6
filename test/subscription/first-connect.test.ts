// test/subscription/first-connect.test.ts: how often addresses are connected to for the nodes that have them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type FirstConnectOptions, FirstConnects } from '../../subscription/first-connect.ts'
import { type Member, memberId, type NodeRecord } from '../../subscription/membership.ts'
import type { Announcement } from '../../subscription/packet/announcement.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { startListener } from './feed.ts'
import { member } from './members.ts'

t.test('nodes of one address share a connect', async t => {
  const { sought, proven } = open(t)
  const { server, address } = await startListener(t)
  let connections = 0
  server.on('connection', () => connections++)
  for (const key of keys(1000)) sought.seek(record({ key, address }), () => proven.push(key))
  t.same(proven, [], 'nobody is told before seek() returned')
  await until('all are proven', () => proven.length === 1000)
  const last = await startListener(t)
  sought.seek(record({ address: last.address }), () => proven.push('last'))
  await until('what came later is connected', () => proven.length === 1001)
  t.equal(connections, 1)
})

t.test('nodes of one address that refuses are tried together, and get the same reason', async t => {
  const { sought, proven, rounds } = open(t)
  const port = await freePort()
  for (const key of keys(100))
    sought.seek(record({ key, address: `node.test:${port}` }), () => proven.push(key))
  await until('there were some tries', () => rounds.length === 4)
  t.equal(sought.why(`k0.example node.test:${port}`), 'ECONNREFUSED')
  t.equal(sought.why(`k99.example node.test:${port}`), 'ECONNREFUSED')
  await startListener(t, { port })
  await until('all are proven', () => proven.length === 100)
  t.equal(sought.why(`k0.example node.test:${port}`), '', 'nothing is known of it any more')
})

t.test('one that comes while its address rests is tried at once, for all of them', async t => {
  const { sought, proven } = open(t, { firstPauseMs: 60_000 })
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  sought.seek(record({ key: 'a.example', address }), () => proven.push('a'))
  await until('it is refused', () => sought.why(`a.example ${address}`) === 'ECONNREFUSED')
  await startListener(t, { port })
  sought.seek(record({ key: 'b.example', address }), () => proven.push('b'))
  await until('both are proven', () => proven.length === 2)
})

t.test('one that comes while its address is tried gets a try of its own when that one fails', async t => {
  const { sought, proven, rounds } = open(t, { firstPauseMs: 60_000 })
  const port = await freePort()
  const address = `node.test:${port}`
  sought.seek(record({ key: 'a.example', address }), () => proven.push('a'))
  sought.seek(record({ key: 'b.example', address }), () => proven.push('b'))
  await until('there was another try without the pause', () => rounds.length === 2)
  t.same(proven, [])
})

t.test('one that is forgotten is not told, and the others are', async t => {
  const { sought, proven } = open(t)
  const { address } = await startListener(t)
  for (const key of keys(3)) sought.seek(record({ key, address }), () => proven.push(key))
  sought.forget(memberId('k0.example', address))
  await until('the others are proven', () => proven.length === 2)
  t.same(proven, ['k1.example', 'k2.example'])
})

t.test('an address that nobody asks for any more is not tried any more', async t => {
  const { sought, rounds } = open(t)
  const port = await freePort()
  const address = `node.test:${port}`
  for (const key of keys(2)) sought.seek(record({ key, address }), () => {})
  await until('it was tried', () => rounds.length > 0)
  for (const key of keys(2)) sought.forget(memberId(key, address))
  const before = rounds.length
  const { address: last } = await startListener(t)
  const proven = Promise.withResolvers<void>()
  sought.seek(record({ address: last }), proven.resolve)
  await proven.promise
  t.equal(rounds.length, before)
})

t.test('a stranger’s host name is not proven by what this machine may do with it', async t => {
  const { sought, proven } = open(t)
  const { port } = await startListener(t)
  const address = `node.test:${port}`
  const stranger = record({ key: 'b.example', address }, { isLocal: false, source: '192.0.2.7' })
  sought.seek(record({ key: 'a.example', address }), () => proven.push('a'))
  sought.seek(stranger, () => proven.push('b'))
  await until(
    'the one is proven, the other nowhere',
    () => sought.why(stranger.id) !== '' && proven.length > 0,
  )
  t.same(proven, ['a'])
  t.match(sought.why(stranger.id), /no address/)
  sought.hurry({ ...stranger, isLocal: true })
  await until('it is of this machine, and told', () => proven.includes('b'))
})

t.test('of many addresses a few are tried at a time, in the order in which they came', async t => {
  const { sought, proven, rounds } = open(t, { mostAtOnce: 3 })
  const { port } = await startListener(t)
  const hosts = Array.from({ length: 30 }, (_, i) => `node${i}.test`)
  for (const host of hosts) sought.seek(record({ address: `${host}:${port}` }), () => proven.push(host))
  t.equal(rounds.length, 3)
  await until('all are proven', () => proven.length === 30)
  t.same(rounds, hosts)
})

t.test('addresses that are silent do not keep the others waiting', async t => {
  const { sought, proven, rounds } = open(t, { mostAtOnce: 3, quietMs: 10, limitMs: 60_000 })
  const silent = await startSilent(t)
  const { port } = await startListener(t)
  for (let i = 0; i < 30; i++) sought.seek(record({ address: `silent${i}.test:${silent}` }), () => {})
  sought.seek(record({ address: `lives.test:${port}` }), () => proven.push('lives'))
  t.equal(rounds.length, 3)
  await until('it is proven', () => proven.length > 0)
})

t.test('from some number on, the others wait for addresses that are silent', async t => {
  const port = await startSilent(t)
  const whys: string[] = []
  const { sought, rounds } = open(t, { mostAtOnce: 1, quietMs: 1, mostOpen: 1, limitMs: 50 }, () => {
    if (rounds.length < 5) whys.push(sought.why(`a.example silent${rounds.length - 1}.test:${port}`))
  })
  for (let i = 0; i < 5; i++) sought.seek(record({ address: `silent${i}.test:${port}` }), () => {})
  await until('some were tried', () => whys.length > 3)
  t.same(whys.slice(1, 4), Array(3).fill('no answer in time'), 'each once the one before it was over')
})

function open(t: Test, options: Omit<FirstConnectOptions, 'addresses'> = {}, onTry = () => {}) {
  const rounds: string[] = [] // hosts whose addresses were asked for: once a try
  const addresses = (host: string) => {
    onTry()
    rounds.push(host)
    return ['127.0.0.1']
  }
  const sought = new FirstConnects({ addresses, firstPauseMs: 10, mostPauseMs: 40, ...options })
  t.teardown(() => sought.stop())
  const proven: string[] = []
  return { sought, proven, rounds }
}

/** A port that answers no connect: it listens, and its queue is full. */
async function startSilent(t: Test): Promise<number> {
  const program = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port))
      require('node:fs').readSync(0, Buffer.alloc(1)) // nothing comes: it accepts nobody
    })`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
  })
  const [text] = await once(child.stdout, 'data')
  const port = Number(text)
  for (let i = 0; i < 2; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
  }
  return port
}

function record(said: Partial<Announcement>, changes: Partial<Member> = {}): NodeRecord {
  const own = member(said, changes)
  const id = memberId(own.key, own.node.place)
  return { ...own, id, version: 1, origin: 'here', isUnheard: false, announced: null }
}

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `k${i}.example`)
}

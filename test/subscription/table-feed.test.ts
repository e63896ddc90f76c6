// test/subscription/table-feed.test.ts: what gateways are told of announced nodes, and when; with real connects.
import { join } from 'node:path'
import t from 'tap'
import { FirstConnects } from '../../subscription/first-connect.ts'
import { memberId } from '../../subscription/membership.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import { Mirror, startFeed, startListener } from './feed.ts'
import { member } from './members.ts'

t.test('a node that takes connections is told of, with all that it announced', async t => {
  const { membership, mirror } = startFeed(t)
  const { address } = await startListener(t)
  membership.announce(member({ address, weight: 3, backup: 1, modifier1: 5, modifier2: 2, algo: 'lrc' }), 0)
  await until('it is told of', () => mirror.size === 1)
  t.match(mirror.messages, [[{ key: 'a.example', algo: 'lrc', gone: [] }]])
  t.same(mirror.keys.get('a.example')?.get(`a.example uwsgi://${address}`), {
    name: `a.example uwsgi://${address}`,
    proto: 'uwsgi',
    endpoint: { kind: 'tcp', addresses: ['127.0.0.1'], port: Number(address.split(':')[1]) },
    weight: 3,
    backup: 1,
    modifier1: 5,
    modifier2: 2,
  })
})

t.test('a UNIX socket is connected to, too', async t => {
  const { membership, mirror } = startFeed(t)
  const path = join(temporaryDirectory(t), 'node.sock')
  await startListener(t, { path })
  membership.announce(member({ address: path, proto: 'http' }), 0)
  await until('it is told of', () => mirror.size === 1)
  t.match(mirror.names('a.example'), [`http://${path}`])
})

t.test('a node that refuses connections waits, with the reason, until it takes them', async t => {
  const { membership, feed, mirror } = startFeed(t)
  const port = await freePort()
  membership.announce(member({ address: `127.0.0.1:${port}` }), 0)
  await until('it is refused', () => feed.waiting()[0]?.why === 'ECONNREFUSED')
  t.match(feed.waiting(), [{ key: 'a.example', name: `a.example uwsgi://127.0.0.1:${port}` }])
  membership.announce(member({ address: `127.0.0.1:${port}`, weight: 2 }), 1000)
  t.same([...feed.snapshot()], [], 'whatever it announces meanwhile')
  t.equal(mirror.size, 0)
  await startListener(t, { port })
  await until('it is told of', () => mirror.size === 1)
  t.same(feed.waiting(), [])
})

t.test('an announcement that changes something is tried at once, however long the pause', async t => {
  const connects = new FirstConnects({ addresses: () => [], firstPauseMs: 60_000 })
  t.teardown(() => connects.stop())
  const { membership, feed, mirror } = startFeed(t, connects)
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  membership.announce(member({ address }), 0)
  await until('it is refused', () => feed.waiting()[0]?.why === 'ECONNREFUSED')
  await startListener(t, { port })
  membership.announce(member({ address, weight: 2 }), 1000)
  await until('it is told of', () => mirror.size === 1)
  t.equal(nodes(mirror)[0]?.weight, 2)
})

t.test('changes of a node that has traffic need no connect, and it keeps its place', async t => {
  const { membership, mirror } = startFeed(t)
  const one = await startListener(t)
  const two = await startListener(t)
  membership.announce(member({ address: one.address }), 0)
  await until('the first is told of', () => mirror.size === 1)
  membership.announce(member({ address: two.address }), 0)
  await until('the second is told of', () => mirror.size === 2)
  await new Promise(resolve => one.server.close(resolve))
  membership.announce(member({ address: one.address, weight: 7 }), 1000)
  await until('its weight is told', () => nodes(mirror)[0]?.weight === 7)
  t.same(mirror.names('a.example'), [`uwsgi://${one.address}`, `uwsgi://${two.address}`])
})

t.test('a node that speaks another protocol is another one: the old goes, the new comes', async t => {
  const { membership, mirror } = startFeed(t)
  const { address } = await startListener(t)
  membership.announce(member({ address }), 0)
  await until('it is told of', () => mirror.size === 1)
  membership.announce(member({ address, proto: 'http' }), 1000)
  await until('it speaks http', () => mirror.names('a.example')[0] === `http://${address}`)
  t.equal(mirror.size, 1)
  t.match(mirror.messages.at(-1), [{ gone: [`a.example uwsgi://${address}`] }], 'in one message')
})

t.test('who leaves is told of at the end of the turn, and must connect when it comes back', async t => {
  const { membership, mirror, feed } = startFeed(t, null, 60_000)
  const { server, address, port } = await startListener(t)
  membership.announce(member({ address }), 0)
  await until('it is proven', () => feed.waiting().length === 0)
  for (const keys of feed.snapshot()) t.equal(keys.length, 1)
  t.equal(mirror.size, 1, 'a snapshot tells the others what they were still to be told')
  await new Promise(resolve => server.close(resolve))
  membership.withdraw(memberId('a.example', address), 'unsubscribed')
  await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setImmediate(resolve))
  t.equal(mirror.size, 0, 'without the minute that others wait')
  membership.announce(member({ address }), 1000)
  await until('it is refused', () => feed.waiting()[0]?.why === 'ECONNREFUSED')
  await startListener(t, { port })
  await until('it is proven', () => feed.waiting().length === 0)
})

t.test(
  'of nodes that the config names gateways are told what these announce, so that they can take over',
  async t => {
    const { membership, mirror, feed } = startFeed(t)
    const { address } = await startListener(t)
    membership.announce(member({ address }), 0)
    await until('it is told of', () => mirror.size === 1)
    membership.announce(member({ address }, { isStatic: true }), 0)
    membership.announce(member({ address: '127.0.0.1:9' }, { isStatic: true }), 0)
    const id = `a.example ${address}`
    membership.withdraw(id, 'unconfigured')
    membership.announce(member({ address, weight: 2 }), 0)
    await until('its change is told', () => mirror.messages.length === 2)
    t.same(mirror.messages[1]![0]!.gone, [], 'it was there all the time')
    membership.announce(member({ address, proto: 'http' }, { isStatic: true }), 0)
    await until('another protocol is another node, and the config knows better', () => mirror.size === 0)
    t.same(feed.waiting(), [])
  },
)

t.test('the first packet of a key says how it is balanced, until its last node is gone', async t => {
  const { membership, mirror } = startFeed(t)
  const one = await startListener(t)
  const two = await startListener(t)
  const refused = await freePort()
  membership.announce(member({ address: `127.0.0.1:${refused}`, algo: 'lrc' }), 0)
  membership.announce(member({ address: one.address, algo: 'wrr' }), 0)
  await until('one is told of', () => mirror.size === 1)
  t.equal(mirror.messages.at(-1)?.[0]?.algo, 'lrc', 'also when it is not connected to yet')
  membership.withdraw(memberId('a.example', `127.0.0.1:${refused}`), 'unsubscribed')
  membership.withdraw(memberId('a.example', one.address), 'unsubscribed')
  membership.announce(member({ address: two.address, algo: 'iphash' }), 0)
  await until('another is told of', () => mirror.names('a.example')[0] === `uwsgi://${two.address}`)
  t.equal(mirror.messages.at(-1)?.[0]?.algo, 'iphash')
})

t.test('a host name is told of once it resolves, and follows its addresses', async t => {
  const { membership, mirror, feed, hosts, held } = startFeed(t)
  const { port } = await startListener(t)
  const address = `node.test:${port}`
  membership.announce(member({ address }), 0)
  membership.announce(member({ address, key: 'b.example' }), 0)
  t.same(held, ['node.test', 'node.test'])
  await until('it is nowhere', () => /no address/.test(feed.waiting()[0]?.why ?? ''))
  hosts.set('node.test', ['127.0.0.1'])
  feed.namesChanged(['node.test'])
  await until('both are told of', () => mirror.size === 2)
  hosts.set('node.test', ['127.0.0.1', '127.0.0.2'])
  feed.namesChanged(['node.test'])
  await until('both addresses are told', () => addressesOf(mirror).length === 2)
  membership.withdraw(memberId('b.example', address), 'unsubscribed')
  t.same(held, ['node.test'])
})

t.test('a stranger’s host name must not lead to this machine', async t => {
  const { membership, mirror, feed, hosts } = startFeed(t)
  const { port } = await startListener(t)
  hosts.set('evil.test', ['127.0.0.1'])
  membership.announce(member({ address: `evil.test:${port}` }, { isLocal: false, source: '192.0.2.7' }), 0)
  await until('it is refused', () => /no address/.test(feed.waiting()[0]?.why ?? ''))
  t.equal(mirror.size, 0)
})

t.test('a name that comes to lead to this machine takes its node out', async t => {
  const proof = { seek: (_: unknown, proven: () => void) => queueMicrotask(proven), hurry() {}, forget() {} }
  const { membership, mirror, feed, hosts } = startFeed(t, { ...proof, why: () => '' })
  hosts.set('turns.test', ['192.0.2.1', '127.0.0.1'])
  membership.announce(member({ address: 'turns.test:80' }, { isLocal: false, source: '192.0.2.7' }), 0)
  await until('it is told of', () => mirror.size === 1)
  t.same(addressesOf(mirror), ['192.0.2.1'])
  hosts.set('turns.test', ['169.254.1.1'])
  feed.namesChanged(['turns.test'])
  await until('it is out', () => mirror.size === 0)
  t.match(feed.waiting(), [{ why: /no address/ }])
})

t.test('a start waits until each key has a node, or none that was not tried', async t => {
  const proven = new Map<string, () => void>()
  const whys = new Map<string, string>()
  const { membership, feed } = startFeed(t, {
    seek: ({ id }, prove) => void proven.set(id, prove),
    hurry: () => {},
    forget: () => {},
    why: id => whys.get(id) ?? '',
  })
  for (const key of ['has.example', 'lacks.example'])
    for (const port of [1, 2]) membership.announce(member({ key, address: `127.0.0.1:${port}` }), 0)
  let isOver = false
  const waited = feed.firstTries(600_000).then(() => {
    isOver = true
  })
  proven.get('has.example 127.0.0.1:1')!()
  whys.set('lacks.example 127.0.0.1:1', 'ECONNREFUSED')
  await new Promise(setImmediate)
  t.notOk(isOver, 'one of the second key was not tried yet')
  whys.set('lacks.example 127.0.0.1:2', 'ECONNREFUSED')
  await waited
})

t.test('5,000 nodes that come at once are told of within seconds, and those that leave at once', async t => {
  const { membership, mirror, feed } = startFeed(t, null, 20)
  const { address } = await startListener(t)
  const keys = Array.from({ length: 5000 }, (_, i) => `k${i}.example`)
  const began = performance.now()
  for (const key of keys) membership.announce(member({ key, address }), 0)
  await until('all are told of', () => mirror.size === 5000)
  t.comment(`joined in ${Math.round(performance.now() - began)} ms, ${mirror.messages.length} messages`)
  const late = new Mirror()
  for (const message of feed.snapshot()) late.hear(message)
  t.equal(late.size, 5000, 'a gateway that starts later has them all')
  t.ok(late.messages.length >= 10, 'in bounded messages')
  const leaving = performance.now()
  for (const key of keys) membership.withdraw(memberId(key, address), 'unsubscribed')
  await until('all are gone', () => mirror.size === 0)
  t.ok(performance.now() - leaving < 5_000)
})

t.test('one key of 3,000 nodes is told of every 30 ms at most, however fast it changes', async t => {
  const proof = { seek: (_: unknown, proven: () => void) => queueMicrotask(proven), hurry() {}, forget() {} }
  const { membership, mirror } = startFeed(t, { ...proof, why: () => '' })
  const addressOf = (i: number) => `10.${i >> 8}.${i & 255}.1:80`
  for (let i = 0; i < 3000; i++) membership.announce(member({ address: addressOf(i) }), 0)
  await until('all are told of', () => mirror.size === 3000)
  const before = mirror.messages.length
  const began = performance.now()
  for (let i = 0; i < 300; i++) {
    membership.withdraw(memberId('a.example', addressOf(i)), 'unsubscribed')
    await new Promise(resolve => setImmediate(resolve))
  }
  await until('all are gone', () => mirror.size === 2700)
  const tookMs = performance.now() - began
  const messages = mirror.messages.length - before
  t.ok(messages <= 3 + tookMs / 25, `${messages} messages in ${tookMs} ms`)
})

function nodes(mirror: Mirror) {
  return [...(mirror.keys.get('a.example')?.values() ?? [])]
}

function addressesOf(mirror: Mirror): readonly string[] {
  const endpoint = nodes(mirror)[0]?.endpoint
  return endpoint?.kind === 'tcp' ? endpoint.addresses : []
}

// test/subscription/checks/checks.test.ts: which nodes are checked, what becomes of those that fail, and who hears of it.
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { parseNodeAddress } from '../../../base/address.ts'
import type { Verdict } from '../../../base/messages.ts'
import { type HealthCheck, healthCheck } from '../../../config/health-kind.ts'
import { Checks, type ChecksOptions } from '../../../subscription/checks/checks.ts'
import { memberId } from '../../../subscription/membership.ts'
import { until } from '../../support/processes.ts'
import { startFeed } from '../feed.ts'
import { member } from '../members.ts'
import { startHttp, startRaw } from './nodes.ts'

t.test('a node that fails often enough is unwell, and well again after enough successes', async t => {
  const node = await startNode(t)
  const { checks, verdicts, lines, turns, name } = await open(t, node.address)
  await until('it was asked', () => node.asked() > 2)
  t.same(verdicts, [])
  node.status = 500
  await until('it is unwell', () => verdicts.length === 1)
  t.same(verdicts, [{ name, isWell: false }])
  t.same(checks.verdicts(), verdicts, 'a gateway that starts is told')
  t.match(checks.stateOf(name), { isWell: false, isNew: false, why: 'status 500', tookMs: Number })
  node.status = 200
  await until('it is well', () => verdicts.length === 2)
  t.same(verdicts[1], { name, isWell: true })
  t.match(checks.stateOf(name), { isWell: true, why: '' })
  t.same(checks.verdicts(), [])
  t.same(lines, [
    `warn node fails its checks: ${name} http status 500`,
    `info node passes its checks again: ${name} http`,
  ])
  t.same(turns, [
    `${memberId('a.example', node.address)} false`,
    `${memberId('a.example', node.address)} true`,
  ])
})

t.test('a failure now and then is nothing', async t => {
  const node = await startNode(t)
  const { verdicts } = await open(t, node.address, 'http=/,fall=2')
  node.play = [500, 200, 500, 200, 500, 200, 500, 200]
  await until('all were asked for', () => node.play.length === 0)
  t.same(verdicts, [])
})

t.test('a node that is silent is asked once at a time, and unwell in the end', async t => {
  let now = 0
  let most = 0
  const { address } = await startHttp(t, request => {
    most = Math.max(most, ++now)
    request.socket.on('close', () => now--)
  })
  const { verdicts } = await open(t, address, 'http=/', { intervalMs: 10, timeoutMs: 60 })
  await until('it is unwell', () => verdicts.length === 1)
  t.equal(most, 1)
})

t.test('an announcement while a new node is being checked makes no second check beside it', async t => {
  const house = startFeed(t, new Late())
  let now = 0
  let most = 0
  let asked = 0
  const { address } = await startHttp(t, request => {
    asked++
    most = Math.max(most, ++now)
    request.socket.on('close', () => now--)
  })
  const { checks } = watch(t, house.membership)
  proof.current = checks
  checks.configure([line('http=/', { timeoutMs: 40 })], [])
  for (let weight = 1; weight <= 5; weight++) {
    const before = asked
    house.membership.announce(member({ address, proto: 'http', weight }), weight * 1000)
    await until('it is asked', () => asked > before)
    house.membership.announce(member({ address, proto: 'http', weight: weight + 100 }), weight * 1000 + 500)
  }
  t.equal(most, 1)
})

t.test('a new node gets traffic after its first success, not after a mere connect', async t => {
  const house = startFeed(t, new Late())
  const node = await startNode(t, 503)
  const { checks, verdicts, turns } = watch(t, house.membership, 'http=/')
  proof.current = checks
  house.membership.announce(member({ address: node.address, proto: 'http' }), 0)
  const name = `a.example http://${node.address}`
  await until('it fails', () => house.feed.waiting()[0]?.why === 'status 503')
  await until('it is known to fail', () => turns.length === 1)
  t.match(checks.stateOf(name), { isNew: true, isWell: false })
  t.same([house.mirror.size, verdicts, checks.verdicts()], [0, [], []], 'gateways do not know of it')
  node.status = 200
  await until('it is told of', () => house.mirror.size === 1)
  t.match(checks.stateOf(name), { isNew: false, isWell: true, why: '' })
  t.same(verdicts, [])
  node.status = 500
  await until('from then on gateways hear of it', () => verdicts.length === 1)
})

t.test('only keys that a line names are checked, by the first that does', async t => {
  const { membership } = startFeed(t)
  const { checks } = watch(t, membership, 'tcp,key=*.shop.example', 'http=/,key=a.*')
  t.same(
    ['b.shop.example', 'a.shop.example', 'a.example', 'b.example', ''].map(key => checks.covers(key)),
    [true, true, true, false, false],
  )
  const silent = await startRaw(t, '')
  membership.announce(member({ key: 'a.shop.example', address: `127.0.0.1:${silent.port}` }), 0)
  const name = `a.shop.example uwsgi://127.0.0.1:${silent.port}`
  await until('it is connected to, not asked', () => checks.stateOf(name)?.tookMs !== null)
  t.match(checks.stateOf(name), { isWell: true, why: '' })
})

t.test('nodes of http-to are checked where a line names all keys', async t => {
  const node = await startNode(t, 500)
  const { membership } = startFeed(t)
  const { checks, verdicts } = watch(t, membership, 'http=/')
  const rest = parseNodeAddress(`http://${node.address}`)
  if ('problem' in rest) throw new Error(rest.problem)
  checks.configure([line('http=/')], [rest])
  await until('it is unwell', () => verdicts.length === 1)
  t.same(verdicts, [{ name: rest.name, isWell: false }])
  t.equal(node.hosts[0], node.address)
  checks.configure([line('http=/')], [])
  t.equal(checks.stateOf(rest.name), null)
})

t.test('a line that goes takes back what it found', async t => {
  const node = await startNode(t, 500)
  const { checks, verdicts, turns, name } = await open(t, node.address)
  await until('it is unwell', () => verdicts.length === 1)
  checks.configure([], [])
  await until('it is well', () => verdicts.length === 2)
  t.same(verdicts[1], { name, isWell: true })
  t.match(turns[1], / true$/)
  t.equal(checks.stateOf(name), null)
})

t.test('another line holds from the next check on, and keeps what is known', async t => {
  const node = await startNode(t, 500)
  const { checks, verdicts, name } = await open(t, node.address)
  await until('it is unwell', () => verdicts.length === 1)
  checks.configure([line('http=/,status=500')], [])
  t.match(checks.stateOf(name), { isWell: false })
  await until('it is well', () => verdicts.length === 2)
})

t.test('a node that leaves is checked no more, and comes back as a new one', async t => {
  const node = await startNode(t, 500)
  const { membership, checks, verdicts, name } = await open(t, node.address)
  await until('it is unwell', () => verdicts.length === 1)
  membership.withdraw(memberId('a.example', node.address), 'unconfigured')
  t.equal(checks.stateOf(name), null)
  t.same(checks.verdicts(), [])
  membership.announce(member({ address: node.address, proto: 'http' }, { isStatic: true }), 0)
  t.match(checks.stateOf(name), { isWell: true })
  await until('gateways, which remember it, hear of that', () => verdicts.length > 1)
  t.same(verdicts[1], { name, isWell: true })
})

t.test('however many nodes there are, only so many are checked at once', async t => {
  const held: ServerResponse[] = []
  let most = 0
  let done = 0
  const { address } = await startHttp(t, (_, response) => {
    held.push(response)
    most = Math.max(most, held.length)
    if (held.length === 1) setTimeout(answerAll, 10) // time for more to come than may
  })
  const answerAll = () => {
    for (const response of held.splice(0)) response.end()
    done++
  }
  const { membership } = startFeed(t)
  const { checks } = watch(t, membership, 'http=/')
  for (let i = 0; i < 200; i++) {
    membership.announce(member({ key: `k${i}`, address, proto: 'http' }, { isStatic: true }), 0)
  }
  checks.configure([line('http=/', { intervalMs: 1 })], [])
  await until('many were asked', () => done > 10)
  t.equal(most, 4)
})

/** Stands for the checks until they are there: the feed is made first. */
class Late {
  seek: Checks['seek'] = (...all) => proof.current!.seek(...all)
  hurry: Checks['hurry'] = record => proof.current!.hurry(record)
  forget: Checks['forget'] = id => proof.current!.forget(id)
  why: Checks['why'] = id => proof.current!.why(id)
}
const proof: { current: Checks | null } = { current: null }

function line(text: string, changes: Partial<HealthCheck> = {}): HealthCheck {
  return { ...healthCheck.schema.parse(text), intervalMs: 15, timeoutMs: 10_000, ...changes }
}

/** Checks of one static node of a.example. */
async function open(t: Test, address: string, text = 'http=/', changes: Partial<HealthCheck> = {}) {
  const { membership } = startFeed(t)
  const watched = watch(t, membership, text)
  watched.checks.configure([line(text, changes)], [])
  membership.announce(member({ address, proto: 'http' }, { isStatic: true }), 0)
  return { ...watched, membership, name: `a.example http://${address}` }
}

function watch(t: Test, membership: ConstructorParameters<typeof Checks>[0], ...texts: string[]) {
  const verdicts: Verdict[] = []
  const lines: string[] = []
  const turns: string[] = []
  const options: ChecksOptions = {
    addresses: host => [host],
    tell: (level, text, { node, check, cause }) => {
      lines.push(`${level} ${text}: ${node} ${check}${cause === undefined ? '' : ` ${cause}`}`)
    },
    publish: found => verdicts.push(...found),
    onTurn: (id, isWell) => turns.push(`${id} ${isWell}`),
    mostAtOnce: 4,
    firstPauseMs: 5,
  }
  const checks = new Checks(membership, options)
  t.teardown(() => checks.stop())
  checks.configure(
    texts.map(text => line(text)),
    [],
  )
  return { checks, verdicts, lines, turns }
}

/** A node that answers with the status that the test says, or with a play of them first. */
async function startNode(t: Test, status = 200) {
  const hosts: (string | undefined)[] = []
  const node = { status, play: [] as number[] }
  const { address } = await startHttp(t, (request, response) => {
    hosts.push(request.headers.host)
    response.writeHead(node.play.shift() ?? node.status).end()
  })
  return Object.assign(node, { address, hosts, asked: () => hosts.length })
}

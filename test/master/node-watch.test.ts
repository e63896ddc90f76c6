// test/master/node-watch.test.ts: announced nodes and the health of all nodes, as the master puts them together: names,
// connects, checks and what gateways report.
import t, { type Test } from 'tap'
import { parseNodeAddress } from '../../base/address.ts'
import type { CounterBatch, Verdict } from '../../base/messages.ts'
import { type HealthCheck, healthCheck } from '../../config/health-kind.ts'
import { Names } from '../../master/names.ts'
import { NodeWatch, type WatchValues } from '../../master/node-watch.ts'
import { memberId } from '../../subscription/membership.ts'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import { startHttp } from '../subscription/checks/nodes.ts'
import { Mirror, startListener } from '../subscription/feed.ts'
import { member } from '../subscription/members.ts'
import { heardLog } from '../support/controls.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'

const FAST: HealthCheck = { ...healthCheck.schema.parse('http=/'), intervalMs: 20, fall: 1 }

t.test('a name that comes to resolve brings its node in', async t => {
  const house = await open(t)
  const { port } = await startListener(t)
  house.membership.announce(member({ address: `late.test:${port}` }), 0)
  await until('it is nowhere', () => /no address/.test(house.watch.waiting()[0]?.why ?? ''))
  house.hosts.set('late.test', ['127.0.0.1'])
  await until('it is told of', () => house.mirror.size === 1)
})

t.test(
  'a reload that brings checks makes waiting nodes wait for them, and one that takes them away frees them',
  async t => {
    const house = await open(t)
    const port = await freePort()
    house.membership.announce(member({ address: `127.0.0.1:${port}`, proto: 'http' }), 0)
    await until('it is refused', () => house.watch.waiting()[0]?.why === 'ECONNREFUSED')
    house.configure([FAST])
    t.match(house.watch.checkOf(`a.example http://127.0.0.1:${port}`), { isNew: true })
    const { address } = await startHttp(t, (_, response) => void response.writeHead(500).end())
    house.membership.announce(member({ address, proto: 'http' }), 0)
    await until('it fails', () => house.watch.waiting().some(({ why }) => why === 'status 500'))
    t.equal(house.mirror.size, 0)
    house.configure([])
    await until('a connect will do', () => house.mirror.size === 1)
    t.same(house.mirror.names('a.example'), [`http://${address}`])
  },
)

t.test('checks that come to a node with traffic do not take it out before they fail', async t => {
  const house = await open(t)
  let status = 200
  const { address } = await startHttp(t, (_, response) => void response.writeHead(status).end())
  house.membership.announce(member({ address, proto: 'http' }), 0)
  await until('it is told of', () => house.mirror.size === 1)
  house.configure([FAST])
  const name = `a.example http://${address}`
  await until('it was checked', () => house.watch.checkOf(name)?.tookMs !== null)
  t.match([house.watch.checkOf(name), house.verdicts], [{ isNew: false, isWell: true }, []])
  status = 500
  await until('gateways hear of it', () => house.verdicts.length > 0)
  t.same(house.verdicts[0], { name, isWell: false })
  t.same(house.watch.verdicts(), [{ name, isWell: false }])
  t.match(house.events(), [{ msg: 'node fails its checks', node: name, cause: 'status 500' }])
})

t.test('nodes of http-to are checked', async t => {
  const house = await open(t)
  const { address } = await startHttp(t, (_, response) => void response.writeHead(500).end())
  const node = parseNodeAddress(`http://${address}`)
  if ('problem' in node) throw new Error(node.problem)
  await house.names.add(['127.0.0.1'], 1000)
  house.configure([FAST], { 'http-to': [node] })
  await until('it is unwell', () => house.verdicts.length === 1)
  t.same(house.verdicts, [{ name: `http://${address}`, isWell: false }])
})

t.test(
  'a node that no longer announces itself, and that gateways find failing, goes though it is the last',
  async t => {
    const house = await open(t)
    const { address } = await startListener(t)
    house.membership.announce(member({ address }), 0)
    await until('it is told of', () => house.mirror.size === 1)
    house.membership.tick(100_000)
    t.equal(house.membership.has(memberId('a.example', address)), true, 'unheard alone is no reason')
    house.watch.heard(1, counted(`a.example uwsgi://${address}`, 500))
    house.watch.heard(2, counted(`a.example uwsgi://${address}`, 0))
    house.membership.tick(100_000)
    t.equal(house.membership.has(memberId('a.example', address)), true, 'one gateway finds it well')
    house.watch.gone(2)
    house.membership.tick(100_000)
    await until('it is gone', () => house.mirror.size === 0)
  },
)

async function open(t: Test) {
  const membership = new MemoryMembership({ origin: 'here', toleranceMs: 17_000, version: 0 })
  const { log, events } = heardLog()
  const hosts = new Map<string, readonly string[]>()
  const lookup = async (host: string) => {
    const found = hosts.get(host)
    if (found === undefined) throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
    return found
  }
  const names: Names = new Names([], changed => watch.namesChanged(changed), log, {
    lookup,
    ttlOf: async () => null,
  })
  const mirror = new Mirror()
  const verdicts: Verdict[] = []
  const watch = new NodeWatch({
    membership,
    names,
    log,
    publish: keys => mirror.hear(keys),
    judge: found => verdicts.push(...found),
  })
  const configure = (checks: readonly HealthCheck[], more: Partial<WatchValues> = {}) => {
    watch.configure({ 'health-check': checks, 'http-to': [], 'http-fallback': [], ...more })
  }
  await names.start(1000)
  t.teardown(() => {
    watch.stop()
    names.stop()
  })
  return {
    membership,
    hosts,
    names,
    mirror,
    verdicts,
    watch,
    configure,
    events: () => events.filter(({ msg }) => msg !== 'node name does not resolve'),
  }
}

function counted(name: string, restsMs: number): CounterBatch {
  const nothing = { requests: 0, failures: 0, cause: '', tx: 0, rx: 0, inHand: 0, latencyMs: 0 }
  return {
    connections: 0,
    accepted: 0,
    requests: 0,
    refused: 0,
    hits: [],
    nodes: [{ ...nothing, name, restsMs }],
  }
}

// test/master/why.test.ts: what is said of a key's nodes, from all that can be known of them.
import t from 'tap'
import type { BalancePicture, NodePicture } from '../../base/picture.ts'
import { Totals } from '../../master/totals.ts'
import { type WhyAnnounced, type WhyMember, type WhySources, whyReport } from '../../master/why.ts'

const NOW = 1_000_000

function node(name: string, more: Partial<NodePicture> = {}): NodePicture {
  const endpoint = { kind: 'tcp' as const, addresses: ['10.0.0.1'], port: 80 }
  return { name, proto: 'http', endpoint, weight: 1, modifier1: 0, modifier2: 0, ...more }
}

function setUp() {
  const clock = { now: NOW }
  const totals = new Totals(() => clock.now)
  const count = (name: string, more: object = {}) => {
    const zero = { requests: 0, failures: 0, restsMs: 0, cause: '', tx: 0, rx: 0, inHand: 0, latencyMs: 0 }
    const nodes = [{ name, ...zero, ...more }]
    totals.add(1, { connections: 0, accepted: 0, requests: 0, refused: 0, nodes, hits: [] })
  }
  const sources = (
    picture: Partial<WhySources['picture']> = {},
    more: Partial<WhySources> = {},
  ): WhySources => ({
    picture: {
      backends: [],
      nodes: [],
      fallbackNodes: [],
      balances: [],
      policy: 'smooth',
      fallbackKey: '',
      ...picture,
    },
    totals,
    announced: null,
    failingCheck: () => null,
    now: clock.now,
    ...more,
  })
  return { clock, totals, count, sources }
}

function announcing(
  members: Readonly<Record<string, readonly WhyMember[]>>,
  more: Partial<WhyAnnounced> = {},
) {
  const announced: WhyAnnounced = {
    servers: ['127.0.0.1:4040'],
    keys: Object.keys(members),
    has: key => members[key] !== undefined,
    algo: () => '',
    nodes: key => members[key] ?? [],
    refused: () => [],
    ...more,
  }
  return { announced }
}

t.test('nodes of a key: state, since when, why, score and share', async t => {
  const { clock, totals, count, sources } = setUp()
  const [a, b] = ['shop.test http://10.0.0.1:80', 'shop.test http://10.0.0.2:80']
  totals.keep(new Set([a, b]))
  clock.now += 5_000
  count(a, { requests: 3, inHand: 2, latencyMs: 12 })
  count(b, { requests: 1, failures: 1, restsMs: 30_000, cause: 'ECONNREFUSED' })
  clock.now += 1_000
  const backends = [{ key: 'shop.test', nodes: [node(a, { weight: 3, limit: 5 }), node(b, { backup: 1 })] }]
  const report = whyReport('Shop.test:8080', sources({ backends }))
  t.match(report, { way: 'host', key: 'shop.test', policy: 'smooth', policyFrom: 'subscription-algo' })
  t.equal(report.lastMinute, 4)
  t.same(report.nodes, [
    {
      name: 'http://10.0.0.1:80',
      origin: 'backend',
      state: 'up',
      sinceMs: 6_000,
      endsInMs: null,
      why: '',
      weight: 3,
      backup: 0,
      limit: 5,
      inHand: 2,
      latencyMs: 12,
      lastMinute: 3,
      share: 0.75,
      requests: 3,
      failures: 0,
    },
    {
      name: 'http://10.0.0.2:80',
      origin: 'backend',
      state: 'resting',
      sinceMs: 1_000,
      endsInMs: 29_000,
      why: 'ECONNREFUSED',
      weight: 1,
      backup: 1,
      limit: 0,
      inHand: 0,
      latencyMs: 0,
      lastMinute: 1,
      share: 0.25,
      requests: 1,
      failures: 1,
    },
  ])
  clock.now += 40_000
  t.match(whyReport('shop.test', sources({ backends })).nodes[1], {
    state: 'up',
    sinceMs: 11_000,
    why: 'it rested before: ECONNREFUSED',
  })
})

t.test('who announced itself: each state, and what goes before what', async t => {
  const { count, sources } = setUp()
  const member = (name: string, state: WhyMember['state'], why = ''): WhyMember => {
    return { picture: node(`a.test ${name}`), state, origin: 'announced by 10.0.0.9', why, sinceMs: 7_000 }
  }
  count('a.test r', { restsMs: 500 })
  const members = [
    member('u', 'up'),
    member('w', 'waiting', 'ECONNREFUSED'),
    member('d', 'draining'),
    member('n', 'unheard'),
    member('r', 'unheard'),
    member('f', 'up'),
  ]
  const failingCheck = (name: string) => (name === 'a.test f' ? { why: 'status 500', sinceMs: 9 } : null)
  const report = whyReport('a.test', sources({}, { ...announcing({ 'a.test': members }), failingCheck }))
  t.same(
    report.nodes.map(({ name, state, sinceMs, why }) => [name, state, sinceMs, why]),
    [
      ['u', 'up', 7_000, ''],
      ['w', 'waiting', 7_000, 'ECONNREFUSED'],
      ['d', 'draining', 7_000, ''],
      ['n', 'unheard', 7_000, ''],
      ['r', 'resting', 0, ''],
      ['f', 'failing', 9, 'status 500'],
    ],
  )
})

t.test('a name that does not resolve', async t => {
  const { sources } = setUp()
  const lost = node('http://lost.test:80', { endpoint: { kind: 'tcp', addresses: [], port: 80 } })
  t.match(whyReport('x', sources({ nodes: [lost] })).nodes, [
    { state: 'failing', why: 'its name does not resolve' },
  ])
})

t.test('hosts without a key: the fallback key, http-to, nobody', async t => {
  const { sources } = setUp()
  const backends = [{ key: 'a.test', nodes: [node('a.test n')] }]
  const [nodes, fallbackNodes] = [[node('http://1')], [node('http://2')]]
  t.match(whyReport('x', sources({ backends, nodes, fallbackKey: 'a.test' })), {
    way: 'fallback',
    key: 'a.test',
  })
  t.match(whyReport('x', sources({ backends, nodes, fallbackNodes, fallbackKey: 'b.test' })), {
    way: 'http-to',
    key: '',
    nodes: [
      { name: 'http://1', origin: 'http-to' },
      { name: 'http://2', origin: 'http-fallback' },
    ],
  })
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`k${i}.test`, []]))
  const refused = [{ why: 'it is not signed', count: 3, source: '10.0.0.9', remedy: '' }]
  const unknown = announcing(many, { refused: key => (key === 'x' ? refused : []) })
  const report = whyReport('x', sources({ backends }, unknown))
  t.match(report, { way: 'nobody', nodes: [], keyCount: 13, refused, servers: ['127.0.0.1:4040'] })
  t.equal(report.keys.length, 10)
})

t.test(
  'refused announcements are told of the key that serves, and of one that would go before it',
  async t => {
    const { sources } = setUp()
    const backends = [{ key: 'rest.test', nodes: [node('rest.test n')] }]
    const refused = (key: string) =>
      ['a.test', '.test', 'rest.test'].includes(key)
        ? [{ why: `${key} is not signed`, count: 1, source: '10.0.0.9', remedy: '' }]
        : []
    const told = (asked: string, picture = {}, members = {}) =>
      whyReport(asked, sources(picture, announcing(members, { refused }))).refused.map(({ why }) => why)
    const [a, wild, rest] = ['a.test', '.test', 'rest.test'].map(key => `${key} is not signed`)
    t.same(told('A.test:80/x'), [a], 'nobody serves it')
    t.same(told('a.test', { backends, fallbackKey: 'rest.test' }), [a, rest], 'the fallback key does')
    t.same(told('a.test', { nodes: [node('http://1')] }), [a], 'http-to does')
    t.same(told('a.test', {}, { '.test': [] }), [a, wild], 'a wildcard does')
    t.same(told('b.test', {}, { 'b.test': [] }), [], 'a wildcard would go behind it')
  },
)

t.test('while no node of a key is in service, requests go to the fallback key', async t => {
  const { count, sources } = setUp()
  const backends = [
    { key: 'a.test', nodes: [node('a.test n')] },
    { key: 'b.test', nodes: [node('b.test n')] },
  ]
  const picture = { backends, fallbackKey: 'b.test' }
  t.match(whyReport('a.test', sources(picture)), { key: 'a.test', meanwhile: '' })
  count('a.test n', { restsMs: 500 })
  t.match(whyReport('a.test', sources(picture)), { key: 'a.test', meanwhile: 'b.test' })
  count('b.test n', { restsMs: 500 })
  t.match(whyReport('a.test', sources(picture)), { key: 'a.test', meanwhile: '' })
})

t.test('the policy, and who chose it', async t => {
  const { sources } = setUp()
  const line = (key: string, policy: BalancePicture['policy']) => ({ key, policy }) as BalancePicture
  const asks = (algo: string) => announcing({ 'a.test': [] }, { algo: () => algo })
  for (const [balances, algo, policy, policyFrom] of [
    [[], '', 'smooth', 'subscription-algo'],
    [[], 'lrc', 'lrc', 'announcement'],
    [[], 'best', 'smooth', 'subscription-algo'],
    [[line('*', 'p2c')], 'lrc', 'p2c', 'balance'],
    [[line('*', 'p2c'), line('a.test', 'ewma')], 'lrc', 'ewma', 'balance'],
    [[line('*', 'p2c'), line('a.test', null)], 'lrc', 'lrc', 'announcement'],
  ] as const) {
    t.match(whyReport('a.test', sources({ balances }, asks(algo))), { policy, policyFrom })
  }
})

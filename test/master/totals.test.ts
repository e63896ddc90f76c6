// test/master/totals.test.ts: what several gateways count of a node comes to, while they come and go.
import t from 'tap'
import type { CounterBatch, NodeCounters } from '../../base/messages.ts'
import { Recent } from '../../master/recent.ts'
import { Totals } from '../../master/totals.ts'

const NODE = 'shop.example http://10.0.0.1:80'

function batch(node: Partial<NodeCounters> = {}, more: Partial<CounterBatch> = {}): CounterBatch {
  const counters: NodeCounters = {
    name: NODE,
    requests: 0,
    failures: 0,
    restsMs: 0,
    cause: '',
    tx: 0,
    rx: 0,
    inHand: 0,
    latencyMs: 0,
    ...node,
  }
  return { connections: 0, accepted: 0, requests: 0, refused: 0, nodes: [counters], hits: [], ...more }
}

function setUp() {
  const clock = { now: 1_000_000 }
  return { clock, totals: new Totals(() => clock.now) }
}

t.test('sums over gateways and batches', async t => {
  const { totals } = setUp()
  totals.add(1, batch({ requests: 3, failures: 1, tx: 100, rx: 10 }))
  totals.add(1, batch({ requests: 2, tx: 50, rx: 5 }))
  totals.add(2, batch({ requests: 4, failures: 1, tx: 7, rx: 8 }))
  t.match(totals.node(NODE), { requests: 9, failures: 2, tx: 157, rx: 23, lastMinute: 9 })
  t.match(totals.node('else'), { requests: 0, inHand: 0, lastMinute: 0, cause: '' })
})

t.test('in hand is the latest of each gateway that lives', async t => {
  const { totals } = setUp()
  totals.add(1, batch({ inHand: 5, latencyMs: 10 }))
  totals.add(1, batch({ inHand: 3, latencyMs: 20 }))
  totals.add(2, batch({ inHand: 4, latencyMs: 40 }))
  totals.add(3, batch({ inHand: 0, latencyMs: 0 }))
  t.match(totals.node(NODE), { inHand: 7, latencyMs: 30 })
  totals.gone(2)
  t.match(totals.node(NODE), { inHand: 3, latencyMs: 20 })
})

t.test('a rest counts from its first report; another gateway does not end it', async t => {
  const { totals, clock } = setUp()
  totals.add(1, batch({ restsMs: 500, cause: 'ECONNREFUSED' }))
  clock.now += 400
  totals.add(1, batch({ restsMs: 2_000, cause: 'ETIMEDOUT' }))
  totals.add(2, batch({ requests: 1 }))
  t.match(totals.node(NODE), { restsSince: 1_000_000, restsUntil: 1_002_400, cause: 'ETIMEDOUT' })
  t.same(totals.rests(), [{ name: NODE, ms: 2_000 }])
  t.match(totals.nodes([NODE]), [{ isResting: true }])
  totals.gone(1)
  t.same(totals.rests(), [{ name: NODE, ms: 2_000 }], 'the gateway that follows it must know')
})

t.test('the gateway that let a node rest ends that', async t => {
  const { totals, clock } = setUp()
  totals.add(1, batch({ restsMs: 500, cause: 'ECONNREFUSED' }))
  clock.now += 100
  totals.add(1, batch({ requests: 1 }))
  t.same(totals.rests(), [])
  t.match(totals.node(NODE), { restsSince: 1_000_000, restsUntil: 1_000_100 })
})

t.test('hits by key go with the last node of the key', async t => {
  const { totals } = setUp()
  const hits = [
    { key: 'shop.example', hits: 2 },
    { key: '', hits: 1 },
  ]
  totals.add(1, batch({}, { hits }))
  totals.add(2, batch({}, { hits }))
  t.same([totals.hits('shop.example'), totals.hits(''), totals.hits('else')], [4, 2, 0])
  totals.keep(new Set([NODE]))
  t.equal(totals.hits('shop.example'), 4)
  totals.keep(new Set(['http://10.0.0.1:80']))
  t.same([totals.hits('shop.example'), totals.hits('')], [0, 2])
  t.equal(totals.node(NODE).requests, 0)
})

t.test('since when there is a node', async t => {
  const { totals, clock } = setUp()
  totals.keep(new Set([NODE]))
  clock.now += 500
  totals.keep(new Set([NODE, 'b']))
  totals.add(1, batch())
  t.same([totals.node(NODE).since, totals.node('b').since, totals.node('c').since], [1_000_000, 1_000_500, 0])
  totals.keep(new Set(['b']))
  t.equal(totals.node(NODE).since, 0)
})

t.test('the last minute forgets second by second', async t => {
  const { totals, clock } = setUp()
  for (let i = 0; i < 90; i++) {
    totals.add(1, batch({ requests: 1 }))
    clock.now += 1_000
  }
  t.equal(totals.node(NODE).lastMinute, 59, 'and the second that runs had none yet')
  t.equal(totals.requestsWithin(NODE, 10_000), 10)
  clock.now += 30_000
  t.equal(totals.node(NODE).lastMinute, 29)
  clock.now += 60_000
  t.equal(totals.node(NODE).lastMinute, 0)
})

t.test('what is recent is what a plain list says, whatever the gaps', async t => {
  const recent = new Recent()
  const plain: { readonly second: number; readonly count: number }[] = []
  let [now, seed] = [5_000, 7]
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return (seed >>> 8) % below
  }
  for (let i = 0; i < 2_000; i++) {
    now += random(10) === 0 ? random(150_000) : random(3_000)
    const count = random(5)
    recent.add(count, now)
    plain.push({ second: Math.floor(now / 1000), count })
    const later = now + random(70_000)
    for (const ms of [0, 7_000, 60_000]) {
      const first = Math.max(Math.floor((later - ms) / 1000), Math.floor(later / 1000) - 59)
      const expected = plain.filter(({ second }) => second >= first).reduce((sum, one) => sum + one.count, 0)
      if (recent.within(ms, later) !== expected) t.equal(recent.within(ms, later), expected, `${i} ${ms}`)
    }
  }
  t.ok(plain.length > 0)
})

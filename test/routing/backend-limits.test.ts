// test/routing/backend-limits.test.ts: levels, limits, tried nodes and ejection hold for every policy alike.
import fc from 'fast-check'
import t from 'tap'
import { POLICIES } from '../../base/policy.ts'
import { Backend, type BackendRules, DEFAULT_RULES, FULL } from '../../routing/backend.ts'
import { lots } from '../../routing/balance/lots.ts'
import type { Node } from '../../routing/node.ts'
import { fakeNode } from './nodes.ts'

const rulesOf = (policy: BackendRules['policy'], more: Partial<BackendRules> = {}): BackendRules => {
  return { ...DEFAULT_RULES, policy, random: lots(1), ...more }
}
const limited = (name: string, limit: number, backup = 0) =>
  fakeNode(name, 1, ['127.0.0.1'], { limit, backup })

for (const policy of POLICIES) {
  t.test(policy, async t => {
    t.test('passes over a full node; when all are full it says so', async t => {
      const nodes = [limited('a', 1), limited('b', 2)]
      const backend = new Backend(nodes, [], rulesOf(policy))
      const given: Node[] = []
      for (let i = 0; i < 3; i++) {
        const node = backend.pickFor(0, null, '1.2.3.4') as Node
        node.begin()
        given.push(node)
      }
      t.same(given.map(node => node.name).sort(), ['a', 'b', 'b'])
      t.equal(backend.pickFor(0, null, '1.2.3.4'), FULL)
      t.equal(backend.pickFor(0, [nodes[0]!], '1.2.3.4'), FULL, 'another is worth waiting for')
      t.equal(backend.pickFor(0, nodes, '1.2.3.4'), null, 'both were tried')
      t.ok(backend.isServing(0))
      nodes[0]!.end(5, 0)
      t.equal(backend.pickFor(0, null, '1.2.3.4'), nodes[0])
    })

    t.test('a higher level serves only while no lower one has a node in service', async t => {
      const [a, b, c] = [limited('a', 1), limited('b', 0, 1), limited('c', 0, 7)] as [Node, Node, Node]
      const backend = new Backend([c, b, a], [], rulesOf(policy))
      t.equal(backend.pickFor(0, null, 'k'), a)
      a.begin()
      t.equal(backend.pickFor(0, null, 'k'), FULL, 'a full node is in service')
      a.end(1, 0)
      t.equal(backend.pickFor(0, [a], 'k'), b, 'who tried the first level goes on to the next')
      t.equal(backend.pickFor(0, [b, a], 'k'), c)
      a.restUntil(10)
      t.equal(backend.pickFor(0, null, 'k'), b)
      b.drain()
      t.equal(backend.pickFor(0, null, 'k'), c)
      c.leave()
      t.equal(backend.pickFor(0, null, 'k'), a, 'the one whose rest ends first')
      t.notOk(backend.isServing(0))
      t.ok(backend.isServing(10))
    })

    t.test('whatever happens, it picks one that may be picked, if there is one', async _t => {
      fc.assert(
        fc.property(happenings(), story => isSound(story, rulesOf(policy))),
        { numRuns: 150 },
      )
    })
  })
}

interface Story {
  readonly nodes: readonly { weight: number; backup: number; limit: number }[]
  readonly events: readonly { kind: string; which: number; ms: number; tried: readonly number[] }[]
}

function happenings(): fc.Arbitrary<Story> {
  const kinds = [
    'pick',
    'pick',
    'pick',
    'end',
    'end',
    'rest',
    'answer',
    'drain',
    'renew',
    'time',
    'fail',
  ] as const
  return fc.record({
    nodes: fc.array(
      fc.record({ weight: fc.integer({ min: 1, max: 5 }), backup: fc.nat(2), limit: fc.nat(3) }),
      { minLength: 1, maxLength: 40, size: 'max' },
    ),
    events: fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        which: fc.nat(39),
        ms: fc.nat(50),
        tried: fc.array(fc.nat(39), { maxLength: 4 }),
      }),
      { maxLength: 150, size: 'max' },
    ),
  })
}

function isSound({ nodes: shapes, events }: Story, rules: BackendRules): boolean {
  let nodes = shapes.map((shape, i) => fakeNode(`${i}`, shape.weight, ['127.0.0.1'], shape))
  const backend = new Backend(nodes, [], rules)
  let now = 0
  for (const { kind, which, ms, tried: places } of events) {
    const node = nodes[which % nodes.length]!
    const tried = places.map(place => nodes[place % nodes.length]!)
    if (kind === 'end' && node.inHand > 0) node.end(ms, now)
    else if (kind === 'rest') node.restUntil(now + ms)
    else if (kind === 'answer') node.answered(true)
    else if (kind === 'fail') node.connectFailed('127.0.0.1', now, ms)
    else if (kind === 'drain' && which % 5 === 0) node.drain()
    else if (kind === 'time') now += ms
    else if (kind === 'renew') {
      const fresh = fakeNode(`new ${which}`, 1 + (which % 3), ['127.0.0.1'], { backup: which % 3 })
      nodes = nodes.filter((_, i) => i !== which).concat(fresh)
      backend.renew(nodes, [])
    } else if (kind === 'pick') {
      const picked = backend.pickFor(now, tried.length === 0 ? null : tried, `key ${which}`)
      if (!isRight(nodes, now, tried, picked)) return false
      if (picked !== null && picked !== FULL) picked.begin()
    }
  }
  return true
}

// By looking at every node: the first level with an untried one in service decides.
function isRight(
  nodes: readonly Node[],
  now: number,
  tried: readonly Node[],
  picked: Node | 'full' | null,
): boolean {
  for (const level of [0, 1, 2]) {
    const serving = nodes.filter(
      node => node.backup === level && node.isAvailable(now) && !tried.includes(node),
    )
    const open = serving.filter(node => !node.isFull)
    if (open.length > 0) return open.includes(picked as Node)
    if (serving.length > 0) return picked === FULL
  }
  const resting = nodes.filter(node => node.state === 'resting' && !tried.includes(node))
  if (resting.length === 0) return picked === null
  return (picked as Node).restsUntil === Math.min(...resting.map(node => node.restsUntil))
}

t.test('a node tried twice is set aside once', async t => {
  const nodes = Array.from({ length: 20 }, (_, i) => fakeNode(`${i}`))
  const backend = new Backend(nodes, [])
  for (let i = 0; i < 40; i++) t.not(backend.pickFor(0, [nodes[0]!, nodes[0]!], ''), nodes[0])
  t.equal(new Set(Array.from({ length: 20 }, () => backend.pickFor(0, null, ''))).size, 20)
})

t.test('a node that is also a fallback has one place', async t => {
  const [a, f] = [fakeNode('a'), fakeNode('f')]
  const backend = new Backend([a], [a, f])
  t.equal(backend.pickFor(0, null, ''), a)
  t.equal(backend.pickFor(0, [a], ''), f)
  a.restUntil(10)
  t.equal(backend.pickFor(0, null, ''), f)
})

t.test('a backend whose nodes went to another still picks right', async t => {
  const nodes = Array.from({ length: 20 }, (_, i) => fakeNode(`${i}`))
  const before = new Backend(nodes, [])
  const after = new Backend(nodes.slice(1), [])
  for (const node of nodes.slice(2)) node.restUntil(100)
  t.same([...new Set(Array.from({ length: 9 }, () => (before.pickFor(0, null, '') as Node).name))].sort(), [
    '0',
    '1',
  ])
  t.equal(after.pickFor(0, null, ''), nodes[1])
  nodes[2]!.answered(true)
  t.equal(before.pickFor(0, [nodes[0]!, nodes[1]!], ''), nodes[2])
})

t.test('ejection', async t => {
  t.test('up to a share of the backend, one at least', async t => {
    const nodes = Array.from({ length: 5 }, (_, i) => fakeNode(`${i}`))
    const backend = new Backend(nodes, [], rulesOf('smooth', { mostEjectedShare: 0.4 }))
    t.ok(backend.eject(nodes[0]!, 0, 100, 1_000))
    t.notOk(backend.eject(nodes[0]!, 0, 100, 1_000), 'it rests already')
    t.ok(backend.eject(nodes[1]!, 0, 100, 1_000))
    t.notOk(backend.eject(nodes[2]!, 0, 100, 1_000), 'two of five is enough')
    t.equal(nodes[2]!.state, 'up')
    t.ok(backend.eject(nodes[2]!, 100, 100, 1_000), 'their rests are over')
  })

  t.test('of a node that hangs, though another refuses connections', async t => {
    const [good, refusing, hung] = [fakeNode('good'), fakeNode('refusing'), fakeNode('hung')]
    const backend = new Backend([good, refusing, hung], [])
    refusing.connectFailed('127.0.0.1', 0, 1_000)
    t.equal(refusing.state, 'resting')
    t.ok(backend.eject(hung, 0, 1_000, 1_000))
    t.notOk(backend.eject(good, 0, 1_000, 1_000), 'the last in service stays')
  })

  t.test('lasts although answers come in, until it is over or a check finds the node well', async t => {
    const [a, b] = [fakeNode('a'), fakeNode('b')]
    const backend = new Backend([a, b], [])
    t.ok(backend.eject(a, 0, 100, 1_000))
    a.answered(true)
    t.equal(a.state, 'resting')
    t.ok(a.isAvailable(100))
    t.ok(backend.eject(a, 100, 100, 1_000))
    t.notOk(a.isAvailable(299), 'the second rest is longer')
    a.recovered()
    t.ok(a.isAvailable(299))
    a.connectFailed('127.0.0.1', 300, 100)
    a.answered(true)
    t.ok(a.isAvailable(300), 'a failed connect is another matter')
  })

  t.test('of two, one', async t => {
    const [a, b] = [fakeNode('a'), fakeNode('b')]
    const backend = new Backend([a, b], [], rulesOf('smooth', { mostEjectedShare: 0.1 }))
    t.ok(backend.eject(a, 0, 100, 1_000))
    t.notOk(backend.eject(b, 0, 100, 1_000))
  })

  t.test('never the last in service', async t => {
    const [a, b, stranger] = [fakeNode('a'), fakeNode('b'), fakeNode('c')]
    const backend = new Backend([a, b], [], rulesOf('smooth', { mostEjectedShare: 1 }))
    t.notOk(backend.eject(stranger, 0, 100, 1_000))
    a.drain()
    t.notOk(backend.eject(a, 0, 100, 1_000), 'it leaves')
    t.notOk(backend.eject(b, 0, 100, 1_000))
    t.equal(backend.pickFor(0, null, ''), b)
  })
})

t.test('what a policy needs as its key', async t => {
  const kinds = POLICIES.map(policy => new Backend([], [], rulesOf(policy)).keyKind)
  t.same(kinds, ['none', 'none', 'none', 'none', 'address', 'none', 'none', 'text'])
})

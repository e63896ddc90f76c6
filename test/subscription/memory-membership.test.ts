// test/subscription/memory-membership.test.ts: changes of who serves what are events, and nothing else is.
import t from 'tap'
import { FOREVER } from '../../subscription/lease.ts'
import type { Change } from '../../subscription/membership.ts'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import { linesOf, member } from './members.ts'

const A = 'a.example 10.0.0.7:3031'
const B = 'a.example 10.0.0.8:3031'
const OTHER = { address: '10.0.0.8:3031' }

function start(version = 0): MemoryMembership {
  return new MemoryMembership({ origin: 'here', toleranceMs: 17_000, version })
}

t.test('the first announcement adds a node, later ones only refresh it', async t => {
  const members = start()
  const lines = linesOf(members)
  for (let s = 0; s < 50; s += 10) members.announce(member({ load: s, cores: 4 }), s * 1_000)
  t.same(lines, ['snapshot', `added ${A}`])
  t.same(members.pulse(A, 42_000), { heardAgoMs: 2_000, cores: 4, load: 40 })
  t.equal(members.has(A), true)
  t.equal(members.pulse(B, 0), null)
})

t.test('what traffic notices is a change: modifiers, weight, protocol, level', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  for (const said of [
    { modifier1: 5 },
    { weight: 3 },
    { proto: 'http' as const },
    { backup: 1 },
    { algo: 'lrc' },
  ])
    members.announce(member(said), 1_000)
  t.same(lines, ['snapshot', `added ${A}`, ...new Array(5).fill(`changed ${A}`)])
})

t.test('who follows later begins with a snapshot, and who stops hears no more', async t => {
  const members = start()
  members.announce(member(), 0)
  const lines: Change[] = []
  const stop = members.follow(change => lines.push(change))
  t.match(lines, [{ kind: 'snapshot', version: 1, records: [{ id: A, version: 1, origin: 'here' }] }])
  stop()
  members.announce(member(OTHER), 0)
  t.equal(lines.length, 1)
})

t.test('versions rise by one a change, and go on where an earlier run ended', async t => {
  const members = start(41)
  const versions: number[] = []
  members.follow(({ version }) => versions.push(version))
  members.announce(member(), 0)
  members.announce(member({ weight: 2 }), 0)
  members.announce(member({ weight: 2 }), 0)
  members.withdraw(A, 'unsubscribed')
  t.same(versions, [41, 42, 43, 44])
  t.equal(members.version, 44)
})

t.test('a node that leaves is removed at once, and comes back as a new one', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  members.withdraw(A, 'unsubscribed')
  members.withdraw(A, 'unsubscribed')
  members.announce(member(), 1_000)
  t.same(lines, ['snapshot', `added ${A}`, `removed ${A} unsubscribed`, `added ${A}`])
})

t.test('a node that is not heard goes when its lease is over, if another one is there', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  members.announce(member(OTHER), 0)
  for (let s = 10; s <= 100; s += 10) members.announce(member(OTHER), s * 1_000)
  members.tick(25_400)
  t.equal(lines.length, 3, 'not before')
  members.tick(25_500)
  t.same(lines.slice(3), [`removed ${A} unheard`])
})

t.test('the last node stays, marked as unheard once, until another one comes', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  for (let s = 0; s < 100; s++) members.tick(s * 1_000)
  t.same(lines.slice(2), [`changed ${A} unheard`])
  members.announce(member(OTHER), 100_000)
  members.tick(101_000)
  t.same(lines.slice(3), [`added ${B}`, `removed ${A} unheard`])
})

t.test('the last node is heard again', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  members.tick(60_000)
  members.announce(member(), 61_000)
  members.tick(62_000)
  t.same(lines.slice(2), [`changed ${A} unheard`, `changed ${A}`])
})

t.test('the last node goes when it fails, too', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  members.setFailing(A, true)
  members.tick(20_000)
  t.equal(lines.length, 2, 'not while it is heard')
  members.tick(60_000)
  t.same(lines.slice(2), [`removed ${A} unheard`])
  t.equal(members.has(A), false)
})

t.test('a node that announces seldom does not come and go for ever', async t => {
  const members = start()
  members.announce(member(OTHER), 0)
  const lines = linesOf(members)
  for (let s = 0; s < 1_000; s++) {
    if (s % 10 === 0) members.announce(member(OTHER), s * 1_000)
    if (s % 60 === 0) members.announce(member(), s * 1_000)
    members.tick(s * 1_000)
  }
  t.same(lines.slice(1), [`added ${A}`, `removed ${A} unheard`, `added ${A}`])
})

t.test('nodes of the config have no end and heed no datagram', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member({}, { isStatic: true, source: '' }), 0)
  members.announce(member({ weight: 9 }), 0)
  members.withdraw(A, 'unsubscribed')
  members.announce(member(OTHER), 900_000)
  members.tick(1e9)
  const known = [...members.entries()].map(({ record }) => record)
  t.match(known, [{ id: A, isStatic: true, announced: null, announcement: { weight: 1 } }])
  t.same(lines.slice(-2), [`added ${B}`, `removed ${B} unheard`])
  members.withdraw(A, 'unconfigured')
  t.same(lines.at(-1), `removed ${A} unconfigured`)
})

t.test('a node that was announced becomes one of the config', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  members.announce(member({}, { isStatic: true, source: '' }), 0)
  members.tick(1_000)
  t.same(lines.slice(2), [`changed ${A}`])
})

t.test(
  'a node that the config names no more is what it announces itself as, with the rest of that lease',
  async t => {
    const members = start()
    const lines = linesOf(members)
    members.announce(member({ weight: 7 }, { isStatic: true, source: '' }), 0)
    members.announce(member({ weight: 2 }), 10_000)
    members.announce(member({ weight: 2 }), 20_000)
    t.same(lines.slice(2), [`changed ${A}`], 'a heartbeat is no news')
    members.withdraw(A, 'unconfigured')
    t.match(
      [...members.entries()],
      [{ record: { isStatic: false, announced: null, announcement: { weight: 2 } } }],
    )
    members.announce(member(OTHER), 40_000)
    members.tick(45_000)
    t.ok(members.has(A), 'its lease goes on')
    members.tick(46_000)
    t.notOk(members.has(A))
  },
)

t.test(
  'what a node of the config announced counts no more once it left, or was not heard for its lease',
  async t => {
    const members = start()
    const isStatic = { isStatic: true, source: '' }
    members.announce(member({}, isStatic), 0)
    members.announce(member(OTHER, isStatic), 0)
    members.announce(member(), 0)
    members.announce(member(OTHER), 0)
    members.withdraw(A, 'unsubscribed')
    members.tick(60_000)
    members.withdraw(A, 'unconfigured')
    members.withdraw(B, 'unconfigured')
    t.same([...members.entries()], [])
  },
)

t.test('a restored node has what was left of its lease, and does not set back one that is heard', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(OTHER), 0)
  members.restore(member(), { heardMs: -20_000, gapsMs: [10_000, 10_000] })
  members.restore(member({ ...OTHER, weight: 5 }), FOREVER)
  members.tick(5_000)
  t.same(lines, ['snapshot', `added ${B}`, `added ${A}`, `removed ${A} unheard`])
})

t.test('another tolerance holds at once', async t => {
  const members = start()
  const lines = linesOf(members)
  members.announce(member(), 0)
  members.announce(member(OTHER), 0)
  members.announce(member(OTHER), 9_000)
  members.setTolerance(2_000)
  members.tick(10_000)
  t.same(lines.slice(3), [`removed ${A} unheard`])
})

t.test('what is remembered of nodes that went is bounded', async t => {
  const members = start()
  members.announce(member(), 0)
  for (let i = 0; i < 30_000; i++) {
    const address = `10.1.${i >> 8}.${i & 255}:80`
    members.announce(member({ address }), 0)
  }
  for (let s = 10; s < 40; s += 10) members.announce(member(), s * 1_000)
  members.tick(40_000)
  t.equal([...members.entries()].length, 1)
})

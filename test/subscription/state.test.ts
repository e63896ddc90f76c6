// test/subscription/state.test.ts: what outlives a run: nodes with what was left of their leases, and the marks of replays.
import t from 'tap'
import { parseAllowLine } from '../../subscription/allow-line.ts'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import { QUOTA_LIMITS, Quota } from '../../subscription/quota.ts'
import { ReplayGuard } from '../../subscription/replay.ts'
import { isState, restore, stateOf } from '../../subscription/state.ts'
import { linesOf, member } from './members.ts'

const NOW_S = 1_795_000_000
const LIMITS = { toleranceS: 100, skewS: 90, notBeforeS: 0, mostMarks: 100 }
const FREE = { lines: [], machine: new Set<string>() }
const B = { key: 'b.example', address: '10.0.0.8:80', weight: 3, proto: 'http', load: 2 } as const

function members(version = 0): MemoryMembership {
  return new MemoryMembership({ origin: 'here', toleranceMs: 17_000, version })
}

/** A run with two nodes, one of them of the config, and what it leaves, as a file has it. */
function left(changes = {}) {
  const before = members(7)
  const replay = new ReplayGuard(LIMITS)
  replay.accept('b.pem', 'b.example', '10.0.0.8:80', NOW_S)
  before.announce(member({}, { isStatic: true, source: '' }), 0)
  for (const ms of [0, 10_000, 20_000]) before.announce(member(B, changes), ms)
  const state: unknown = JSON.parse(JSON.stringify(stateOf(before, replay, 25_000, NOW_S)))
  if (!isState(state)) throw new Error('no state')
  return state
}

t.test('nodes are there again, as they were announced, with the rest of their lease', async t => {
  const state = left()
  const after = members(state.version)
  const lines = linesOf(after)
  const restored = restore(state, after, new Quota(QUOTA_LIMITS), FREE, null, 1e6)
  t.same(restored, { nodes: 1, refused: 0, hasReplay: false })
  t.same(lines, ['snapshot', 'added b.example 10.0.0.8:80'], 'but not those of the config')
  const [{ record, lease }] = [...after.entries()] as [{ record: object; lease: object }]
  t.match(record, { announcement: B, version: 10, source: '127.0.0.1', isLocal: true })
  t.same(lease, { heardMs: 1e6 - 5_000, gapsMs: [10_000, 10_000] })
})

t.test('of each key one node comes first, as keys are served once one of theirs was tried', async t => {
  const before = members()
  for (const key of ['a.example', 'b.example'])
    for (const port of [3, 1, 2]) before.announce(member({ key, address: `10.0.0.7:${port}` }), 0)
  before.announce(member({ key: 'c.example', address: '10.0.0.7:1' }), 0)
  const after = members()
  restore(stateOf(before, null, 0, NOW_S), after, new Quota(QUOTA_LIMITS), FREE, null, 0)
  t.same(
    Array.from(after.entries(), ({ record }) => record.id),
    [
      'a.example 10.0.0.7:3',
      'b.example 10.0.0.7:3',
      'c.example 10.0.0.7:1',
      'a.example 10.0.0.7:1',
      'b.example 10.0.0.7:1',
      'a.example 10.0.0.7:2',
      'b.example 10.0.0.7:2',
    ],
    'and within a key their order stays',
  )
})

t.test('marks are there again', async t => {
  const replay = new ReplayGuard(LIMITS)
  const state = left({ isSigned: true })
  t.match(restore(state, members(), new Quota(QUOTA_LIMITS), FREE, replay, 0), { nodes: 1, hasReplay: true })
  t.equal(replay.refusal('b.pem', 'b.example', '10.0.0.8:80', NOW_S, NOW_S), 'replayed')
})

t.test('the new config decides: who must sign now, or is not allowed any more, is not there', async t => {
  const replay = new ReplayGuard(LIMITS)
  const quota = new Quota(QUOTA_LIMITS)
  t.match(restore(left(), members(), quota, FREE, replay, 0), { nodes: 0, refused: 1 })
  const line = parseAllowLine('source=127.0.0.1,key=other')
  if ('problem' in line) return t.fail(line.problem)
  const strict = { ...FREE, lines: [line] }
  t.match(restore(left(), members(), quota, strict, null, 0), { nodes: 0, refused: 1 })
  const full = new Quota({ ...QUOTA_LIMITS, total: 0 })
  t.match(restore(left(), members(), full, FREE, null, 0), { nodes: 0, refused: 1 })
})

for (const value of [null, 'x', [], {}, { format: 2 }, { format: 1, version: 'x' }]) {
  t.test(`${JSON.stringify(value)} is no state`, async t => t.equal(isState(value), false))
}

for (const node of [null, 7, {}, { packet: '####', source: '', isSigned: true, agoMs: 0, gapsMs: [] }]) {
  t.test(`a node that is ${JSON.stringify(node)} is passed over`, async t => {
    const state = { ...left(), nodes: [node] as never, replay: 'x' as never }
    const replay = new ReplayGuard(LIMITS)
    const restored = restore(state, members(), new Quota(QUOTA_LIMITS), FREE, replay, 0)
    t.same(restored, { nodes: 0, refused: 1, hasReplay: false })
  })
}

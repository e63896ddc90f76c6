// test/subscription/replay.test.ts: no signed packet counts twice, whatever is forgotten, exported or full.
import fc from 'fast-check'
import t from 'tap'
import { ReplayGuard, type ReplayLimits } from '../../subscription/replay.ts'

const NOW = 1_795_000_000
const LIMITS: ReplayLimits = { toleranceS: 86_400, skewS: 90, notBeforeS: 0, mostMarks: 1_000 }

function guard(changes: Partial<ReplayLimits> = {}): ReplayGuard {
  return new ReplayGuard({ ...LIMITS, ...changes })
}

/** As the judge of datagrams uses it. */
function take(replay: ReplayGuard, unix: number, nowS = NOW, address = 'a:1', owner = 'k.pem'): string {
  const reason = replay.refusal(owner, 'k', address, unix, nowS)
  if (reason === null) replay.accept(owner, 'k', address, unix)
  return reason ?? 'taken'
}

t.test('of a key and address only what is strictly newer is taken', async t => {
  const replay = guard()
  t.equal(take(replay, NOW), 'taken')
  t.equal(take(replay, NOW), 'replayed')
  t.equal(take(replay, NOW - 1), 'replayed')
  t.equal(take(replay, NOW + 1), 'taken')
  t.equal(take(replay, NOW, NOW, 'b:1'), 'taken', 'another address has its own mark')
  t.equal(replay.size, 2)
})

t.test('a forged packet moves no mark', async t => {
  const replay = guard()
  t.equal(replay.refusal('k.pem', 'k', 'a:1', NOW + 50, NOW), null)
  t.equal(take(replay, NOW), 'taken')
})

t.test(
  'clocks that are wrong by a minute both ways are right enough; by more ahead they are not',
  async t => {
    t.equal(take(guard(), NOW + 60), 'taken')
    t.equal(take(guard(), NOW + 61), 'taken', 'and an unsubscribe says one second more')
    t.equal(take(guard(), NOW - 60), 'taken')
    t.equal(take(guard(), NOW + 91), 'too-new')
    t.equal(take(guard(), NOW - 86_400), 'taken')
    t.equal(take(guard(), NOW - 86_401), 'too-old')
  },
)

t.test('a packet from a year ahead locks nobody out', async t => {
  const replay = guard()
  t.equal(take(replay, NOW + 31_536_000), 'too-new')
  t.equal(take(replay, NOW), 'taken')
})

t.test('without the marks of an earlier run nothing that was signed before the start is taken', async t => {
  const replay = guard({ notBeforeS: NOW })
  t.equal(take(replay, NOW - 1), 'before-start')
  t.equal(take(replay, NOW), 'taken')
})

t.test('marks are forgotten only once the packet is too old anyhow', async t => {
  const replay = guard({ toleranceS: 100 })
  take(replay, NOW)
  replay.forget(NOW + 100)
  t.equal(take(replay, NOW, NOW + 100), 'replayed')
  replay.forget(NOW + 101)
  t.equal(replay.size, 0)
  t.equal(take(replay, NOW, NOW + 101), 'too-old')
  t.same(replay.exportState(), [], 'nothing is left of it')
})

t.test('marks survive by export and import', async t => {
  const before = guard()
  take(before, NOW)
  take(before, NOW + 5, NOW, 'b:1')
  const after = guard()
  t.equal(after.importState(JSON.parse(JSON.stringify(before.exportState()))), true)
  t.equal(take(after, NOW), 'replayed')
  t.equal(take(after, NOW + 5, NOW, 'b:1'), 'replayed')
  t.equal(take(after, NOW + 1), 'taken')
  t.same(after.size, 2)
})

t.test('what is imported does not set back what is known', async t => {
  const old = guard()
  take(old, NOW)
  const replay = guard()
  take(replay, NOW + 9)
  replay.importState(old.exportState())
  t.equal(take(replay, NOW + 9), 'replayed')
})

for (const state of [
  null,
  1,
  {},
  [1],
  [['k', 1]],
  [['k', -1, []]],
  [['k', 1, [['no blank', 'x']]]],
  [['k', 1, [['ab', 1]]]],
]) {
  t.test(`${JSON.stringify(state)} is no state`, async t => {
    const replay = guard()
    t.equal(replay.importState(state), false)
    t.equal(replay.size, 0)
  })
}

t.test('memory is bounded, and what was forgotten for it still counts only once', async t => {
  const replay = guard({ mostMarks: 10 })
  for (let i = 0; i < 1_000; i++) t.equal(take(replay, NOW, NOW, `a:${i}`), i < 11 ? 'taken' : 'replayed')
  t.equal(replay.size, 10)
  t.equal(take(replay, NOW, NOW, 'a:0'), 'replayed', 'the forgotten one')
  t.equal(take(replay, NOW + 1, NOW, 'a:999'), 'taken', 'a second later new ones are taken again')
})

t.test('who fills the marks harms only his own key', async t => {
  const replay = guard({ mostMarks: 10 })
  take(replay, NOW, NOW, 'honest:1', 'honest.pem')
  for (let i = 0; i < 100; i++) take(replay, NOW + i, NOW + i, `a:${i}`, 'greedy.pem')
  t.equal(replay.refusal('honest.pem', 'k', 'honest:1', NOW + 1, NOW), null)
  t.equal(replay.refusal('honest.pem', 'k', 'honest:1', NOW, NOW), 'replayed')
  t.equal(replay.refusal('honest.pem', 'k', 'honest:2', NOW, NOW), null, 'and a new node of that key')
})

t.test('whatever is sent, nothing is taken twice', async () => {
  const packet = fc.record({
    owner: fc.constantFrom('a.pem', 'b.pem'),
    address: fc.constantFrom('1', '2', '3', '4', '5'),
    unix: fc.integer({ min: NOW - 30, max: NOW + 30 }),
    next: fc.constantFrom('', '', '', 'forget', 'restart'),
  })
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 60 }), packets => {
      const limits = { toleranceS: 20, skewS: 5, mostMarks: 3 }
      const taken = new Set<string>()
      let replay = guard(limits)
      for (const [i, { owner, address, unix, next }] of packets.entries()) {
        const nowS = NOW + Math.floor(i / 4)
        const said = `${owner} ${address} ${unix}`
        if (take(replay, unix, nowS, address, owner) === 'taken') {
          if (taken.has(said)) return false
          taken.add(said)
        }
        if (replay.size > 3) return false
        if (next === 'forget') replay.forget(nowS)
        if (next !== 'restart') continue
        const state = replay.exportState()
        replay = guard(limits)
        replay.importState(state)
      }
      return true
    }),
    { numRuns: 500 },
  )
})

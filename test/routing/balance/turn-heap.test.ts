// test/routing/balance/turn-heap.test.ts: many nodes have turns as even as a few have, at the price of a few.
import fc from 'fast-check'
import t from 'tap'
import { Backend, DEFAULT_RULES } from '../../../routing/backend.ts'
import { TurnHeap } from '../../../routing/balance/turn-heap.ts'
import type { Node } from '../../../routing/node.ts'
import { Seat } from '../../../routing/seat.ts'
import { fakeNode } from '../nodes.ts'

const nobody = { seatChanged() {}, loadChanged() {}, seatLost() {} }

function seatsOf(nodes: readonly Node[]): Seat[] {
  return nodes.map((node, i) => {
    const seat = new Seat(node, nobody)
    seat.order = seat.place = i
    seat.standing = 'open'
    return seat
  })
}

const turnsOf = (nodes: readonly Node[]) => new TurnHeap(seatsOf(nodes))

const many = (count: number): Node[] => Array.from({ length: count }, (_, i) => fakeNode(`${i}`))
const names = (backend: Backend, count: number, now = 0): string[] =>
  Array.from({ length: count }, () => (backend.pickFor(now, null, '') as Node).name)

t.test('equal nodes take turns in order', async t => {
  const turns = turnsOf(['a', 'b', 'c'].map(name => fakeNode(name)))
  t.equal(Array.from({ length: 7 }, () => turns.pick(0)!.name).join(''), 'abcabca')
})

t.test('weights 5, 1, 1 come without bursts', async t => {
  const turns = turnsOf([fakeNode('a', 5), fakeNode('b'), fakeNode('c')])
  t.equal(Array.from({ length: 14 }, () => turns.pick(0)!.name).join(''), 'abaacaaabaacaa')
})

t.test(
  'in each round every node has exactly its weight, and is always less than one turn from its share',
  async _t => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 50 })), {
          minLength: 1,
          maxLength: 40,
          size: 'max',
        }),
        weights => {
          const turns = turnsOf(weights.map((weight, i) => fakeNode(`${i}`, weight)))
          const total = weights.reduce((sum, weight) => sum + weight, 0)
          const counts = weights.map(() => 0)
          for (let picks = 1; picks <= 3 * total; picks++) {
            counts[Number(turns.pick(0)!.name)]!++
            for (const [i, count] of counts.entries()) {
              const due = (picks * weights[i]!) / total
              if (Math.abs(count - due) >= (picks % total === 0 ? 1e-9 : 1)) return false
            }
          }
          return true
        },
      ),
    )
  },
)

t.test('whoever comes and goes, of two that stay neither is a turn of each ahead', async _t => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(1, 1, 1, 2, 5, 10), { minLength: 4, maxLength: 30, size: 'max' }),
      fc.array(fc.nat(12), { minLength: 300, maxLength: 300 }),
      (weights, pauses) => {
        const seats = seatsOf(weights.map((weight, i) => fakeNode(`${i}`, weight)))
        const staying = weights.slice(0, weights.length >> 1)
        const turns = new TurnHeap(seats)
        const counts = weights.map(() => 0)
        const backAt = weights.map(() => -1)
        for (const [now, pause] of pauses.entries()) {
          for (const [i, seat] of seats.entries()) {
            if (backAt[i] !== now) continue
            seat.standing = 'open'
            turns.add(seat)
          }
          const place = Number(turns.pick(0)!.name)
          const seat = seats[place]!
          if (seat.standing !== 'open') return false
          counts[place]!++
          if (place >= staying.length && pause > 0) {
            seat.standing = 'full'
            turns.remove(seat)
            backAt[place] = now + pause
          }
          const rounds = staying.map((weight, i) => counts[i]! / weight)
          for (const [i, weight] of staying.entries())
            for (const [j, other] of staying.entries())
              if (rounds[i]! - rounds[j]! > 1 / weight + 1 / other + 1e-6) return false
        }
        return true
      },
    ),
  )
})

t.test('a node that is full while its turn is not there keeps it', async t => {
  const nodes = many(20).map(({ name }) => fakeNode(name, 1, undefined, { limit: 1 }))
  const backend = new Backend(nodes, [])
  names(backend, 5)
  nodes[10]!.begin()
  t.strictSame(names(backend, 3), ['5', '6', '7'])
  nodes[10]!.end(-1, 0)
  t.strictSame(names(backend, 4), ['8', '9', '10', '11'])
  nodes[14]!.begin()
  t.strictSame(names(backend, 4), ['12', '13', '15', '16'])
  nodes[14]!.end(-1, 0)
  t.equal(names(backend, 20).filter(name => name === '14').length, 1, 'one that was, has its next')
})

t.test('of thousands a half leaves at once, and comes back', async t => {
  const nodes = many(4_000)
  const backend = new Backend(nodes, [])
  names(backend, 1_500)
  for (const node of nodes.slice(0, 2_000)) node.restUntil(1)
  t.strictSame(
    new Set(names(backend, 2_000)),
    new Set(nodes.slice(2_000).map(({ name }) => name)),
    'each of the others has a turn',
  )
  t.ok(new Set(names(backend, 6_001, 1)).size === 4_000, 'then all have, in a round and the rest of one')
})

t.test('a weight that grew has its share at once', async t => {
  const nodes = many(20)
  const backend = new Backend(nodes, [])
  names(backend, 1)
  nodes[0]!.weight = 60
  backend.renew(nodes, [])
  const turns = names(backend, 79).filter(name => name === '0').length
  t.ok(turns >= 59, `${turns} of 79`)
})

t.test('a node that rested does not make up for the turns it missed', async t => {
  const nodes = many(20)
  const backend = new Backend(nodes, [])
  nodes[3]!.restUntil(100)
  for (const name of names(backend, 500)) t.not(name, '3')
  const after = names(backend, 40, 100)
  t.equal(after.filter(name => name === '3').length, 2)
})

t.test('turns go on when nodes join, leave or change', async t => {
  const nodes = many(40)
  const backend = new Backend(nodes, [])
  const seen = new Set<string>()
  for (let i = 0; i < 40; i++) {
    seen.add((backend.pickFor(0, null, '') as Node).name)
    backend.renew([...nodes, fakeNode(`late ${i}`)], [])
  }
  t.equal([...seen].filter(name => !name.startsWith('late')).length, 40, 'each had its turn once')
})

t.test('a change of policy begins anew', async t => {
  const nodes = many(20)
  const backend = new Backend(nodes, [])
  names(backend, 7)
  backend.renew(nodes, [], { ...DEFAULT_RULES, policy: 'lrc' })
  backend.renew(nodes, [], DEFAULT_RULES)
  t.equal(names(backend, 1)[0], '0')
})

t.test('more and fewer than a few: turns begin anew at the border, and stay fair', async t => {
  const nodes = many(17)
  const backend = new Backend(nodes, [])
  names(backend, 5)
  backend.renew(nodes.slice(0, 16), [])
  t.equal(new Set(names(backend, 16)).size, 16)
  backend.renew(nodes, [])
  t.equal(new Set(names(backend, 17)).size, 17)
})

t.test('a node that starts slowly has a tenth of its turns at first, then more', async t => {
  const nodes = many(20)
  const backend = new Backend(nodes, [], { ...DEFAULT_RULES, slowStartMs: 1_000 })
  nodes[0]!.startSlowly(0)
  const turns = (now: number) => names(backend, 2_000, now).filter(name => name === '0').length
  t.ok(Math.abs(turns(0) - 10.5) <= 1, 'of 105 others have')
  t.ok(Math.abs(turns(500) - 51) <= 2)
  t.ok(Math.abs(turns(1_000) - 100) <= 1)
})

t.test('when all start slowly, nobody waits', async t => {
  const nodes = many(20)
  const backend = new Backend(nodes, [], { ...DEFAULT_RULES, slowStartMs: 1_000 })
  for (const node of nodes) node.startSlowly(0)
  const counts = new Map<string, number>()
  for (const name of names(backend, 2_000)) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const count of counts.values()) t.ok(Math.abs(count - 100) <= 10, `${count}`)
})

t.test('a node that joins late does not make up for the turns before', async t => {
  const nodes = many(20)
  const backend = new Backend(nodes, [])
  names(backend, 2_000)
  backend.renew([...nodes, fakeNode('late')], [])
  const late = names(backend, 42).filter(name => name === 'late').length
  t.ok(late >= 1 && late <= 3, `${late} of 42`)
})

t.test('rounds are counted anew before doubles get coarse', async t => {
  const nodes = [fakeNode('a', 5), fakeNode('b'), fakeNode('c'), ...many(14)]
  const backend = new Backend(nodes, [])
  for (const node of nodes.slice(3)) node.restUntil(1) // rounds of seven turns go by faster
  for (let i = 0; i < 7 * (2 ** 16 + 1); i++) backend.pickFor(0, null, '')
  t.equal(names(backend, 14).join(''), 'abaacaaabaacaa')
  t.equal(new Set(names(backend, 21, 1)).size, 17)
})

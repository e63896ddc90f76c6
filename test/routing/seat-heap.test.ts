// test/routing/seat-heap.test.ts: the heap has the order of a sorted list, whatever is taken from its middle.
import fc from 'fast-check'
import t from 'tap'
import { Seat } from '../../routing/seat.ts'
import { SeatHeap } from '../../routing/seat-heap.ts'
import { fakeNode } from './nodes.ts'

const nobody = { seatChanged() {}, loadChanged() {}, seatLost() {} }
const step = fc.record({ kind: fc.constantFrom('add', 'add', 'remove'), which: fc.nat(29), key: fc.nat(20) })

t.test('the top, and the first without some, are those of a sorted list', async _t => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.array(fc.nat(29), { maxLength: 6 }),
      (steps, out) => {
        const seats = Array.from({ length: 30 }, (_, i) => new Seat(fakeNode(`${i}`), nobody))
        for (const [i, seat] of seats.entries()) seat.order = i
        const leftOut = out.map(i => seats[i]!.node)
        const heap = new SeatHeap()
        const within = new Set<Seat>()
        for (const { kind, which, key } of steps) {
          const seat = seats[which]!
          if (kind === 'add' && !within.has(seat)) {
            heap.add(seat, key)
            within.add(seat)
          } else if (kind === 'remove' && within.delete(seat)) heap.remove(seat)
          const sorted = [...within].sort((a, b) => a.heapKey - b.heapKey || a.order - b.order)
          if (heap.size !== sorted.length || heap.top !== (sorted[0] ?? null)) return false
          if (heap.topKey !== (sorted[0]?.heapKey ?? Number.POSITIVE_INFINITY)) return false
          if (heap.firstWithout(null) !== heap.top) return false
          const first = sorted.find(seat => !leftOut.includes(seat.node)) ?? null
          if (heap.firstWithout(leftOut) !== first) return false
        }
        for (const seat of [...within].sort((a, b) => a.heapKey - b.heapKey || a.order - b.order)) {
          if (heap.top !== seat) return false
          heap.remove(seat)
        }
        return heap.top === null
      },
    ),
  )
})

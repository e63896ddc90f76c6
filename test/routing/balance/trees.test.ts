// test/routing/balance/trees.test.ts: both trees answer as a walk over the numbers does.
import fc from 'fast-check'
import t from 'tap'
import { LeastTree } from '../../../routing/balance/least-tree.ts'
import { SumTree } from '../../../routing/balance/sum-tree.ts'

const numbers = fc.array(fc.nat(6), { minLength: 1, maxLength: 40, size: 'max' })
const changes = fc.array(fc.record({ place: fc.nat(39), value: fc.nat(6) }), { maxLength: 20, size: 'max' })

t.test('SumTree finds the place of a running sum', async _t => {
  fc.assert(
    fc.property(numbers, changes, (values, edits) => {
      const tree = new SumTree(Float64Array.from(values))
      for (const { place, value } of edits) {
        if (place >= values.length) continue
        values[place] = value
        tree.set(place, value)
      }
      const places = values.flatMap((value, place) => new Array<number>(value).fill(place))
      if (tree.total !== places.length) return false
      return places.every((place, sum) => tree.placeOf(sum) === place && tree.placeOf(sum + 0.9) === place)
    }),
  )
})

t.test('LeastTree finds the least, and the nearest small one on either side', async _t => {
  fc.assert(
    fc.property(numbers, changes, (values, edits) => {
      const tree = new LeastTree(Float64Array.from(values))
      for (const { place, value } of edits) {
        if (place >= values.length) continue
        values[place] = value
        tree.set(place, value)
      }
      if (tree.least !== Math.min(...values) || values.some((value, place) => tree.at(place) !== value))
        return false
      for (let place = 0; place <= values.length; place++) {
        for (const bound of [0, 2, 5]) {
          const after = values.findIndex((value, i) => i >= place && value <= bound)
          const before = values.slice(0, place).findLastIndex(value => value <= bound)
          if (tree.firstFrom(place, bound) !== after || tree.lastBefore(place, bound) !== before) return false
        }
      }
      return true
    }),
  )
})

t.test('of nothing there is nothing', async t => {
  t.equal(new SumTree(new Float64Array(0)).total, 0)
  const tree = new LeastTree(new Float64Array(0))
  t.equal(tree.least, Number.POSITIVE_INFINITY)
  t.equal(tree.firstFrom(0, 5), -1)
  t.equal(tree.lastBefore(0, 5), -1)
})

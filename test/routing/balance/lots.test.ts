// test/routing/balance/lots.test.ts: draws are even, and repeat with their seed.
import t from 'tap'
import { lots } from '../../../routing/balance/lots.ts'

t.test('the same seed draws the same, another one draws otherwise', async t => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, lots(seed))
  t.same(draw(7), draw(7))
  t.notSame(draw(7), draw(8))
})

t.test('draws are even', async t => {
  const random = lots(3)
  const counts = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) counts[Math.floor(random() * 10)]!++
  for (const count of counts) t.ok(count > 900 && count < 1_100, `${count}`)
})

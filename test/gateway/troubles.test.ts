// test/gateway/troubles.test.ts: what repeats is told once, with a count.
import t from 'tap'
import { Troubles } from '../../gateway/troubles.ts'

t.test('the same trouble is told every ten seconds at most, and how often it came', async t => {
  const told: unknown[] = []
  const troubles = new Troubles((level, text, fields) => told.push([level, text, fields]))
  for (const now of [0, 1, 9_999]) troubles.report('a', now, 'it broke', { at: now })
  t.strictSame(told, [['warn', 'it broke', { at: 0 }]])
  troubles.report('b', 5_000, 'that too', {})
  troubles.report('a', 10_000, 'it broke', { at: 10_000 })
  troubles.report('a', 20_000, 'it broke', { at: 20_000 })
  t.strictSame(told.slice(1), [
    ['warn', 'that too', {}],
    ['warn', 'it broke', { at: 10_000, times: 3 }],
    ['warn', 'it broke', { at: 20_000 }],
  ])
})

t.test('some are told less often', async t => {
  const told: unknown[] = []
  const troubles = new Troubles((_, __, fields) => told.push(fields))
  for (const now of [0, 10_000, 59_999, 60_000]) troubles.report('a', now, 'it broke', { at: now }, 60_000)
  t.strictSame(told, [{ at: 0 }, { at: 60_000, times: 3 }])
})

t.test('kinds without end do not fill the memory', async t => {
  let told = 0
  const troubles = new Troubles(() => told++)
  for (let i = 0; i < 1_000; i++) troubles.report(`kind ${i}`, 0, 'it broke', {})
  t.equal(told, 1_000)
  for (let i = 990; i < 1_000; i++) troubles.report(`kind ${i}`, 0, 'it broke', {})
  t.equal(told, 1_000, 'the last ones are remembered')
})

// test/routing/retry-budget.test.ts: a hundred retries in hand, then one for five requests.
import t from 'tap'
import { RetryBudget } from '../../routing/retry-budget.ts'

const spendAll = (budget: RetryBudget): number => {
  let spent = 0
  while (budget.spend()) spent++
  return spent
}

t.test('a fresh budget is full', async t => t.equal(spendAll(new RetryBudget()), 100))

t.test('five requests earn one retry', async t => {
  const budget = new RetryBudget()
  spendAll(budget)
  for (let i = 0; i < 50; i++) budget.earn()
  const spent = spendAll(budget)
  t.ok(spent === 10 || spent === 9, `${spent}`) // fifths are not exact in binary
})

t.test('no more is saved than a fresh budget has', async t => {
  const budget = new RetryBudget()
  for (let i = 0; i < 10_000; i++) budget.earn()
  t.equal(spendAll(budget), 100)
})

t.test('what could not be spent is not lost', async t => {
  const budget = new RetryBudget()
  spendAll(budget)
  for (let i = 0; i < 3; i++) budget.earn()
  t.notOk(budget.spend())
  for (let i = 0; i < 3; i++) budget.earn()
  t.ok(budget.spend())
})

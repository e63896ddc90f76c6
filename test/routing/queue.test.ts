// test/routing/queue.test.ts: first come, first served; not too many, not too long.
import fc from 'fast-check'
import t from 'tap'
import { shareOfLimit, type Waiting, WaitingQueue } from '../../routing/queue.ts'

const entry = (): Waiting => ({ waitsSince: -1, waitsNext: null, waitsPrevious: null })

t.test('who came first is first', async t => {
  const queue = new WaitingQueue(10, 1_000)
  const [a, b, c] = [entry(), entry(), entry()]
  for (const waiting of [a, b, c]) t.ok(queue.join(waiting, 0))
  t.equal(queue.length, 3)
  t.equal(queue.next(), a)
  t.equal(queue.next(), b)
  t.equal(queue.next(), c)
  t.equal(queue.next(), null)
})

t.test('a full queue takes nobody, nor anybody twice', async t => {
  const queue = new WaitingQueue(2, 1_000)
  const [a, b, c] = [entry(), entry(), entry()]
  t.ok(queue.join(a, 0))
  t.notOk(queue.join(a, 0))
  t.ok(queue.join(b, 0))
  t.notOk(queue.join(c, 0))
  queue.leave(a)
  t.ok(queue.join(c, 0))
  t.notOk(new WaitingQueue(0, 1_000).join(entry(), 0), 'a length of 0: nobody waits')
})

t.test('who waited too long is told so, the others wait on', async t => {
  const queue = new WaitingQueue(10, 100)
  const [a, b] = [entry(), entry()]
  queue.join(a, 0)
  queue.join(b, 50)
  t.equal(queue.nextOverdue(99), null)
  t.equal(queue.nextOverdue(100), a)
  t.equal(queue.nextOverdue(100), null)
  queue.mostMs = 20
  t.equal(queue.nextOverdue(100), b, 'a new limit holds for all')
})

t.test('Retry-After is as long as one may wait, and never 0', async t => {
  for (const [ms, seconds] of [
    [0, 1],
    [1_000, 1],
    [1_001, 2],
    [30_000, 30],
  ] as const) {
    t.equal(new WaitingQueue(1, ms).retryAfter, seconds)
  }
})

t.test('in whatever order they come and go, it is a list', async _t => {
  const step = fc.record({
    kind: fc.constantFrom('join', 'join', 'leave', 'next', 'overdue'),
    which: fc.nat(9),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), steps => {
      const entries = Array.from({ length: 10 }, entry)
      const queue = new WaitingQueue(6, 20)
      let plain: { entry: Waiting; since: number }[] = []
      for (const [now, { kind, which }] of steps.entries()) {
        const one = entries[which]!
        if (kind === 'join') {
          const fits = plain.length < 6 && !plain.some(({ entry }) => entry === one)
          if (queue.join(one, now) !== fits) return false
          if (fits) plain.push({ entry: one, since: now })
        } else if (kind === 'leave') {
          queue.leave(one)
          plain = plain.filter(({ entry }) => entry !== one)
        } else if (kind === 'next') {
          if (queue.next() !== (plain.shift()?.entry ?? null)) return false
        } else {
          const isOverdue = plain.length > 0 && now - plain[0]!.since >= 20
          if (queue.nextOverdue(now) !== (isOverdue ? plain.shift()!.entry : null)) return false
        }
        if (queue.length !== plain.length) return false
      }
      return true
    }),
  )
})

t.test("a gateway's share of a limit is rounded up", async t => {
  t.equal(shareOfLimit(10, 4), 3)
  t.equal(shareOfLimit(1, 8), 1)
  t.equal(shareOfLimit(0, 8), 0)
  t.equal(shareOfLimit(5, 0), 5)
})

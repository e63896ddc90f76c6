// test/base/wheel.test.ts: deadlines are met once, never early, and soon. Time is the test's own.
import fc from 'fast-check'
import t from 'tap'
import { type Waiting, Wheel } from '../../base/wheel.ts'

const TICK = 100

class Entry implements Waiting {
  deadline = 0
  wheelTick = -1
  wheelNext: Waiting | null = null
  wheelPrevious: Waiting | null = null
  readonly firedAt: number[] = []
  readonly #wheel: Wheel
  told: () => void = () => {}

  constructor(wheel: Wheel) {
    this.#wheel = wheel
  }

  onDeadline(): void {
    this.firedAt.push(this.#wheel.now)
    this.told()
  }
}

function run(wheel: Wheel, until: number, step = TICK): void {
  while (wheel.now < until) wheel.advance(Math.min(until, wheel.now + step))
}

t.test('a deadline is met once, in its tick', async t => {
  const wheel = new Wheel(TICK)
  const entry = new Entry(wheel)
  wheel.arm(entry, 250)
  run(wheel, 200)
  t.strictSame(entry.firedAt, [])
  run(wheel, 2_000)
  t.strictSame(entry.firedAt, [300])
})

t.test('arming again moves it later, and earlier', async t => {
  const wheel = new Wheel(TICK)
  const [later, earlier] = [new Entry(wheel), new Entry(wheel)]
  wheel.arm(later, 200)
  wheel.arm(earlier, 5_000)
  run(wheel, 100)
  wheel.arm(later, 900)
  wheel.arm(earlier, 300)
  run(wheel, 10_000)
  t.strictSame(later.firedAt, [1_000])
  t.strictSame(earlier.firedAt, [400])
})

t.test('a removed one is forgotten, and may come again', async t => {
  const wheel = new Wheel(TICK)
  const entry = new Entry(wheel)
  wheel.arm(entry, 200)
  wheel.remove(entry)
  wheel.remove(entry)
  run(wheel, 1_000)
  t.strictSame(entry.firedAt, [])
  wheel.arm(entry, 200)
  run(wheel, 2_000)
  t.strictSame(entry.firedAt, [1_200])
})

t.test('a deadline beyond a whole turn of the wheel is met at its time', async t => {
  const wheel = new Wheel(TICK)
  const entry = new Entry(wheel)
  wheel.arm(entry, 400_000)
  run(wheel, 399_900)
  t.strictSame(entry.firedAt, [])
  run(wheel, 401_000)
  t.strictSame(entry.firedAt, [400_000])
})

t.test('a loop that stood still tells everything overdue at once', async t => {
  const wheel = new Wheel(TICK)
  const entries = [100, 5_000, 90_000, 300_000].map(ms => {
    const entry = new Entry(wheel)
    wheel.arm(entry, ms)
    return entry
  })
  wheel.advance(250_000)
  t.strictSame(
    entries.map(({ firedAt }) => firedAt),
    [[250_000], [250_000], [250_000], []],
  )
})

t.test('what is armed while others are told waits for its own time', async t => {
  const wheel = new Wheel(TICK)
  const entry = new Entry(wheel)
  entry.told = () => {
    if (entry.firedAt.length < 3) wheel.arm(entry, 0)
  }
  wheel.arm(entry, 100)
  run(wheel, 1_000)
  t.strictSame(entry.firedAt, [100, 200, 300])
})

t.test('one that is told may remove the others of its slot', async t => {
  const wheel = new Wheel(TICK)
  const entries = Array.from({ length: 5 }, () => new Entry(wheel))
  for (const entry of entries) {
    wheel.arm(entry, 100)
    entry.told = () => {
      for (const other of entries) wheel.remove(other)
    }
  }
  run(wheel, 1_000)
  t.equal(
    entries.reduce((sum, { firedAt }) => sum + firedAt.length, 0),
    1,
  )
})

t.test('whatever is armed, moved and removed: each deadline is met once, within two ticks', async _t => {
  const step = fc.record({
    entry: fc.nat(9),
    act: fc.constantFrom('arm', 'arm', 'arm', 'remove', 'advance', 'advance'),
    ms: fc.oneof(fc.nat(1_000), fc.nat(200_000)),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const wheel = new Wheel(TICK)
      const due = new Map<Entry, number>()
      let isRight = true
      const entries = Array.from({ length: 10 }, () => {
        const entry = new Entry(wheel)
        entry.told = () => {
          const deadline = due.get(entry)
          if (deadline === undefined || deadline > wheel.now || wheel.now - deadline >= 2 * TICK)
            isRight = false
          due.delete(entry)
        }
        return entry
      })
      for (const { entry, act, ms } of steps) {
        if (act === 'advance') run(wheel, wheel.now + ms)
        else if (act === 'remove') {
          wheel.remove(entries[entry]!)
          due.delete(entries[entry]!)
        } else {
          wheel.arm(entries[entry]!, ms)
          due.set(entries[entry]!, wheel.now + ms)
        }
      }
      run(wheel, wheel.now + 201_000)
      return isRight && due.size === 0
    }),
    { numRuns: 300 },
  )
})

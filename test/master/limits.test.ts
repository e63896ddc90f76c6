// test/master/limits.test.ts: rate limits of gateways that share a rate, with their master, on a clock of the test's own.
import t from 'tap'
import type { LimitGrant, LimitReport } from '../../base/limits.ts'
import { MasterLimits } from '../../master/limits.ts'
import { BucketTable } from '../../routing/limit/bucket-table.ts'
import { type Limit, Limits } from '../../routing/limit/limits.ts'
import { divide } from '../../routing/limit/shares.ts'

const LIMIT: Limit = { name: 'a', perSecond: 100, burst: 20 }
const REPORT_MS = 250
const TICK_MS = 100
const WIRE_MS = 3 // a message takes so long

/** Gateways and a master, in steps of a millisecond. Who reports when differs from gateway to gateway. */
class Fleet {
  readonly limits: Limits[]
  readonly master: MasterLimits
  now = 0
  #posts: { readonly at: number; readonly deliver: () => void }[] = []
  messages = 0

  constructor(count: number, whole?: ConstructorParameters<typeof MasterLimits>[2]) {
    this.limits = Array.from({ length: count }, () => new Limits({ high: 1, low: 2 }))
    for (const limits of this.limits) limits.gateways = count
    const pids = this.limits.map((_, i) => i + 1)
    this.master = new MasterLimits(
      () => pids,
      (pid, grants) => this.#grant(pid, grants),
      whole,
    )
  }

  /** @param ask calls `take` for each request of this millisecond. @returns how many each gateway let through */
  run(ms: number, ask: (take: (gateway: number, key?: string) => boolean) => void, limit = LIMIT): number[] {
    const passed = this.limits.map(() => 0)
    for (const end = this.now + ms; this.now < end; this.now++) {
      this.#step()
      ask((gateway, key = 'k') => {
        const isFree = this.limits[gateway]!.take(limit, key, this.now) === 0
        if (isFree) passed[gateway]!++
        return isFree
      })
    }
    return passed
  }

  #step(): void {
    for (const [i, limits] of this.limits.entries())
      if ((this.now + i * 61) % REPORT_MS === 0) {
        const reports = limits.report(this.now)
        if (reports.length > 0) this.#post(() => this.#report(i + 1, reports))
      }
    if (this.now % TICK_MS === 0) this.master.tick(this.now)
    const due = this.#posts.filter(({ at }) => at <= this.now)
    this.#posts = this.#posts.filter(({ at }) => at > this.now)
    for (const { deliver } of due) deliver()
  }

  #report(pid: number, reports: readonly LimitReport[]): void {
    this.master.hear(pid, reports, this.now)
  }

  #grant(pid: number, grants: readonly LimitGrant[]): void {
    this.#post(() => this.limits[pid - 1]!.granted(grants, this.now))
  }

  #post(deliver: () => void): void {
    this.messages++
    this.#posts.push({ at: this.now + WIRE_MS, deliver })
  }
}

/** Numbers from 0 up to 1, the same in each run. */
function lots(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

for (const [what, parts] of [
  ['spread evenly', [0.25, 0.25, 0.25, 0.25]],
  ['mostly to one', [0.7, 0.2, 0.07, 0.03]],
  ['all to one', [1, 0, 0, 0]],
  ['all to two', [0, 0.5, 0, 0.5]],
] as const) {
  for (const load of [1.2, 3, 20]) {
    t.test(`four gateways together keep the rate within 5 %: ${load} times as much, ${what}`, async t => {
      const fleet = new Fleet(4)
      const random = lots(parts.length + load * 7)
      const ask = (take: (gateway: number) => boolean): void => {
        for (let i = 0; i < 4; i++) {
          const requests = (LIMIT.perSecond / 1_000) * load * parts[i]!
          let many = Math.floor(requests) + (random() < requests % 1 ? 1 : 0)
          while (many-- > 0) take(i)
        }
      }
      fleet.run(2_000, ask)
      const passed = sum(fleet.run(10_000, ask))
      t.ok(passed <= 1_050, `${passed} of 1000 at most`)
      t.ok(passed >= 950, `${passed} of 1000 at least`)
    })
  }
}

t.test('from the first request on: no more than the burst beyond the rate', async t => {
  const fleet = new Fleet(4)
  const passed = sum(
    fleet.run(10_000, take => {
      take(fleet.now % 4)
    }),
  )
  t.ok(passed <= (1_000 + LIMIT.burst) * 1.05, `${passed}`)
})

t.test('a key that only one gateway meets has the whole rate in less than a second', async t => {
  const fleet = new Fleet(4)
  const ask = (take: (gateway: number) => boolean): void => {
    take(2)
  }
  fleet.run(600, ask)
  const passed = sum(fleet.run(1_000, ask))
  t.ok(passed >= 95, `${passed} of 100`)
})

t.test('a key that goes over to another gateway is refused for a moment at most', async t => {
  const fleet = new Fleet(4)
  let soon = 0
  let later = 0
  for (let turn = 0; turn < 8; turn++) {
    const begun = fleet.now
    fleet.run(2_000, take => {
      if (fleet.now % 20 !== 0 || take(turn % 4)) return // half of the rate
      if (fleet.now - begun < 800) soon++
      else later++
    })
  }
  t.ok(later <= 8, `${later} refused later`)
  t.ok(soon <= 8 * 10, `${soon} refused of 800`)
})

t.test('who keeps the rate is hardly ever refused, however its requests are spread', async t => {
  const fleet = new Fleet(4)
  const random = lots(5)
  let refused = 0
  fleet.run(20_000, take => {
    if (fleet.now % 16 === 0 && !take(Math.floor(random() * 4))) refused++ // 62 % of the rate
  })
  t.ok(refused <= 6, `${refused} of 1250`)
})

t.test('keys that are asked for little cost no message', async t => {
  const fleet = new Fleet(4)
  let i = 0
  const passed = sum(
    fleet.run(1_000, take => {
      for (let j = 0; j < 20; j++) take(i % 4, `key ${i++}`)
    }),
  )
  t.equal(passed, 20_000)
  t.equal(fleet.messages, 0)
  t.equal(fleet.master.size, 0)
})

t.test('when nobody asks any more, all is as at first', async t => {
  const fleet = new Fleet(4)
  fleet.run(3_000, take => {
    take(0)
  })
  t.equal(fleet.master.size, 1)
  fleet.run(12_000, () => {})
  t.equal(fleet.master.size, 0)
  const before = fleet.messages
  fleet.run(5_000, () => {})
  t.equal(fleet.messages, before)
})

t.test('a gateway that dies leaves its part to the others', async t => {
  let pids = [1, 2]
  const granted = new Map<number, number>()
  const master = new MasterLimits(
    () => pids,
    (pid, [grant]) => granted.set(pid, grant!.shares[0]!),
  )
  const keys = Uint32Array.of(1, 2)
  const report = { name: 'a', perSecond: 10, ms: 250, keys, asked: Uint32Array.of(100) }
  master.hear(1, [report], 0)
  master.hear(2, [report], 0)
  master.tick(0)
  t.ok(Math.abs(granted.get(1)! - 0.5) < 0.01)
  pids = [1]
  master.hear(1, [report], 250)
  master.tick(300)
  t.ok(granted.get(1)! > 0.99)
})

t.test('what the machine may have of a key may come from elsewhere', async t => {
  const half = { perSecond: (_name: string, _key: string, limit: number) => limit / 2 }
  const fleet = new Fleet(4, half)
  const ask = (take: (gateway: number) => boolean): void => {
    take(fleet.now % 4)
  }
  fleet.run(2_000, ask)
  const passed = sum(fleet.run(10_000, ask))
  t.ok(passed > 450 && passed < 525, `${passed} of 500`)
})

t.test('how long to wait is told', async t => {
  const [limits] = new Fleet(1).limits
  const limit = { name: 'b', perSecond: 1 / 60, burst: 1 }
  t.equal(limits!.take(limit, 'k', 0), 0)
  t.equal(Math.round(limits!.take(limit, 'k', 15_000)), 45_000)
  t.equal(limits!.take(limit, 'k', 60_001), 0)
})

t.test(
  'a hundred thousand new keys a second: the memory is bounded, and who was refused stays so',
  async t => {
    const limits = new Limits({ high: 3, low: 4 })
    const limit = { name: 'c', perSecond: 1, burst: 10 }
    let now = 0
    while (limits.take(limit, 'guesser', now) === 0);
    for (let second = 0; second < 3; second++)
      for (let i = 0; i < 100_000; i++) {
        now = second * 100 + i / 1_000 // faster than buckets fill
        if (limits.take(limit, `${second} ${i}`, now) !== 0) t.fail('a new key was refused')
      }
    t.ok(limits.take(limit, 'guesser', now) > 0)
    const table = new BucketTable()
    const allowance = { rate: 0.001, burst: 10, gateways: 1 }
    for (let i = 0; i < 300_000; i++) table.take((i * 2_654_435_761) >>> 0, (i * 40_503) >>> 0, allowance, 0)
    t.ok(table.places <= 131_072, `${table.places}`)
  },
)

t.test('a table that grows forgets nothing', async t => {
  const table = new BucketTable()
  const allowance = { rate: 1e-9, burst: 1, gateways: 1 }
  const lot = lots(9)
  const keys = Array.from({ length: 20_000 }, () => [lot() * 2 ** 32, lot() * 2 ** 32].map(Math.floor))
  for (const [high, low] of keys) table.take(high!, low!, allowance, 0)
  const kept = keys.filter(([high, low]) => table.take(high!, low!, allowance, 1) > 0).length
  t.equal(kept, keys.length)
})

t.test('the whole is divided whole, and fairly', async t => {
  const near = (shares: Float32Array, wanted: readonly number[]): void => {
    t.ok(Math.abs(sum([...shares]) - 1) < 1e-6, 'the sum is 1')
    for (const [i, share] of shares.entries()) t.ok(Math.abs(share - wanted[i]!) < 0.01, `${i}: ${share}`)
  }
  near(divide([2, 2, 2, 2]), [0.25, 0.25, 0.25, 0.25])
  near(divide([9, 0, 0, 0]), [0.9775, 0.0075, 0.0075, 0.0075])
  near(divide([9, 0.1, 0.1, 0]), [0.79, 0.1, 0.1, 0.0075])
  near(divide([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25])
  near(divide([0.4, 0, 0, 0]), [0.55, 0.15, 0.15, 0.15])
})

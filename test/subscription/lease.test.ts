// test/subscription/lease.test.ts: a lease is two and a half of the node's own intervals, and never below the tolerance.
import fc from 'fast-check'
import t from 'tap'
import {
  FOREVER,
  type Lease,
  leaseEndMs,
  newLease,
  renewed,
  restoredLease,
  storedLease,
} from '../../subscription/lease.ts'

const TOLERANCE_MS = 17_000

/** The lease of a node that was heard at these seconds. */
function heardAt(first: number, ...later: number[]): Lease {
  let lease = newLease(first * 1_000)
  for (const seconds of later) lease = renewed(lease, seconds * 1_000)
  return lease
}

/** Seconds from the last announcement to the end of the lease. */
function lasts(lease: Lease, toleranceMs = TOLERANCE_MS): number {
  return (leaseEndMs(lease, toleranceMs) - lease.heardMs) / 1_000
}

for (const [behaviour, lease, seconds] of [
  ['at first it is one and a half tolerances', heardAt(0), 25.5],
  ['the short gap after a start does not make it shorter', heardAt(0, 1), 25.5],
  ['then it is two and a half intervals', heardAt(0, 1, 10, 20, 30), 25],
  ['the longest of the last four gaps counts', heardAt(0, 10, 30, 40, 50), 50],
  ['and is forgotten with the fifth', heardAt(0, 10, 30, 40, 50, 60, 70), 25],
  ['nodes that announce often have the tolerance', heardAt(0, 1, 2, 3, 4, 5), 17],
  ['nodes that announce seldom have longer', heardAt(0, 1, 61, 121), 150],
  ['a datagram that comes twice is one', heardAt(0, 10, 10.1, 10.2, 10.3, 10.4, 10.45, 20), 25],
  ['an hour of absence is no interval', heardAt(0, 10, 3_610), 25.5],
] as const) {
  t.test(behaviour, async t => t.equal(Math.round(lasts(lease) * 10) / 10, seconds))
}

t.test('a tolerance of its own choice is the floor', async t => {
  t.equal(lasts(heardAt(0, 1, 2, 3), 3_000), 3)
  t.equal(lasts(heardAt(0, 1, 2, 3), 2_000), 2.5)
  t.equal(lasts(heardAt(0, 10, 20), 60_000), 60)
})

t.test('one announcement that is lost, in any place, ends no lease', async t => {
  for (let lost = 1; lost < 8; lost++) {
    let lease = newLease(0)
    for (const seconds of [1, 10, 20, 30, 40, 50, 60, 70].filter((_, i) => i !== lost)) {
      if (leaseEndMs(lease, TOLERANCE_MS) <= seconds * 1_000) t.fail(`${lost} lost, over at ${seconds}`)
      lease = renewed(lease, seconds * 1_000)
    }
  }
  t.pass('none')
})

t.test('of nodes that the config names it never ends', async t => {
  t.equal(leaseEndMs(FOREVER, TOLERANCE_MS), Number.POSITIVE_INFINITY)
  t.equal(renewed(FOREVER, 5), FOREVER)
})

t.test('a clock that steps back shortens nothing', async t => {
  t.equal(leaseEndMs(renewed(heardAt(100, 110, 120), 90_000), TOLERANCE_MS), 145_000)
})

t.test('over a restart what was left is left', async t => {
  const lease = heardAt(0, 1, 10, 20, 30)
  const stored = JSON.parse(JSON.stringify(storedLease(lease, 40_000)))
  const after = restoredLease(stored, 1_000_000)
  t.equal(leaseEndMs(after, TOLERANCE_MS) - 1_000_000, leaseEndMs(lease, TOLERANCE_MS) - 40_000)
})

t.test(
  'whatever comes when: never below the tolerance, nor below two and a half of the last gap',
  async () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 500, max: 900_000 }), { minLength: 1, maxLength: 20 }), gaps => {
        let now = 0
        let lease = newLease(0)
        for (const gap of gaps) {
          now += gap
          lease = renewed(lease, now)
          const ms = leaseEndMs(lease, TOLERANCE_MS) - now
          if (ms < TOLERANCE_MS || ms < gap * 2.5 || ms > 900_000 * 2.5) return false
        }
        return lease.gapsMs.length <= 4
      }),
    )
  },
)

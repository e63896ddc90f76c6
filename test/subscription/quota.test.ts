// test/subscription/quota.test.ts: how many nodes a sender, a key and all together may have.
import t from 'tap'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import { Quota, type QuotaLimits, quotaSource } from '../../subscription/quota.ts'
import { member } from './members.ts'

const LIMITS: QuotaLimits = { perSource: 2, perMachine: 4, perKey: 3, total: 5 }

function start() {
  const members = new MemoryMembership({ origin: 'here', toleranceMs: 17_000, version: 0 })
  const quota = new Quota(LIMITS)
  members.follow(change => quota.heed(change))
  const add = (source: string, key: string, address: string, isStatic = false) =>
    members.announce(member({ key, address }, { source, isLocal: false, isStatic }), 0)
  return { members, quota, add }
}

t.test('a sender has so many nodes, and leaving makes room', async t => {
  const { members, quota, add } = start()
  add('10.0.0.1', 'a', '10.0.0.1:1')
  t.equal(quota.refusal('10.0.0.1', 'b'), null)
  add('10.0.0.1', 'b', '10.0.0.1:1')
  t.equal(quota.refusal('10.0.0.1', 'c'), 'source-full')
  t.equal(quota.refusal('10.0.0.2', 'c'), null)
  members.withdraw('a 10.0.0.1:1', 'unsubscribed')
  t.equal(quota.refusal('10.0.0.1', 'c'), null)
})

t.test('a key has so many nodes', async t => {
  const { quota, add } = start()
  for (const i of [1, 2, 3]) add(`10.0.0.${i}`, 'a', `10.0.0.${i}:1`)
  t.equal(quota.refusal('10.0.0.4', 'a'), 'key-full')
  t.equal(quota.refusal('10.0.0.4', 'b'), null)
})

t.test('and so have all together', async t => {
  const { quota, add } = start()
  for (const i of [1, 2, 3, 4, 5]) add(`10.0.0.${i}`, `k${i}`, `10.0.0.${i}:1`)
  t.equal(quota.refusal('10.0.0.6', 'a'), 'table-full')
})

t.test('a change of a node counts for nothing, nor do nodes of the config', async t => {
  const { members, quota, add } = start()
  add('10.0.0.1', 'a', '10.0.0.1:1')
  for (const weight of [2, 3, 4])
    members.announce(
      member({ key: 'a', address: '10.0.0.1:1', weight }, { source: '10.0.0.1', isLocal: false }),
      0,
    )
  for (const i of [1, 2, 3]) add('', 'a', `10.0.1.${i}:1`, true)
  t.equal(quota.refusal('10.0.0.1', 'a'), null)
})

t.test('who joins late counts the same', async t => {
  const { members, add } = start()
  add('10.0.0.1', 'a', '10.0.0.1:1')
  add('10.0.0.1', 'b', '10.0.0.1:1')
  const late = new Quota(LIMITS)
  members.follow(change => late.heed(change))
  t.equal(late.refusal('10.0.0.1', 'c'), 'source-full')
})

t.test('a host with IPv6 is one sender, whichever of its addresses it takes', async t => {
  t.equal(quotaSource('2001:db8:1:2::1', false), quotaSource('2001:db8:1:2:ffff::9', false))
  t.not(quotaSource('2001:db8:1:2::1', false), quotaSource('2001:db8:1:3::1', false))
  t.not(quotaSource('10.0.0.1', false), quotaSource('10.0.0.2', false))
  t.equal(quotaSource('::ffff:10.0.0.1', false), quotaSource('10.0.0.1', false))
  t.equal(quotaSource('127.0.0.1', true), quotaSource('192.168.1.5', true))
})

// test/subscription/failing.test.ts: which nodes count as failing, by what is said of them; those are not kept once unheard.
import t, { type Test } from 'tap'
import { Failing } from '../../subscription/failing.ts'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import { member } from './members.ts'

const ID = 'a.example 10.0.0.7:3031'
const NAME = 'a.example uwsgi://10.0.0.7:3031'

/** One node, and whether it is gone once nobody heard of it for its lease. */
function open(t: Test) {
  const membership = new MemoryMembership({ origin: 'here', toleranceMs: 10, version: 0 })
  const failing = new Failing(membership)
  t.teardown(() => failing.stop())
  membership.announce(member(), 0)
  const isFailing = () => {
    membership.tick(1_000_000)
    return !membership.has(ID)
  }
  return { membership, failing, isFailing }
}

t.test('a node of which nothing is said does not fail', async t => {
  t.equal(open(t).isFailing(), false)
})

t.test('a node that cannot be connected to fails, and does no longer once it can', async t => {
  const { failing, isFailing } = open(t)
  failing.tried(ID, true)
  failing.tried(ID, false)
  t.equal(isFailing(), false)
  failing.tried(ID, true)
  t.equal(isFailing(), true)
})

t.test('a node fails by its checks alone', async t => {
  const { failing, isFailing } = open(t)
  failing.heard(1, NAME, 0)
  failing.checked(ID, false)
  t.equal(isFailing(), true)
})

t.test('a node fails when it rests in every gateway that spoke of it', async t => {
  const { failing, isFailing } = open(t)
  failing.heard(1, NAME, 500)
  failing.heard(2, NAME, 0)
  t.equal(isFailing(), false, 'one of them finds it well')
  failing.heard(2, NAME, 700)
  t.equal(isFailing(), true)
})

t.test('a gateway that ended says nothing any more', async t => {
  const { failing, isFailing } = open(t)
  failing.heard(1, NAME, 500)
  failing.heard(2, NAME, 0)
  failing.gone(2)
  t.equal(isFailing(), true)
})

t.test('what was said of a node is forgotten with it', async t => {
  const { membership, failing, isFailing } = open(t)
  failing.heard(1, NAME, 500)
  membership.withdraw(ID, 'unsubscribed')
  failing.heard(1, NAME, 500)
  membership.announce(member(), 0)
  t.equal(isFailing(), false)
})

t.test('nodes of no key and names that are none are passed over', async t => {
  const { failing, isFailing } = open(t)
  failing.heard(1, 'uwsgi://10.0.0.7:3031', 500)
  failing.heard(1, '', 500)
  t.equal(isFailing(), false)
})

// test/gateway/roster.test.ts: a roster holds exactly those who joined and have not left, in whatever order they did.
import fc from 'fast-check'
import t from 'tap'
import { type Listed, Roster } from '../../gateway/roster.ts'

class Member implements Listed<Member> {
  rosterNext: Member | null = null
  rosterPrevious: Member | null = null
}

t.test('it is a set of its members, whoever joins and leaves', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), moves => {
      const everybody = Array.from({ length: 10 }, () => new Member())
      const roster = new Roster<Member>()
      const expected = new Set<Member>()
      // Each number is somebody who joins, or leaves when already there.
      for (const who of moves) {
        const member = everybody[who]!
        if (expected.delete(member)) roster.remove(member)
        else {
          expected.add(member)
          roster.add(member)
        }
        const members = roster.members()
        if (members.length !== expected.size || roster.size !== expected.size) return false
        if (!members.every(one => expected.has(one))) return false
      }
      return true
    }),
  )
})

t.test('who is not there may leave, and nothing happens', async t => {
  const [one, other] = [new Member(), new Member()]
  const roster = new Roster<Member>()
  roster.add(one)
  roster.remove(other)
  t.same(roster.members(), [one])
  roster.remove(one)
  roster.remove(one)
  t.equal(roster.size, 0)
})

t.test('all may leave while somebody goes through them', async t => {
  const roster = new Roster<Member>()
  for (let i = 0; i < 3; i++) roster.add(new Member())
  let seen = 0
  for (const _ of roster.members()) {
    seen++
    for (const member of roster.members()) roster.remove(member)
  }
  t.equal(seen, 3)
  t.equal(roster.size, 0)
})

t.test('who has left holds nobody: neighbours would keep each other from being collected', async t => {
  const members = [new Member(), new Member(), new Member()] as const
  const roster = new Roster<Member>()
  for (const member of members) roster.add(member)
  roster.remove(members[1])
  t.equal(members[1].rosterNext, null)
  t.equal(members[1].rosterPrevious, null)
})

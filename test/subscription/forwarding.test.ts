// test/subscription/forwarding.test.ts: what is passed on is remembered for a moment, and not without bound.
import t from 'tap'
import { Forwarding } from '../../subscription/forwarding.ts'
import { member } from './members.ts'

t.test(
  'a flood of leaves of nodes that never were takes no memory, and the latest still go on once',
  async t => {
    const forwarding = new Forwarding()
    const leave = (key: string) => {
      const { node, announcement, ...rest } = member()
      const accepted = { kind: 'accepted', command: 'unsubscribe', digest: null } as const
      return forwarding.packetFor(
        { ...accepted, member: { ...rest, key, node, announcement } },
        Buffer.from(key),
        0,
      )
    }
    for (let i = 0; i < 60_000; i++) leave(`${i}.example`)
    t.equal(forwarding.size, 50_000)
    t.equal(leave('59999.example'), null)
    t.same(leave('new.example'), Buffer.from('new.example'))
  },
)

// test/subscription/members.ts: nodes as the membership gets them, with what each test does not care for.
import { announcedNode } from '../../subscription/announced-node.ts'
import type { Change, Member, Membership } from '../../subscription/membership.ts'
import type { Announcement } from '../../subscription/packet/announcement.ts'
import { announcement } from './packet/samples.ts'

/** A node that a sender on this machine announced. */
export function member(said: Partial<Announcement> = {}, changes: Partial<Member> = {}): Member {
  const all = announcement(said)
  const node = announcedNode(all, '127.0.0.1')
  if (node.kind === 'refused') throw new Error(node.reason)
  return {
    key: all.key,
    node,
    announcement: all,
    source: '127.0.0.1',
    isLocal: true,
    isSigned: false,
    isStatic: false,
    ...changes,
  }
}

/** Each change as a line: "added a.example 10.0.0.7:3031". */
export function linesOf(membership: Membership): string[] {
  const lines: string[] = []
  membership.follow(change => lines.push(lineOf(change)))
  return lines
}

function lineOf(change: Change): string {
  if (change.kind === 'snapshot') return ['snapshot', ...change.records.map(({ id }) => id).sort()].join(' ')
  const { id, isUnheard } = change.record
  const more = change.kind === 'removed' ? ` ${change.why}` : isUnheard ? ' unheard' : ''
  return `${change.kind} ${id}${more}`
}

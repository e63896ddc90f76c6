// master/static-members.ts: nodes of the config (backend) as members beside those that announce themselves.
import type { BackendNode } from '../config/backend-kind.ts'
import { announcedNode } from '../subscription/announced-node.ts'
import { canonicalKey } from '../subscription/key.ts'
import { type Member, memberId } from '../subscription/membership.ts'
import type { MemoryMembership } from '../subscription/memory-membership.ts'
import { type Announcement, SILENT } from '../subscription/packet/announcement.ts'

/** Puts them into the membership and takes those out that the config does not have any more. */
export function syncStatic(
  membership: MemoryMembership,
  backend: readonly BackendNode[],
  nowMs: number,
): void {
  const members = staticMembers(backend)
  const wanted = new Set(members.map(({ key, node }) => memberId(key, node.place)))
  const gone = [...membership.entries()].filter(({ record }) => record.isStatic && !wanted.has(record.id))
  for (const { record } of gone) membership.withdraw(record.id, 'unconfigured')
  for (const member of members) membership.announce(member, nowMs)
}

/** A node that is named several times under a key is one with the sum of the weights. */
export function staticMembers(backend: readonly BackendNode[]): Member[] {
  const byId = Map.groupBy(backend, ({ key, address }) => `${key} ${address.name}`)
  return [...byId.values()].map(same => {
    const weight = same.reduce((sum, node) => sum + node.weight, 0)
    return staticMember(same[0]!, weight)
  })
}

function staticMember({ key, address, modifier1, modifier2 }: BackendNode, weight: number): Member {
  const announcement: Announcement = {
    ...SILENT,
    key,
    address: address.name.slice(address.proto.length + 3),
    modifier1,
    modifier2,
    weight,
    proto: address.proto,
  }
  const announced = announcedNode(announcement, '127.0.0.1')
  // What no stranger may announce (a multicast address) is the config's own affair.
  const place = announcement.address
  const node =
    announced.kind === 'refused'
      ? { address, place, kind: 'ordinary' as const, ip: null, takesSource: false }
      : { ...announced, address }
  return {
    key: canonicalKey(key),
    node,
    announcement,
    source: '',
    isLocal: true,
    isSigned: false,
    isStatic: true,
  }
}

// subscription/state.ts: what a later run must know: nodes with what is left of their leases, and which signed packets
// came already. Nodes are kept as the packets that they would send, and are admitted anew: by the config of that run.
import { type AdmissionPolicy, readmit } from './admission.ts'
import { type Lease, restoredLease, storedLease } from './lease.ts'
import { type Member, type Membership, memberId } from './membership.ts'
import type { MemoryMembership } from './memory-membership.ts'
import type { Announcement } from './packet/announcement.ts'
import { readPacket } from './packet/read.ts'
import { writePacket } from './packet/write.ts'
import { type Quota, quotaSource } from './quota.ts'
import type { ReplayGuard, ReplayState } from './replay.ts'

/** As JSON has it. */
export interface SubscriptionState {
  readonly format: 1
  /** Of the membership. */
  readonly version: number
  /** Unix seconds. */
  readonly savedS: number
  readonly nodes: readonly StoredNode[]
  /** Empty without subscriptions-sign-check. */
  readonly replay: ReplayState
}

interface StoredNode {
  /** Unsigned, in base64. */
  readonly packet: string
  readonly source: string
  readonly isSigned: boolean
  readonly agoMs: number
  readonly gapsMs: readonly number[]
}

/** @param nowMs in the clock of the leases. @param nowS unix seconds */
export function stateOf(
  membership: MemoryMembership,
  replay: ReplayGuard | null,
  nowMs: number,
  nowS: number,
): SubscriptionState {
  const nodes: StoredNode[] = []
  for (const { record, lease } of membership.entries()) {
    if (record.isStatic) continue
    const { source, isSigned } = record
    nodes.push({ packet: packetText(record.announcement), source, isSigned, ...storedLease(lease, nowMs) })
  }
  return { format: 1, version: membership.version, savedS: nowS, nodes, replay: replay?.exportState() ?? [] }
}

// A file is written again and again for the few nodes that changed, and right after a start for those of the run before.
const PACKET_TEXTS = new WeakMap<Announcement, string>()

function packetText(announcement: Announcement): string {
  const known = PACKET_TEXTS.get(announcement)
  if (known !== undefined) return known
  const text = writePacket(announcement, null).toString('base64')
  PACKET_TEXTS.set(announcement, text)
  return text
}

/** Whether parsed JSON is such a state, as far as {@link restore} relies on it. Each node is looked at there. */
export function isState(value: unknown): value is SubscriptionState {
  if (!isObject(value)) return false
  const { format, version, savedS, nodes, replay } = value
  return format === 1 && isCount(version) && isCount(savedS) && Array.isArray(nodes) && Array.isArray(replay)
}

/** What became of a state: nodes that are there again, nodes that the config does not admit any more, and marks. */
export interface Restored {
  readonly nodes: number
  readonly refused: number
  /** False: signed packets of before the start cannot be told from replays. */
  readonly hasReplay: boolean
}

/**
 * @param replay null: signatures are not asked for; else nodes that were not signed are refused
 * @param nowMs in the clock of the leases
 */
export function restore(
  state: SubscriptionState,
  membership: MemoryMembership,
  quota: Quota,
  policy: AdmissionPolicy,
  replay: ReplayGuard | null,
  nowMs: number,
): Restored {
  membership.raiseVersion(state.version)
  const admitted = (state.nodes as readonly unknown[]).flatMap(stored => {
    return readmitted(stored, policy, replay !== null, nowMs) ?? []
  })
  let nodes = 0
  for (const { member, lease } of oneOfEachKeyFirst(admitted)) {
    if (!fits(membership, quota, member)) continue
    membership.restore(member, lease)
    nodes++
  }
  const hasReplay = replay?.importState(state.replay) ?? false
  return { nodes, refused: state.nodes.length - nodes, hasReplay }
}

interface Readmitted {
  readonly member: Member
  readonly lease: Lease
}

function readmitted(
  stored: unknown,
  policy: AdmissionPolicy,
  mustBeSigned: boolean,
  nowMs: number,
): Readmitted | null {
  if (!isStoredNode(stored)) return null
  const packet = readPacket(Buffer.from(stored.packet, 'base64'))
  if (packet.kind === 'refused') return null
  const { announcement } = packet
  PACKET_TEXTS.set(announcement, stored.packet)
  const { isSigned } = stored
  const admitted = readmit(announcement, stored.source, isSigned, policy, mustBeSigned)
  if (admitted.kind === 'refused') return null
  const { key, node, isLocal, from: source } = admitted
  const member = { key, node, announcement, source, isLocal, isSigned, isStatic: false }
  return { member, lease: restoredLease(stored, nowMs) }
}

// Nodes are tried in this order before they serve. With thousands of them that takes its time, and a key needs only one.
function oneOfEachKeyFirst(nodes: readonly Readmitted[]): Readmitted[] {
  const turns: Readmitted[][] = []
  const counts = new Map<string, number>()
  for (const node of nodes) {
    const turn = counts.get(node.member.key) ?? 0
    counts.set(node.member.key, turn + 1)
    turns[turn] ??= []
    turns[turn].push(node)
  }
  return turns.flat()
}

function fits(membership: Membership, quota: Quota, { key, node, source, isLocal }: Member): boolean {
  const isThere = membership.has(memberId(key, node.place))
  return isThere || quota.refusal(quotaSource(source, isLocal), key) === null
}

function isStoredNode(value: unknown): value is StoredNode {
  if (!isObject(value)) return false
  const { packet, source, isSigned, agoMs, gapsMs } = value
  return (
    typeof packet === 'string' &&
    typeof source === 'string' &&
    typeof isSigned === 'boolean' &&
    isCount(agoMs) &&
    Array.isArray(gapsMs) &&
    gapsMs.length <= 4 &&
    gapsMs.every(isCount)
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

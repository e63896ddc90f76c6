// subscription/state.ts: what a later run must know: nodes with what is left of their leases, and which signed packets
// came already. Nodes are kept as the packets that they would send, and are admitted anew: by the config of that run.
import { type AdmissionPolicy, readmit } from './admission.ts'
import { restoredLease, storedLease } from './lease.ts'
import { type Membership, memberId } from './membership.ts'
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

// A file is written again and again for the few nodes that changed.
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
  let nodes = 0
  for (const stored of state.nodes as readonly unknown[])
    if (restoreNode(stored, membership, quota, policy, replay !== null, nowMs)) nodes++
  const hasReplay = replay?.importState(state.replay) ?? false
  return { nodes, refused: state.nodes.length - nodes, hasReplay }
}

function restoreNode(
  stored: unknown,
  membership: MemoryMembership,
  quota: Quota,
  policy: AdmissionPolicy,
  mustBeSigned: boolean,
  nowMs: number,
): boolean {
  if (!isStoredNode(stored)) return false
  const packet = readPacket(Buffer.from(stored.packet, 'base64'))
  if (packet.kind === 'refused') return false
  const { announcement } = packet
  const { isSigned } = stored
  const admitted = readmit(announcement, stored.source, isSigned, policy, mustBeSigned)
  if (admitted.kind === 'refused') return false
  const { key, node, isLocal, from: source } = admitted
  if (!fits(membership, quota, memberId(key, node.place), quotaSource(source, isLocal), key)) return false
  const member = { key, node, announcement, source, isLocal, isSigned, isStatic: false }
  membership.restore(member, restoredLease(stored, nowMs))
  return true
}

function fits(membership: Membership, quota: Quota, id: string, source: string, key: string): boolean {
  return membership.has(id) || quota.refusal(source, key) === null
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

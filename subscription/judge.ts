// subscription/judge.ts: from a datagram to the node it announces, or the reason why not. What is cheap comes first: a
// flood costs no more than reading it, and only packets whose time is right cost a signature check.
import type { KeyObject } from 'node:crypto'
import { type AdmissionPolicy, type Admitted, admit, readmit } from './admission.ts'
import { type Member, type Membership, memberId, type NodeRecord } from './membership.ts'
import type { Command, Packet, Signature } from './packet/announcement.ts'
import { readPacket } from './packet/read.ts'
import { type Quota, quotaSource } from './quota.ts'
import { ofKey, type Refusal, refuse, shown } from './refusals.ts'
import type { ReplayGuard } from './replay.ts'
import { checkSignature } from './signature/check.ts'
import type { Digest } from './signature/digests.ts'
import { keyFileNames } from './signature/key-file.ts'

/** What it takes to believe a signature (subscriptions-sign-check). */
export interface SignatureTrust {
  readonly digests: readonly Digest[]
  readonly replay: ReplayGuard
  /** @param name of a file, see keyFileNames. @returns null: there is none that can be used */
  publicKey(name: string): KeyObject | null
}

export interface Accepted {
  readonly kind: 'accepted'
  readonly command: Command
  readonly member: Member
  /** null: unsigned, as signatures are not asked for. */
  readonly digest: Digest | null
}

/**
 * @param source where the datagram came from, as node:dgram says it
 * @param nowS unix seconds
 * @param trust null: signatures are not looked at, and nobody is believed for having one
 */
export function judgeDatagram(
  bytes: Buffer,
  source: string,
  nowS: number,
  policy: AdmissionPolicy,
  trust: SignatureTrust | null,
): Accepted | Refusal {
  const packet = readPacket(bytes)
  if (packet.kind === 'refused') return packet
  const judged = judgePacket(packet, source, nowS, policy, trust)
  return judged.kind === 'refused' ? ofKey(packet.announcement.key, judged) : judged
}

/** Lets the membership know. @returns why not, when there are too many nodes already; null: done */
export function enrol(
  { command, member }: Accepted,
  membership: Membership,
  quota: Quota,
  nowMs: number,
): Refusal | null {
  const id = memberId(member.key, member.node.place)
  if (command !== 'subscribe') {
    membership.withdraw(id, 'unsubscribed')
    return null
  }
  const reason = membership.has(id)
    ? null
    : quota.refusal(quotaSource(member.source, member.isLocal), member.key)
  if (reason !== null) return ofKey(member.key, refuse(reason, `${shown(member.key)} from ${member.source}`))
  membership.announce(member, nowMs)
  return null
}

/** After a reload: nodes that the new config does not admit leave, the last of a key among them. @returns how many */
export function expelUnadmitted(
  records: Iterable<NodeRecord>,
  membership: Membership,
  policy: AdmissionPolicy,
  mustBeSigned: boolean,
): number {
  const refused = [...records].filter(
    ({ isStatic, announcement, source, isSigned }) =>
      !isStatic && readmit(announcement, source, isSigned, policy, mustBeSigned).kind === 'refused',
  )
  for (const { id } of refused) membership.withdraw(id, 'unconfigured')
  return refused.length
}

function judgePacket(
  packet: Packet,
  source: string,
  nowS: number,
  policy: AdmissionPolicy,
  trust: SignatureTrust | null,
): Accepted | Refusal {
  const { announcement, signature } = packet
  if (trust !== null && signature === null) return refuse('unsigned', `key ${shown(announcement.key)}`)
  const admitted = admit(announcement, source, trust !== null, policy)
  if (admitted.kind === 'refused') return admitted
  let digest: Digest | null = null
  if (trust !== null) {
    const checked = believe(packet, signature!, admitted, nowS, trust)
    if (typeof checked !== 'string') return checked
    digest = checked
  }
  const { key, node, isLocal, from } = admitted
  const member = {
    key,
    node,
    announcement,
    source: from,
    isLocal,
    isSigned: digest !== null,
    isStatic: false,
  }
  return { kind: 'accepted', command: announcement.command, member, digest }
}

function believe(
  { announcement }: Packet,
  signature: Signature,
  { key }: Admitted,
  nowS: number,
  { digests, replay, publicKey }: SignatureTrust,
): Digest | Refusal {
  const { address } = announcement
  const detail = `key ${shown(announcement.key)}`
  for (const owner of keyFileNames(announcement.key)) {
    const publicHalf = publicKey(owner)
    if (publicHalf === null) continue
    const reason = replay.refusal(owner, key, address, signature.unix, nowS)
    if (reason !== null) return refuse(reason, `${detail}, signed at ${signature.unix}, now ${nowS}`)
    const digest = checkSignature(signature, publicHalf, digests)
    if (digest === null) return refuse('bad-signature', `${detail}, ${owner}`)
    replay.accept(owner, key, address, signature.unix)
    return digest
  }
  return refuse('no-public-key', `${detail}, ${keyFileNames(announcement.key)[0]}`)
}

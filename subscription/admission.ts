// subscription/admission.ts: an announcement is a request, not an order: whose is taken for which key and address.
// docs/wire/subscription.md has the rules in a table.
import { REQUEST_MODIFIERS } from '../base/modifiers.ts'
import { readKey } from '../base/table-key.ts'
import {
  type AllowLine,
  allowLineFor,
  coversAddress,
  coversSender,
  limitsAddress,
  namesSource,
} from './allow-line.ts'
import { type AnnouncedNode, announcedNode } from './announced-node.ts'
import { kindOfIp, plainIp } from './cidr.ts'
import { matchesGlob } from './glob.ts'
import { canonicalKey } from './key.ts'
import type { Announcement } from './packet/announcement.ts'
import { type Refusal, type RefusalReason, refuse, shown } from './refusals.ts'

export interface AdmissionPolicy {
  /** subscription-allow; empty: only the rules that always hold. */
  readonly lines: readonly AllowLine[]
  /** subscription-protocol: what nodes speak that do not say it; the first that fits counts. */
  readonly protocols?: readonly { readonly key: string; readonly proto: 'uwsgi' | 'http' }[]
  /** Addresses of this machine, in their one spelling. Loopback counts as this machine without being named. */
  readonly machine: ReadonlySet<string>
}

export interface Admitted {
  readonly kind: 'admitted'
  /** Canonical. */
  readonly key: string
  readonly node: AnnouncedNode
  /** Whether its sender is on this machine. If not, a host name must not resolve to loopback or link-local. */
  readonly isLocal: boolean
  /** The sender's address in its one spelling. */
  readonly from: string
}

/**
 * Costs the same for every packet, but for the number of lines; to be asked before a signature is checked.
 *
 * @param source where the datagram came from, as node:dgram says it
 * @param isSigned its signature is checked, now or later
 */
export function admit(
  announcement: Announcement,
  source: string,
  isSigned: boolean,
  policy: AdmissionPolicy,
): Admitted | Refusal {
  const from = plainIp(source)
  if (from === null) return refuse('not-allowed', `sender ${shown(source)}`)
  if (readKey(announcement.key) === null || announcement.key.startsWith('*.'))
    return refuse('bad-key', shown(announcement.key))
  const key = canonicalKey(announcement.key)
  const unsaid = policy.protocols?.find(line => matchesGlob(key, line.key))?.proto
  const node = announcedNode(announcement, from, unsaid)
  if (node.kind === 'refused') return refuse(node.reason, `${shown(key)}: ${node.detail}`)
  // An http node is never told a modifier, whatever it announced.
  if (node.address.proto === 'uwsgi' && !REQUEST_MODIFIERS.includes(announcement.modifier1))
    return refuse('modifier1-not-allowed', `${shown(key)} at ${shown(node.place)}: ${announcement.modifier1}`)
  const isLocal = kindOfIp(from) === 'loopback' || policy.machine.has(from)
  const reason = objection({ key, node, from, isLocal, isSigned }, policy.lines)
  if (reason === null) return { kind: 'admitted', key, node, isLocal, from }
  const detail = `${shown(key)} at ${shown(node.place)} from ${from}`
  return refuse(reason, detail, admittingLine(reason, key, node, from))
}

/**
 * Whether a node that was admitted once would be again: after a reload, or by another run. Its packet is not at hand.
 *
 * @param wasSigned a signature was checked then
 * @param mustBeSigned signatures are asked for now
 */
export function readmit(
  announcement: Announcement,
  source: string,
  wasSigned: boolean,
  policy: AdmissionPolicy,
  mustBeSigned: boolean,
): Admitted | Refusal {
  return mustBeSigned && !wasSigned ? refuse('unsigned') : admit(announcement, source, mustBeSigned, policy)
}

interface Claim {
  readonly key: string
  readonly node: AnnouncedNode
  readonly from: string
  readonly isLocal: boolean
  readonly isSigned: boolean
}

// A sender on this machine is free until a line names it; with lines, all others need one.
function objection(claim: Claim, lines: readonly AllowLine[]): RefusalReason | null {
  const { node, from, isLocal, isSigned } = claim
  if (isLocal && !lines.some(line => namesSource(line, from))) return null
  if (node.kind === 'unix' && !isLocal) return 'unix-from-elsewhere'
  // Who replays another's packet would be the node, and the packet would be right.
  if (node.takesSource && isSigned && !isLocal) return 'source-not-signed'
  const byRule = objectionWithoutLines(claim)
  if (lines.length === 0) return byRule
  return lines.some(line => admits(line, claim, byRule)) ? null : (byRule ?? 'not-allowed')
}

function objectionWithoutLines({ node, from, isLocal, isSigned }: Claim): RefusalReason | null {
  if (isLocal) return null
  if (node.kind === 'loopback' || node.kind === 'link-local') return 'address-barred'
  return isSigned || node.ip === from ? null : 'address-not-own'
}

function admits(line: AllowLine, claim: Claim, byRule: RefusalReason | null): boolean {
  if (!coversSender(line, claim.from, claim.key)) return false
  return limitsAddress(line) ? coversAddress(line, claim.node.ip, claim.isLocal) : byRule === null
}

/** @returns '' when no line would do */
function admittingLine(reason: RefusalReason, key: string, node: AnnouncedNode, from: string): string {
  if (reason === 'unix-from-elsewhere' || reason === 'source-not-signed') return ''
  if (from.includes('%') || node.ip?.includes('%')) return '' // a zone is in no range
  if (node.ip !== null) return allowLineFor(from, key, node.ip === '' ? 'unix' : node.ip)
  return reason === 'not-allowed' ? allowLineFor(from, key, '') : ''
}

// subscription/membership.ts: who serves what, as one record a node. Its home may be this process or what a fleet shares:
// whoever uses it learns of changes, its own among them, by events only, and never assumes that it is alone.
import type { AnnouncedNode } from './announced-node.ts'
import type { Announcement } from './packet/announcement.ts'

/** A node as it was announced and admitted. */
export interface Member {
  /** Canonical. */
  readonly key: string
  readonly node: AnnouncedNode
  readonly announcement: Announcement
  /** Numeric address of the sender; '' for nodes of the config. */
  readonly source: string
  /** Whether the sender is on the machine of `origin`. If not, a host name must not resolve to loopback or link-local. */
  readonly isLocal: boolean
  readonly isSigned: boolean
  /** The config names it: it has no lease, and no announcement changes it. */
  readonly isStatic: boolean
}

/** Immutable; a change makes another one. */
export interface NodeRecord extends Member {
  /** See {@link memberId}. */
  readonly id: string
  /** Number of the change that made this record: of two records of a node the higher one is the newer. */
  readonly version: number
  /** The master that heard it. UNIX sockets and loopback addresses mean the machine of that one. */
  readonly origin: string
  /** True: nobody heard of it for its lease, and it stays as the last of its key. */
  readonly isUnheard: boolean
  /** Of a node of the config: as what it announces itself, and is once the config does not name it any more; null: it does not. */
  readonly announced: Member | null
}

/** Versions rise by one a change, over all nodes. */
export type Change =
  /** First, and again whenever it is not known what was missed: these are all there are. */
  | { readonly kind: 'snapshot'; readonly version: number; readonly records: readonly NodeRecord[] }
  | { readonly kind: 'added'; readonly version: number; readonly record: NodeRecord }
  | {
      readonly kind: 'changed'
      readonly version: number
      readonly record: NodeRecord
      readonly before: NodeRecord
    }
  | {
      readonly kind: 'removed'
      readonly version: number
      readonly record: NodeRecord
      readonly why: RemovalReason
    }

/** 'unconfigured': the config does not have it, or does not admit it, any more. */
export type RemovalReason = 'unsubscribed' | 'unheard' | 'unconfigured'

/** What changes with each announcement and is no event. */
export interface Pulse {
  /** Milliseconds ago, as of the call. */
  readonly heardAgoMs: number
  readonly cores: number
  readonly load: number
}

export interface Membership {
  /** @param listener gets a snapshot at once or soon, then every change in order; must not throw. @returns ends it */
  follow(listener: (change: Change) => void): () => void
  /** Whether the node is there, as far as is known here. */
  has(id: string): boolean
  /** The node said that it serves. Takes effect when the listeners hear of it; nobody does when nothing is new. */
  announce(member: Member, nowMs: number): void
  /** The node leaves. Harmless when it is not there. */
  withdraw(id: string, why: RemovalReason): void
  /** Its connects or checks fail, or do no longer: a failing node is not kept once it is unheard. */
  setFailing(id: string, isFailing: boolean): void
  /** Once a second or so: leases end. */
  tick(nowMs: number): void
  /** null: not there. */
  pulse(id: string, nowMs: number): Pulse | null
}

/** One text for each pair of key and place: a node that says another protocol is the same one, changed. */
export function memberId(key: string, place: string): string {
  return `${key} ${place}`
}

/** Whether there is nothing new in it but what is for statistics only. */
export function isSameMember(a: Member, b: Member): boolean {
  return (
    a.node.address.name === b.node.address.name &&
    a.isLocal === b.isLocal &&
    a.isStatic === b.isStatic &&
    a.isSigned === b.isSigned &&
    COMPARED.every(field => a.announcement[field] === b.announcement[field])
  )
}

// All but the command, the spelling of key and address, cores and load.
const COMPARED = [
  'modifier1',
  'modifier2',
  'weight',
  'backup',
  'proto',
  'algo',
  'vassal',
  'notify',
  'sniKey',
  'sniCrt',
  'sniCa',
] as const satisfies readonly (keyof Announcement)[]

// subscription/memory-membership.ts: membership that lives in this process alone.
import { FOREVER, type Lease, leaseEndMs, newLease, renewed } from './lease.ts'
import {
  type Change,
  isSameMember,
  type Member,
  type Membership,
  memberId,
  type NodeRecord,
  type Pulse,
  type RemovalReason,
} from './membership.ts'
import { standings } from './staleness.ts'

/** A node and what is known of it that is no event. */
interface Entry {
  record: NodeRecord
  lease: Lease
  /** End of the lease, worked out once an announcement. */
  leaseEndMs: number
  heardMs: number
  isFailing: boolean
  cores: number
  load: number
  /** Of what a node of the config announces itself as; the node itself has no end. */
  announcedLease: Lease | null
}

export interface MemoryMembershipSettings {
  /** Name of this master in `origin`. */
  readonly origin: string
  /** Milliseconds (subscription-tolerance). */
  readonly toleranceMs: number
  /** The version that an earlier run ended with, so that versions only rise; 0 for none. */
  readonly version: number
}

// Nodes that went unheard, in case they come back: one that announces more seldom than its first lease lasts would
// come and go for ever if nobody remembered how long it was away.
const MOST_REMEMBERED = 10_000

export class MemoryMembership implements Membership {
  #toleranceMs: number
  readonly #origin: string
  #version: number
  readonly #byId = new Map<string, Entry>()
  readonly #byKey = new Map<string, Set<Entry>>()
  readonly #remembered = new Map<string, Lease>()
  readonly #listeners = new Set<(change: Change) => void>()

  constructor({ origin, toleranceMs, version }: MemoryMembershipSettings) {
    this.#origin = origin
    this.#toleranceMs = toleranceMs
    this.#version = version
  }

  get version(): number {
    return this.#version
  }

  /** Versions go on from where an earlier run ended, so that they only rise. */
  raiseVersion(version: number): void {
    if (Number.isSafeInteger(version)) this.#version = Math.max(this.#version, version)
  }

  follow(listener: (change: Change) => void): () => void {
    const records = Array.from(this.#byId.values(), ({ record }) => record)
    listener({ kind: 'snapshot', version: this.#version, records })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  announce(member: Member, nowMs: number): void {
    const id = memberId(member.key, member.node.place)
    const entry = this.#byId.get(id)
    if (entry === undefined) {
      const before = this.#remembered.get(id)
      this.#remembered.delete(id)
      this.#add(id, member, before === undefined ? newLease(nowMs) : renewed(before, nowMs))
    } else this.#update(entry, member, nowMs)
  }

  /** A node of an earlier run, with what was left of its lease. Nothing happens when it is there already. */
  restore(member: Member, lease: Lease): void {
    const id = memberId(member.key, member.node.place)
    if (!this.#byId.has(id)) this.#add(id, member, lease)
  }

  withdraw(id: string, why: RemovalReason): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    const { isStatic, announced } = entry.record
    if (!isStatic) return this.#remove(entry, why)
    // A datagram does not undo what the config says; nor the config what a node says of itself.
    if (why !== 'unconfigured') this.#setAnnounced(entry, null, null)
    else if (announced === null) this.#remove(entry, why)
    else this.#surface(entry, announced)
  }

  setFailing(id: string, isFailing: boolean): void {
    const entry = this.#byId.get(id)
    if (entry !== undefined) entry.isFailing = isFailing
  }

  /** A reload may have changed it; leases are worked out anew. */
  setTolerance(toleranceMs: number): void {
    this.#toleranceMs = toleranceMs
    for (const entry of this.#byId.values()) entry.leaseEndMs = leaseEndMs(entry.lease, toleranceMs)
  }

  tick(nowMs: number): void {
    for (const entries of this.#byKey.values()) {
      for (const entry of entries) {
        const { announcedLease } = entry
        if (announcedLease !== null && leaseEndMs(announcedLease, this.#toleranceMs) <= nowMs)
          this.#setAnnounced(entry, null, null)
        if (entry.leaseEndMs > nowMs) continue
        this.#judge([...entries], nowMs)
        break
      }
    }
  }

  pulse(id: string, nowMs: number): Pulse | null {
    const entry = this.#byId.get(id)
    if (entry === undefined) return null
    const { heardMs, cores, load } = entry
    return { heardAgoMs: Math.max(0, nowMs - heardMs), cores, load }
  }

  /** Every node with its lease, for what outlives a run. */
  *entries(): Generator<{ readonly record: NodeRecord; readonly lease: Lease }> {
    for (const { record, lease } of this.#byId.values()) yield { record, lease }
  }

  #add(id: string, member: Member, lease: Lease): void {
    const version = ++this.#version
    const record = { ...member, id, version, origin: this.#origin, isUnheard: false, announced: null }
    const { cores, load } = member.announcement
    const numbers = { leaseEndMs: 0, heardMs: 0, cores, load }
    const entry = { record, lease, isFailing: false, announcedLease: null, ...numbers }
    this.#setLease(entry, member.isStatic ? FOREVER : lease)
    this.#byId.set(id, entry)
    const others = this.#byKey.get(member.key)
    if (others === undefined) this.#byKey.set(member.key, new Set([entry]))
    else others.add(entry)
    this.#tell({ kind: 'added', version, record })
  }

  #update(entry: Entry, member: Member, nowMs: number): void {
    const before = entry.record
    if (before.isStatic && !member.isStatic) return this.#announceBeneath(entry, member, nowMs)
    entry.cores = member.announcement.cores
    entry.load = member.announcement.load
    if (member.isStatic && !before.isStatic) entry.announcedLease = entry.lease
    this.#setLease(entry, member.isStatic ? FOREVER : renewed(entry.lease, nowMs))
    const announced = member.isStatic ? (before.isStatic ? before.announced : asMember(before)) : null
    if (before.isUnheard || !isSameMember(before, member)) this.#change(entry, member, false, announced)
  }

  // The config goes first. What the node says is kept for when the config names it no more.
  #announceBeneath(entry: Entry, member: Member, nowMs: number): void {
    const { announced } = entry.record
    const lease = entry.announcedLease === null ? newLease(nowMs) : renewed(entry.announcedLease, nowMs)
    if (announced !== null && isSameMember(announced, member)) entry.announcedLease = lease
    else this.#setAnnounced(entry, member, lease)
  }

  #setAnnounced(entry: Entry, announced: Member | null, lease: Lease | null): void {
    if (entry.record.announced === announced) return
    entry.announcedLease = lease
    this.#change(entry, entry.record, false, announced)
  }

  #surface(entry: Entry, announced: Member): void {
    this.#setLease(entry, entry.announcedLease!)
    entry.announcedLease = null
    this.#change(entry, announced, false)
  }

  #judge(entries: readonly Entry[], nowMs: number): void {
    const judged = standings(entries, nowMs)
    for (const [i, entry] of entries.entries()) {
      if (judged[i] === 'over') {
        this.#remember(entry)
        this.#remove(entry, 'unheard')
      } else if (judged[i] === 'kept' && !entry.record.isUnheard) this.#change(entry, entry.record, true)
    }
  }

  #change(entry: Entry, member: Member, isUnheard: boolean, announced: Member | null = null): void {
    const before = entry.record
    const version = ++this.#version
    const own = { id: before.id, version, origin: this.#origin, isUnheard, announced }
    entry.record = { ...before, ...member, ...own }
    this.#tell({ kind: 'changed', version, record: entry.record, before })
  }

  #remove(entry: Entry, why: RemovalReason): void {
    const { record } = entry
    this.#byId.delete(record.id)
    const others = this.#byKey.get(record.key)
    others?.delete(entry)
    if (others?.size === 0) this.#byKey.delete(record.key)
    this.#tell({ kind: 'removed', version: ++this.#version, record, why })
  }

  #remember({ record, lease }: Entry): void {
    this.#remembered.delete(record.id)
    this.#remembered.set(record.id, lease)
    if (this.#remembered.size <= MOST_REMEMBERED) return
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest)
      return
    }
  }

  #setLease(entry: Entry, lease: Lease): void {
    entry.lease = lease
    entry.leaseEndMs = leaseEndMs(lease, this.#toleranceMs)
    entry.heardMs = lease.heardMs
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function asMember({ key, node, announcement, source, isLocal, isSigned, isStatic }: NodeRecord): Member {
  return { key, node, announcement, source, isLocal, isSigned, isStatic }
}

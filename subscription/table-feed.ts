// subscription/table-feed.ts: the way from the membership to the gateways: which announced nodes they know of, and as what.
import type { KeyPicture, NodePicture } from '../base/picture.ts'
import { Dispatch } from './dispatch.ts'
import { inMessages } from './key-changes.ts'
import type { Change, Membership, NodeRecord } from './membership.ts'
import { hostOf, nodeName, nodePicture } from './node-picture.ts'
import type { Proof } from './proof.ts'

/** Host names that announced nodes have; kept resolved by somebody else. */
export interface HostNames {
  addresses(host: string): readonly string[]
  /** As often as {@link HostNames.release}. */
  hold(host: string): void
  release(host: string): void
}

export interface TableFeedOptions {
  readonly names: HostNames
  /** What must be shown of a new node of this key before it gets traffic. */
  readonly proofFor: (record: NodeRecord) => Proof
  /** Tells every gateway, those that are starting too. */
  readonly publish: (keys: readonly KeyPicture[]) => void
  /** Milliseconds of a clock that only rises. */
  readonly now?: () => number
  /** For how long new nodes are gathered. Those that leave are told at the end of the turn. */
  readonly gatherMs?: number
}

/** A node that gets no traffic yet. */
export interface WaitingNode {
  readonly key: string
  readonly name: string
  /** Milliseconds since it announced itself, or since its name resolves to nothing. */
  readonly forMs: number
  /** Why, in words; '' when nothing was tried yet. */
  readonly why: string
}

interface Entry {
  record: NodeRecord
  readonly host: string | null
  /** null: proven. */
  proof: Proof | null
  /** When it got traffic, or lost it, or came. */
  sinceMs: number
  /** As gateways know it, or will in a moment; null: they do not. */
  picture: NodePicture | null
}

interface Group {
  /** Of the packet that made the key. */
  readonly algo: string
  /** Announced nodes, published or not. */
  size: number
  /** By name, in the order in which gateways got them. */
  readonly published: Map<string, NodePicture>
}

const GATHER_MS = 20
const LOOK_MS = 5

export class TableFeed {
  readonly #names: HostNames
  readonly #proofFor: (record: NodeRecord) => Proof
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #byHost = new Map<string, Set<Entry>>()
  readonly #groups = new Map<string, Group>()
  readonly #dispatch: Dispatch
  readonly #end: () => void

  constructor(membership: Membership, options: TableFeedOptions) {
    const { names, proofFor, publish, now = () => performance.now(), gatherMs = GATHER_MS } = options
    this.#names = names
    this.#proofFor = proofFor
    this.#now = now
    this.#dispatch = new Dispatch({ publish, now, gatherMs })
    this.#end = membership.follow(change => this.#hear(change))
  }

  /** All that gateways know, for one that starts: it is told of changes after that, like the others. */
  snapshot(): Iterable<readonly KeyPicture[]> {
    this.#dispatch.sendAll()
    const keys = [...this.#groups].flatMap(([key, { algo, published }]): KeyPicture[] => {
      return published.size === 0 ? [] : [{ key, algo, nodes: [...published.values()], gone: [] }]
    })
    return inMessages(keys)
  }

  /** Resolves once each key has a node that serves, or had all of its nodes tried; after `limitMs` at most. */
  async firstTries(limitMs: number): Promise<void> {
    const end = this.#now() + limitMs
    const isUntried = ({ proof, record }: Entry) =>
      proof?.why(record.id) === '' && this.#groups.get(record.key)!.published.size === 0
    const isOpen = () => [...this.#entries.values()].some(isUntried)
    while (isOpen() && this.#now() < end) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }

  /** Of the packet that made the key; '' when it did not say, or nobody announces the key. */
  algoOf(key: string): string {
    return this.#groups.get(key)?.algo ?? ''
  }

  /** For how long a node has had traffic, or has had none, in milliseconds; null: it is not there. */
  forMs(id: string): number | null {
    const entry = this.#entries.get(id)
    return entry === undefined ? null : this.#now() - entry.sinceMs
  }

  /** Nodes that are there and get no traffic yet. */
  waiting(): WaitingNode[] {
    const now = this.#now()
    return [...this.#entries.values()].flatMap(({ record, proof, sinceMs, picture }) => {
      if (picture !== null) return []
      const why = proof === null ? 'its name has no address that it may have' : proof.why(record.id)
      return [{ key: record.key, name: nodeName(record), forMs: now - sinceMs, why }]
    })
  }

  /** These host names have other addresses now. */
  namesChanged(hosts: Iterable<string>): void {
    for (const host of hosts) {
      for (const entry of this.#byHost.get(host) ?? []) {
        entry.proof?.hurry(entry.record)
        this.#settle(entry)
      }
    }
  }

  /** Other checks are configured: those that wait, wait for what holds now. */
  proofsChanged(): void {
    for (const entry of this.#entries.values()) {
      if (entry.proof === null || entry.proof === this.#proofFor(entry.record)) continue
      entry.proof.forget(entry.record.id)
      this.#seek(entry)
    }
  }

  /** Nothing more is told. */
  stop(): void {
    this.#end()
    for (const entry of this.#entries.values()) entry.proof?.forget(entry.record.id)
    this.#dispatch.stop()
  }

  #hear(change: Change): void {
    if (change.kind === 'snapshot') return this.#reset(change.records)
    const record = change.kind === 'removed' ? null : asAnnounced(change.record)
    if (record === null) this.#remove(change.record.id)
    else this.#put(record)
  }

  #reset(records: readonly NodeRecord[]): void {
    const announced = records.flatMap(record => asAnnounced(record) ?? [])
    const ids = new Set(announced.map(({ id }) => id))
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#remove(id)
    for (const record of announced) this.#put(record)
  }

  #put(record: NodeRecord): void {
    const known = this.#entries.get(record.id)
    if (known !== undefined) {
      const isOther = nodeName(known.record) !== nodeName(record)
      if (isOther) this.#withhold(known)
      known.record = record
      known.proof?.hurry(record)
      this.#settle(known)
      return
    }
    const host = hostOf(record)
    const sinceMs = this.#now()
    const entry: Entry = { record, host, proof: null, sinceMs, picture: null }
    this.#entries.set(record.id, entry)
    if (host !== null) this.#hold(host, entry)
    const group = this.#groups.get(record.key)
    if (group !== undefined) group.size++
    else {
      const { algo } = record.announcement
      this.#groups.set(record.key, { algo, size: 1, published: new Map() })
    }
    this.#seek(entry)
  }

  #seek(entry: Entry): void {
    const proof = this.#proofFor(entry.record)
    entry.proof = proof
    proof.seek(entry.record, () => {
      if (this.#entries.get(entry.record.id) !== entry || entry.proof !== proof) return
      entry.proof = null
      this.#settle(entry)
    })
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    entry.proof?.forget(id)
    this.#withhold(entry)
    this.#entries.delete(id)
    if (entry.host !== null) this.#release(entry.host, entry)
    const group = this.#groups.get(entry.record.key)!
    if (--group.size === 0) this.#groups.delete(entry.record.key)
  }

  // Publishes what is proven and somewhere, as it is now.
  #settle(entry: Entry): void {
    if (entry.proof !== null) return
    const { record } = entry
    const picture = nodePicture(record, host => this.#names.addresses(host))
    if (picture === null) return this.#withhold(entry)
    if (entry.picture !== null && isSame(entry.picture, picture)) return
    if (entry.picture === null) entry.sinceMs = this.#now()
    entry.picture = picture
    const group = this.#groups.get(record.key)!
    group.published.set(picture.name, picture)
    this.#dispatch.join(record.key, group.algo, picture, group.published.size)
  }

  #withhold(entry: Entry): void {
    if (entry.picture === null) return
    const { key } = entry.record
    const { name } = entry.picture
    const group = this.#groups.get(key)!
    entry.picture = null
    entry.sinceMs = this.#now()
    group.published.delete(name)
    this.#dispatch.leave(key, group.algo, name, group.published.size)
  }

  #hold(host: string, entry: Entry): void {
    this.#names.hold(host)
    const entries = this.#byHost.get(host)
    if (entries === undefined) this.#byHost.set(host, new Set([entry]))
    else entries.add(entry)
  }

  #release(host: string, entry: Entry): void {
    this.#names.release(host)
    const entries = this.#byHost.get(host)!
    entries.delete(entry)
    if (entries.size === 0) this.#byHost.delete(host)
  }
}

// A node that the config names is in the picture, and stands there for an announced one of its name. Gateways know both, so
// that it serves on, without a gap, when a reload takes it out of the config.
function asAnnounced(record: NodeRecord): NodeRecord | null {
  const { isStatic, announced } = record
  if (!isStatic) return record
  if (announced === null || nodeName(announced) !== nodeName(record)) return null
  return { ...record, ...announced }
}

function isSame(a: NodePicture, b: NodePicture): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

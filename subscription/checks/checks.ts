// subscription/checks/checks.ts: which nodes are checked how (health-check), and what is made of it: gateways hear of nodes
// that fail or are well again, and new nodes get no traffic before their first success.
import { hostPort, type NodeAddress } from '../../base/address.ts'
import type { Verdict } from '../../base/messages.ts'
import type { HealthCheck } from '../../config/health-kind.ts'
import { matchesGlob } from '../glob.ts'
import type { Change, Membership, NodeRecord } from '../membership.ts'
import { type Addresses, endpointOf, nodeName } from '../node-picture.ts'
import type { Proof } from '../proof.ts'
import { Slots } from '../slots.ts'
import { hostOfKey, type Subject } from './check.ts'
import { Watch, type WatchWorld } from './watch.ts'

/** Something worth a line in the event log. */
export type Tell = (
  level: 'info' | 'warn',
  text: string,
  fields: Readonly<Record<string, string | number>>,
) => void

export interface ChecksOptions {
  readonly addresses: Addresses
  readonly tell: Tell
  /** Tells every gateway. */
  readonly publish: (verdicts: readonly Verdict[]) => void
  /** A node of a record became unwell, or well again, or passed its first check. */
  readonly onTurn?: (id: string, isWell: boolean) => void
  readonly mostAtOnce?: number
  readonly firstPauseMs?: number
  readonly now?: () => number
  readonly random?: () => number
}

/** What is known of a node that is checked. */
export interface CheckState {
  readonly isWell: boolean
  /** It passed no check yet, and gets no traffic before it does. */
  readonly isNew: boolean
  /** For how long it has been what it is. */
  readonly forMs: number
  /** The last failure, in words; '' while all is well. */
  readonly why: string
  /** Of the last check; null: there was none. */
  readonly tookMs: number | null
}

const MOST_AT_ONCE = 100
const FIRST_PAUSE_MS = 200
const MOST_LEFT = 10_000

export class Checks implements Proof {
  readonly #options: ChecksOptions
  readonly #world: WatchWorld
  readonly #records = new Map<string, NodeRecord>()
  readonly #watches = new Map<string, Watch>() // by name
  readonly #sought = new Map<string, () => void>() // by id of the record
  readonly #leftUnwell = new Set<string>() // names of nodes that left while gateways held them for unwell
  #lines: readonly HealthCheck[] = []
  #rest: readonly NodeAddress[] = []
  #verdicts = new Map<string, boolean>() // not told yet
  #immediate: NodeJS.Immediate | null = null
  readonly #end: () => void

  constructor(membership: Membership, options: ChecksOptions) {
    const { now = () => performance.now(), random = Math.random } = options
    const { firstPauseMs = FIRST_PAUSE_MS, mostAtOnce = MOST_AT_ONCE } = options
    this.#options = options
    this.#world = { slots: new Slots(mostAtOnce), now, random, firstPauseMs }
    this.#end = membership.follow(change => this.#hear(change))
  }

  /** What holds from now on. @param rest nodes of no key: http-to and http-fallback */
  configure(lines: readonly HealthCheck[], rest: readonly NodeAddress[]): void {
    this.#lines = lines
    this.#rest = rest
    const restNames = new Set(rest.map(({ name }) => name))
    for (const watch of this.#watches.values()) {
      if (watch.id === null && !restNames.has(watch.name)) this.#leave(watch)
    }
    for (const node of this.#rest) this.#put(node.name, null, '', () => this.#restSubject(node))
    for (const record of this.#records.values()) this.#putRecord(record)
  }

  /** Whether nodes of this key are checked. */
  covers(key: string): boolean {
    return this.#lineFor(key) !== null
  }

  seek(record: NodeRecord, proven: () => void): void {
    this.#sought.set(record.id, proven)
    const watch = this.#watches.get(nodeName(record))
    if (watch === undefined) return // the record comes in a moment
    watch.proven = proven
    watch.hurry()
  }

  hurry(record: NodeRecord): void {
    if (this.#sought.has(record.id)) this.#watches.get(nodeName(record))?.hurry()
  }

  forget(id: string): void {
    this.#sought.delete(id)
    const record = this.#records.get(id)
    const watch = record === undefined ? undefined : this.#watches.get(nodeName(record))
    if (watch !== undefined) watch.proven = null
  }

  why(id: string): string {
    const record = this.#records.get(id)
    return record === undefined ? '' : (this.#watches.get(nodeName(record))?.why ?? '')
  }

  /** Nodes that fail now, for a gateway that starts. */
  verdicts(): Verdict[] {
    return [...this.#watches.values()].flatMap(({ name, tally, proven }) => {
      return tally.isWell || proven !== null ? [] : [{ name, isWell: false }]
    })
  }

  /** @param name as in pictures. @returns null: it is not checked */
  stateOf(name: string): CheckState | null {
    const watch = this.#watches.get(name)
    if (watch === undefined) return null
    const { tally, proven, sinceMs, why, tookMs } = watch
    const forMs = this.#world.now() - sinceMs
    return { isWell: tally.isWell, isNew: proven !== null, forMs, why, tookMs }
  }

  stop(): void {
    this.#end()
    for (const watch of this.#watches.values()) watch.stop()
    this.#watches.clear()
    if (this.#immediate !== null) clearImmediate(this.#immediate)
  }

  #hear(change: Change): void {
    if (change.kind === 'snapshot') {
      const ids = new Set(change.records.map(({ id }) => id))
      for (const record of this.#records.values()) if (!ids.has(record.id)) this.#remove(record)
      for (const record of change.records) this.#putRecord(record)
    } else if (change.kind === 'removed') this.#remove(change.record)
    else this.#putRecord(change.record)
  }

  // A node that speaks another protocol from now on has another name.
  #putRecord(record: NodeRecord): void {
    const before = this.#records.get(record.id)
    if (before !== undefined && nodeName(before) !== nodeName(record)) this.#remove(before)
    this.#records.set(record.id, record)
    this.#put(nodeName(record), record.id, record.key, () => this.#recordSubject(record))
  }

  #remove(record: NodeRecord): void {
    this.#records.delete(record.id)
    const watch = this.#watches.get(nodeName(record))
    if (watch !== undefined) this.#leave(watch)
  }

  // To gateways its name stays unwell, so that leaving and coming back forgives nothing. Here it begins anew.
  #leave(watch: Watch): void {
    watch.stop()
    this.#watches.delete(watch.name)
    if (watch.tally.isWell || watch.proven !== null) return
    this.#leftUnwell.add(watch.name)
    if (this.#leftUnwell.size <= MOST_LEFT) return
    for (const oldest of this.#leftUnwell) return void this.#leftUnwell.delete(oldest)
  }

  #put(name: string, id: string | null, key: string, subject: () => Subject): void {
    const line = this.#lineFor(key)
    const known = this.#watches.get(name)
    if (known === undefined && this.#leftUnwell.delete(name)) this.#tellVerdict(name, true)
    if (line === null) {
      if (known !== undefined) this.#drop(known)
      return
    }
    if (known !== undefined) {
      known.subject = subject
      if (JSON.stringify(known.line) !== JSON.stringify(line)) known.follow(line)
      return
    }
    const onOutcome = (one: Watch, wrong: string | null) => this.#judge(one, wrong)
    const watch = new Watch({ name, id, line, subject, onOutcome }, this.#world)
    this.#watches.set(name, watch)
    watch.proven = (id === null ? undefined : this.#sought.get(id)) ?? null
    if (watch.proven !== null) watch.hurry()
  }

  // It is there, and not checked any more: what a check said of it does not hold for ever.
  #drop(watch: Watch): void {
    watch.stop()
    this.#watches.delete(watch.name)
    if (watch.tally.isWell || watch.proven !== null) return
    this.#tellVerdict(watch.name, true)
    if (watch.id !== null) this.#options.onTurn?.(watch.id, true)
  }

  #judge(watch: Watch, wrong: string | null): void {
    const { name, id, tally, line, proven } = watch
    const { tell, onTurn } = this.#options
    // One success is enough for a new node, as one connect is where there are no checks.
    const rise = proven === null ? line.rise : 1
    const hasTurned = tally.count(wrong === null, { rise, fall: line.fall })
    if (tally.isWell && wrong === null) watch.why = ''
    if (hasTurned) {
      watch.sinceMs = this.#world.now()
      const method = line.method.kind
      if (tally.isWell) tell('info', 'node passes its checks again', { node: name, check: method })
      else tell('warn', 'node fails its checks', { node: name, check: method, cause: wrong! })
      if (id !== null) onTurn?.(id, tally.isWell)
      if (proven === null) this.#tellVerdict(name, tally.isWell)
    }
    if (proven === null || wrong !== null) return
    watch.proven = null
    watch.sinceMs = this.#world.now()
    this.#sought.delete(id!)
    if (!hasTurned) onTurn?.(id!, true)
    proven()
  }

  // What is found out in one turn goes in one message.
  #tellVerdict(name: string, isWell: boolean): void {
    this.#verdicts.set(name, isWell)
    this.#immediate ??= setImmediate(() => {
      this.#immediate = null
      const verdicts = [...this.#verdicts].map(([of, is]): Verdict => ({ name: of, isWell: is }))
      this.#verdicts = new Map()
      if (verdicts.length > 0) this.#options.publish(verdicts)
    })
  }

  #lineFor(key: string): HealthCheck | null {
    return this.#lines.find(line => matchesGlob(key, line.key)) ?? null
  }

  #recordSubject(record: NodeRecord): Subject {
    const { modifier1, modifier2 } = record.announcement
    const endpoint = endpointOf(record, this.#options.addresses)
    return { endpoint, proto: record.node.address.proto, host: hostOfKey(record.key), modifier1, modifier2 }
  }

  #restSubject(node: NodeAddress): Subject {
    const { proto } = node
    const none = { proto, modifier1: 0, modifier2: 0 }
    if (node.kind === 'unix')
      return { ...none, host: 'localhost', endpoint: { kind: 'unix', path: node.path } }
    const { host, port } = node
    const addresses = this.#options.addresses(host)
    const endpoint = addresses.length === 0 ? null : ({ kind: 'tcp', addresses, port } as const)
    return { ...none, host: hostPort(host, port), endpoint }
  }
}

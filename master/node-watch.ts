// master/node-watch.ts: what the master does about nodes that announce themselves and about the health of all nodes, put
// together: first connects, checks, what gateways report, and the way of all this to the gateways.
import type { CounterBatch, Verdict } from '../base/messages.ts'
import type { KeyPicture } from '../base/picture.ts'
import type { Values } from '../config/table.ts'
import { type CheckState, Checks } from '../subscription/checks/checks.ts'
import { Failing } from '../subscription/failing.ts'
import { FirstConnects } from '../subscription/first-connect.ts'
import type { Membership } from '../subscription/membership.ts'
import { TableFeed, type WaitingNode } from '../subscription/table-feed.ts'
import type { Log } from './logs/log.ts'
import type { Names } from './names.ts'

export interface NodeWatchOptions {
  readonly membership: Membership
  readonly names: Names
  readonly log: Log
  /** To every gateway that lives. */
  readonly publish: (keys: readonly KeyPicture[]) => void
  readonly judge: (verdicts: readonly Verdict[]) => void
}

/** What of the config it follows. */
export type WatchValues = Pick<Values, 'health-check' | 'http-to' | 'http-fallback'>

export class NodeWatch {
  readonly #failing: Failing
  readonly #connects: FirstConnects
  readonly #checks: Checks
  readonly #feed: TableFeed

  constructor({ membership, names, log, publish, judge }: NodeWatchOptions) {
    const addresses = (host: string) => names.addresses(host)
    const failing = new Failing(membership)
    this.#failing = failing
    this.#connects = new FirstConnects({
      addresses,
      onTry: (id, isFailing) => failing.tried(id, isFailing),
    })
    this.#checks = new Checks(membership, {
      addresses,
      tell: (level, text, fields) => log[level](fields, text),
      publish: judge,
      onTurn: (id, isWell) => failing.checked(id, isWell),
    })
    this.#feed = new TableFeed(membership, {
      names,
      proofFor: ({ key }) => (this.#checks.covers(key) ? this.#checks : this.#connects),
      publish,
    })
  }

  /** At the start, and after each reload. Before it nothing is checked. */
  configure(values: WatchValues): void {
    this.#checks.configure(values['health-check'], [...values['http-to'], ...values['http-fallback']])
    this.#feed.proofsChanged()
  }

  /** Resolves once each key has a node that serves, or had all of its nodes tried; after `limitMs` at most. */
  firstTries(limitMs: number): Promise<void> {
    return this.#feed.firstTries(limitMs)
  }

  /** How the announced nodes of a key ask for it to be balanced; ''. */
  algoOf(key: string): string {
    return this.#feed.algoOf(key)
  }

  /** These host names have other addresses. */
  namesChanged(hosts: readonly string[]): void {
    this.#feed.namesChanged(hosts)
  }

  /** A gateway counted. */
  heard(pid: number, { nodes }: CounterBatch): void {
    for (const { name, restsMs } of nodes) this.#failing.heard(pid, name, restsMs)
  }

  /** A gateway ended. */
  gone(pid: number): void {
    this.#failing.gone(pid)
  }

  /** What a gateway that starts must know. */
  table(): Iterable<readonly KeyPicture[]> {
    return this.#feed.snapshot()
  }

  verdicts(): readonly Verdict[] {
    return this.#checks.verdicts()
  }

  /** For how long an announced node, by the id of its record, has had traffic, or has had none; null: it is not there. */
  forMs(id: string): number | null {
    return this.#feed.forMs(id)
  }

  /** Announced nodes that get no traffic yet, and why. */
  waiting(): readonly WaitingNode[] {
    return this.#feed.waiting()
  }

  /** What checks say of a node, by its name in pictures; null: it is not checked. */
  checkOf(name: string): CheckState | null {
    return this.#checks.stateOf(name)
  }

  stop(): void {
    this.#feed.stop()
    this.#checks.stop()
    this.#connects.stop()
    this.#failing.stop()
  }
}

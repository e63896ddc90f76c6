// gateway/world.ts: what every connection of a gateway shares: the picture in force, the clock, the pools, the log.
import type { CounterBatch, NodeRest } from '../base/messages.ts'
import type { NodePicture, Picture } from '../base/picture.ts'
import { Wheel } from '../base/wheel.ts'
import { Backend } from '../routing/backend.ts'
import { Node } from '../routing/node.ts'
import { RetryBudget } from '../routing/retry-budget.ts'
import { Table } from '../routing/table.ts'
import { Admission } from './admission.ts'
import { TrustedProxies } from './client.ts'
import { Counters } from './counters.ts'
import { ExchangeLog } from './log-exchange.ts'
import { Paces } from './pace.ts'
import { Troubles } from './troubles.ts'
import { NodePool } from './upstream/pool.ts'
import { encodeVars } from './uwsgi/packet.ts'

const TICK_MS = 100
const SWEEP_MS = 1_000

/** A picture made ready for use. Immutable: an exchange keeps the one it began with. */
export interface Running {
  readonly picture: Picture
  readonly table: Table
  readonly proxies: TrustedProxies
  readonly vars: Buffer
}

/** Something worth a line in the master's event log. */
export type Tell = (
  level: 'info' | 'warn' | 'error',
  text: string,
  fields: Record<string, string | number>,
) => void

export class World {
  readonly wheel = new Wheel(TICK_MS)
  readonly budget = new RetryBudget()
  readonly tell: Tell
  readonly troubles: Troubles
  readonly counters: Counters
  readonly admission: Admission
  readonly paces = new Paces()
  running: Running
  accessLog: ExchangeLog | null = null
  /** No connection is kept any more: the process ends. */
  isStopping = false
  /** Others took over: each connection closes with its next answer. */
  isRetiring = false
  /** HTTP date of this second. */
  date = new Date().toUTCString()

  readonly #pools = new Map<Node, NodePool>()
  readonly #nodes = new Map<string, Node>()
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #idPrefix = `${process.pid.toString(36)}-${Date.now().toString(36)}-`
  #logsClosed: Promise<unknown> = Promise.resolve() // those of earlier pictures
  #ids = 0
  #sweptAt = 0

  constructor(picture: Picture, tell: Tell, count: (batch: CounterBatch) => void) {
    this.tell = tell
    this.counters = new Counters(count)
    this.admission = new Admission(this)
    this.troubles = new Troubles(tell)
    this.running = this.#compile(picture)
    this.#openLog(picture)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Lets nodes rest as other gateways found out. Those that the picture does not name are left out. */
  rest(rests: readonly NodeRest[]): void {
    for (const { name, ms } of rests) this.#nodes.get(name)?.restUntil(this.wheel.now + ms)
  }

  /** Puts a new picture in force for all exchanges that begin from now on. */
  apply(picture: Picture): void {
    const before = this.running.picture.accessLog
    this.#tellCounters() // nodes may leave
    this.running = this.#compile(picture)
    for (const pool of this.#pools.values()) pool.limit = picture.maxIdlePerNode
    if (JSON.stringify(before) !== JSON.stringify(picture.accessLog)) this.#openLog(picture)
  }

  poolOf(node: Node): NodePool {
    const known = this.#pools.get(node)
    if (known !== undefined) return known
    // An exchange of an older picture may reach for a node that left since: nothing of it is kept.
    const isCurrent = this.#nodes.get(node.name) === node
    const pool = new NodePool(node, isCurrent ? this.running.picture.maxIdlePerNode : 0, this.admission)
    if (isCurrent) this.#pools.set(node, pool)
    return pool
  }

  /** Closes a kept connection to a node, of the first that has one. @returns false when there is none */
  closeIdleUpstream(): boolean {
    for (const pool of this.#pools.values()) if (pool.closeLongest()) return true
    return false
  }

  /** Opens log files again: they were renamed. Resolves when nothing more goes to the old ones. */
  async reopenLogs(): Promise<void> {
    await Promise.all([this.#logsClosed, this.accessLog?.reopen()])
  }

  /** Unique among this machine's gateways. */
  nextRequestId(): string {
    return this.#idPrefix + (++this.#ids).toString(36)
  }

  /** Milliseconds, finer than the wheel's: for durations. */
  preciseNow(): number {
    return performance.now()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#tellCounters(0) // what is open now closes with the process
    for (const pool of this.#pools.values()) pool.close()
    await Promise.all([this.#logsClosed, this.accessLog?.close()])
  }

  // A node whose name stays keeps its object, and so its health and counters.
  #compile(picture: Picture): Running {
    const seen = new Set<Node>()
    const nodes = picture.nodes.map(node => this.#nodeOf(node, seen))
    const fallback = picture.fallbackNodes.map(node => this.#nodeOf(node, seen))
    const backends = picture.backends.map(({ key, nodes }): [string, Backend] => {
      return [
        key,
        new Backend(
          nodes.map(node => this.#nodeOf(node, seen)),
          [],
        ),
      ]
    })
    for (const [name, node] of this.#nodes) {
      if (seen.has(node)) continue
      this.#nodes.delete(name)
      this.#pools.get(node)?.close()
      this.#pools.delete(node)
    }
    const rest = nodes.length + fallback.length === 0 ? null : new Backend(nodes, fallback)
    return {
      picture,
      table: new Table(new Map(backends), rest),
      proxies: new TrustedProxies(picture.trustedProxies),
      vars: encodeVars(picture.vars),
    }
  }

  #nodeOf(picture: NodePicture, seen: Set<Node>): Node {
    const node = this.#nodes.get(picture.name) ?? new Node(picture)
    node.update(picture)
    this.#nodes.set(picture.name, node)
    seen.add(node)
    return node
  }

  #openLog(picture: Picture): void {
    const old = this.accessLog
    const settings = picture.accessLog
    this.accessLog =
      settings === null
        ? null
        : new ExchangeLog(settings, text => this.tell('warn', text, { code: 'SLUICE_LOG_FAILED' }))
    if (old !== null) this.#logsClosed = Promise.all([this.#logsClosed, old.close()])
  }

  #tellCounters(connections = this.admission.connections): void {
    this.counters.tell(this.wheel.now, connections, this.#nodes.values())
  }

  #tick(): void {
    const now = performance.now() - this.#started
    this.wheel.advance(now)
    this.paces.tick(now, this.running.picture.minRateAfterMs)
    this.admission.tick()
    this.counters.tick(now, this.admission.connections, this.#nodes.values())
    if (now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    this.date = new Date().toUTCString()
    for (const pool of this.#pools.values()) pool.sweep(now)
  }
}

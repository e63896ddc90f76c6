// gateway/world.ts: what every connection of a gateway shares: the picture in force, the clock, the pools, the log.
import type { LimitGrant, LimitReport } from '../base/limits.ts'
import type { CounterBatch, NodeRest, Verdict } from '../base/messages.ts'
import type { NetFilePicture } from '../base/nets.ts'
import type { KeyPicture, Picture } from '../base/picture.ts'
import type { RulesPicture } from '../base/rules-picture.ts'
import { Wheel } from '../base/wheel.ts'
import type { Backend } from '../routing/backend.ts'
import { RetryBudget } from '../routing/retry-budget.ts'
import type { Program } from '../routing/rules/program.ts'
import type { TableChange } from '../routing/table-builder.ts'
import { Admission } from './admission.ts'
import { TrustedProxies } from './client.ts'
import { Counters } from './counters.ts'
import { Directory } from './directory.ts'
import { ExchangeLog } from './log-exchange.ts'
import { Paces } from './pace.ts'
import { Queues } from './queues.ts'
import { openRulebook, ruleCodeProblem } from './rule-code.ts'
import type { Rulebook } from './rules/rulebook.ts'
import { Sticky } from './sticky.ts'
import { Troubles } from './troubles.ts'
import { Pools } from './upstream/pools.ts'
import { encodeVars } from './uwsgi/packet.ts'

const TICK_MS = 100
const SWEEP_MS = 1_000
const LIMITS_MS = 250

/** A picture made ready for use. Immutable: an exchange keeps the one it began with. */
export interface Running {
  readonly picture: Picture
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
  readonly pools: Pools
  readonly paces = new Paces()
  readonly queues = new Queues()
  /** Who serves what, as of now: no exchange keeps an older one. */
  readonly directory: Directory
  sticky: Sticky
  running: Running
  /** The route rules in force; null: there are none. Apart from the rest, which idle connections keep: it may be large. */
  program: Program | null
  /** What runs them; null: there never were any. */
  rulebook: Rulebook | null = null
  accessLog: ExchangeLog | null = null
  /** No connection is kept any more: the process ends. */
  isStopping = false
  /** Others took over: each connection closes with its next answer. */
  isRetiring = false
  /** HTTP date of this second. */
  date = new Date().toUTCString()

  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #idPrefix = `${process.pid.toString(36)}-${Date.now().toString(36)}-`
  #logsClosed: Promise<unknown> = Promise.resolve() // those of earlier pictures
  /** Hears of keys of rate limits that are asked for a lot. */
  onLimits: (reports: readonly LimitReport[]) => void = () => {}
  #ids = 0
  #sweptAt = 0
  #limitsToldAt = 0

  constructor(
    picture: Picture,
    table: readonly KeyPicture[],
    rules: readonly RulesPicture[],
    tell: Tell,
    count: (batch: CounterBatch) => void,
  ) {
    this.tell = tell
    this.counters = new Counters(count)
    this.admission = new Admission(this)
    this.pools = new Pools(picture.maxIdlePerNode, this.admission)
    this.troubles = new Troubles(tell)
    this.running = compile(picture)
    for (const learnt of rules) this.learnRules(learnt)
    this.program = this.#programOf(picture)
    this.sticky = new Sticky(picture.stickySecret)
    this.directory = new Directory(
      () => this.wheel.now,
      change => this.#follow(change),
    )
    this.directory.configure(picture, table)
    this.#openLog(picture)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Lets nodes rest as other gateways found out. Those that the picture does not name are left out. */
  rest(rests: readonly NodeRest[]): void {
    this.directory.rest(rests)
    for (const { name } of rests) {
      const node = this.directory.nodes.get(name)
      if (node !== undefined) this.counters.note(node)
    }
  }

  /** What checks found. */
  judge(verdicts: readonly Verdict[]): void {
    this.directory.judge(verdicts)
  }

  /** What changed of the nodes that announced themselves. */
  announce(keys: readonly KeyPicture[]): void {
    this.directory.announce(keys)
  }

  /** Rules that a picture to come names. Their code is loaded by then; if it could not be, that picture is refused. */
  learnRules(rules: RulesPicture): void {
    this.#openRulebook()?.learn(rules)
  }

  /** Lists of networks that rules name. */
  learnNets(files: readonly NetFilePicture[]): void {
    this.#openRulebook()?.surroundings.ours.learnNets(files)
  }

  /** What part of rate limits this gateway has. */
  grant(grants: readonly LimitGrant[]): void {
    this.rulebook?.surroundings.ours.granted(grants)
  }

  /** Puts a new picture in force for all exchanges that begin from now on. */
  apply(picture: Picture): void {
    const before = this.running.picture
    const running = compile(picture)
    const program = this.#programOf(picture) // may throw
    this.#tellCounters() // nodes may leave
    this.running = running
    this.program = program
    if (this.rulebook !== null) this.rulebook.surroundings.ours.gateways = picture.gateways
    if (before.stickySecret !== picture.stickySecret) this.sticky = new Sticky(picture.stickySecret)
    this.directory.configure(picture)
    this.pools.setLimit(picture.maxIdlePerNode)
    if (JSON.stringify(before.accessLog) !== JSON.stringify(picture.accessLog)) this.#openLog(picture)
  }

  /** Opens log files again: they were renamed. Resolves when nothing more goes to the old ones. */
  async reopenLogs(): Promise<void> {
    await Promise.all([this.#logsClosed, this.accessLog?.reopen()])
  }

  /** Unique among this machine's gateways. */
  nextRequestId(): string {
    return this.#idPrefix + (++this.#ids).toString(36)
  }

  /** The wheel's milliseconds, as of now and not of its last tick. */
  get exactNow(): number {
    return performance.now() - this.#started
  }

  /** A node of the backend may have room. */
  serve(backend: Backend): void {
    this.queues.serve(backend, this.wheel.now)
  }

  /** Milliseconds, finer than the wheel's: for durations. */
  preciseNow(): number {
    return performance.now()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#tellCounters(0) // what is open now closes with the process
    this.pools.close()
    await Promise.all([this.#logsClosed, this.accessLog?.close(), this.rulebook?.close()])
  }

  #programOf({ rules }: Picture): Program | null {
    if (this.rulebook !== null) return this.rulebook.programs.use(rules)
    if (rules === 0) return null
    throw new Error(ruleCodeProblem())
  }

  #openRulebook(): Rulebook | null {
    if (this.rulebook !== null) return this.rulebook
    const { stickySecret, gateways } = this.running.picture
    this.rulebook = openRulebook(this, stickySecret)
    if (this.rulebook !== null) this.rulebook.surroundings.ours.gateways = gateways
    return this.rulebook
  }

  // Nodes that left finish what they have in hand, each on its connection, and keep none.
  #follow({ left }: TableChange): void {
    for (const node of left) this.pools.forget(node)
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
    this.counters.tell(this.wheel.now, connections)
  }

  #tick(): void {
    const now = performance.now() - this.#started
    this.wheel.advance(now)
    this.paces.tick(now, this.running.picture.minRateAfterMs)
    this.admission.tick()
    this.queues.tick(now)
    this.counters.tick(now, this.admission.connections)
    if (now - this.#limitsToldAt >= LIMITS_MS) this.#tellLimits(now)
    if (now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    this.date = new Date().toUTCString()
    this.pools.sweep(now)
  }

  #tellLimits(now: number): void {
    this.#limitsToldAt = now
    if (this.rulebook === null) return
    const reports = this.rulebook.reports()
    if (reports.length > 0) this.onLimits(reports)
  }
}

function compile(picture: Picture): Running {
  return {
    picture,
    proxies: new TrustedProxies(picture.trustedProxies),
    vars: encodeVars(picture.vars),
  }
}

// master/subscriptions.ts: what the master knows of nodes: those that announce themselves, those of the config, and those of
// the run before, in one membership. Its parts are in subscription/; here they get sockets, files, a clock and the config.
import { hostname, networkInterfaces } from 'node:os'
import { Forwarding } from '../subscription/forwarding.ts'
import { expelUnadmitted } from '../subscription/judge.ts'
import type { Pulse } from '../subscription/membership.ts'
import { MemoryMembership } from '../subscription/memory-membership.ts'
import { PublicKeys } from '../subscription/public-keys.ts'
import { Quota } from '../subscription/quota.ts'
import { type Clock, Reception, type ReceptionOptions, type Rules } from '../subscription/reception.ts'
import { type RefusalLine, RefusalLog } from '../subscription/refusal-log.ts'
import { REFUSALS, type RefusalReason } from '../subscription/refusals.ts'
import { DEFAULT_MOST_MARKS, ReplayGuard, type ReplayLimits } from '../subscription/replay.ts'
import { Resubscriber } from '../subscription/resubscriber.ts'
import { BindFailed, type Rebound, ServerSockets } from '../subscription/sockets.ts'
import { restore, stateOf } from '../subscription/state.ts'
import type { Log } from './logs/log.ts'
import { MemberLog } from './member-log.ts'
import { StartRefused } from './refused.ts'
import { datagramProblem } from './sockets/bind-problem.ts'
import { syncStatic } from './static-members.ts'
import type { SubscriptionPlan } from './subscription-plan.ts'
import { StateKeeper } from './subscription-state.ts'

export interface SubscriptionsOptions {
  readonly plan: SubscriptionPlan
  readonly log: Log
  /** What a host name resolves to now, see names.ts. */
  readonly addresses: (host: string) => readonly string[]
  /** For tests. */
  readonly clock?: Clock
}

/** Since the start. */
export interface SubscriptionCounts {
  /** Announcements that were taken, heartbeats included. */
  readonly accepted: number
  readonly refused: ReadonlyMap<RefusalReason, number>
  readonly refusedBySource: readonly { readonly source: string; readonly count: number }[]
}

const TICK_MS = 1_000
const SELDOM_TICKS = 10
const FORGET_TICKS = 60
const REAL_CLOCK: Clock = { monotonicMs: () => performance.now(), unixMs: () => Date.now() }

export class Subscriptions {
  readonly membership: MemoryMembership
  readonly #log: Log
  readonly #clock: Clock
  readonly #addresses: SubscriptionsOptions['addresses']
  readonly #quota: Quota
  readonly #replay: ReplayGuard
  readonly #refusals = new RefusalLog()
  readonly #reception: Reception
  readonly #forwarding = new Forwarding()
  readonly #sockets: ServerSockets
  readonly #state: StateKeeper
  readonly #members: MemberLog
  readonly #machine = new Set<string>() // addresses of this machine, kept up to date in place
  #plan: SubscriptionPlan
  #rules: Rules
  #admission = '' // by which every node that is there was admitted
  #resubscriber: Resubscriber | null = null
  #notBeforeS = 0
  #timer: NodeJS.Timeout | null = null
  #ticks = 0
  #acceptedBefore = 0 // at the last tick

  constructor({ plan, log, addresses, clock = REAL_CLOCK }: SubscriptionsOptions) {
    this.#plan = plan
    this.#log = log
    this.#clock = clock
    this.#addresses = addresses
    const { toleranceMs, limits } = plan
    this.membership = new MemoryMembership({ origin: hostname(), toleranceMs, version: 0 })
    this.#quota = new Quota(limits)
    this.#replay = new ReplayGuard(this.#replayLimits())
    this.#rules = this.#rulesOf(plan, null)
    this.#reception = new Reception({
      membership: this.membership,
      quota: this.#quota,
      refusals: this.#refusals,
      clock,
      rules: this.#rules,
      tell: line => this.#tell(line),
      forward: this.#forwardTo(plan),
    })
    this.#sockets = new ServerSockets({
      onDatagram: (bytes, source) => this.#reception.take(bytes, source),
      onError: ({ text }, error) =>
        log.warn({ address: text, cause: error.message }, 'cannot receive announcements'),
    })
    const { monotonicMs } = clock
    const state = () => stateOf(this.membership, this.#replay, monotonicMs(), this.#nowS())
    this.#state = new StateKeeper({ log, monotonicMs, state })
    this.#members = new MemberLog(log)
    this.membership.follow(change => {
      this.#quota.heed(change)
      this.#members.heed(change)
      this.#state.changed()
    })
  }

  /** Ports that were bound, one for each server of the plan. */
  get ports(): readonly number[] {
    return this.#sockets.ports
  }

  /** Whether no node is known, of the config or announced. */
  get isEmpty(): boolean {
    return this.#members.count === 0
  }

  /** What is known of a node that is no event; null: it is not there. */
  pulse(id: string): Pulse | null {
    return this.membership.pulse(id, this.#clock.monotonicMs())
  }

  /** The latest refusal of this key, of each sender. @param key in any spelling */
  refusalsOf(key: string): readonly RefusalLine[] {
    return this.#refusals.ofKey(key)
  }

  get counts(): SubscriptionCounts {
    return {
      accepted: this.#reception.accepted,
      refused: this.#refusals.byReason,
      refusedBySource: this.#refusals.bySource(),
    }
  }

  /** With the rights to bind. @throws StartRefused */
  async bind(): Promise<void> {
    const { commit } = await this.#rebind(this.#plan)
    commit()
  }

  /** As the user that we run as: nodes of the run before are there when it resolves, and announcements come in. */
  async start(): Promise<void> {
    this.#lookAtMachine()
    await this.#restore()
    this.#admission = this.#admissionNow()
    syncStatic(this.membership, this.#plan.backend, this.#clock.monotonicMs())
    this.#members.begin()
    this.#sockets.receive()
    for (const [i, { address }] of this.#plan.servers.entries())
      this.#log.info({ address: address.text, port: this.ports[i]! }, 'nodes may announce themselves')
    this.#timer = setInterval(() => this.tick(), TICK_MS)
  }

  /**
   * What a reload asks for. Binds what is new; nothing else changes before commit().
   *
   * @throws StartRefused, nothing changed
   */
  async prepare(plan: SubscriptionPlan): Promise<Rebound> {
    const sockets = await this.#rebind(plan)
    const commit = () => {
      sockets.commit()
      this.#change(plan)
    }
    return { commit, undo: sockets.undo }
  }

  /** Resolves once everything is written. */
  async stop(): Promise<void> {
    this.#sockets.close()
    this.#resubscriber?.close()
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
    await this.#state.close()
  }

  /** Once a second: leases end, files are written. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs()
    this.membership.tick(nowMs)
    this.#members.tick()
    for (const line of this.#refusals.tick(nowMs)) this.#tell(line)
    if (this.#reception.accepted !== this.#acceptedBefore) {
      this.#acceptedBefore = this.#reception.accepted
      if (this.#rules.trust === null) this.#state.heard()
      else this.#state.changed() // marks of signed packets: a replay must not find an old file
    }
    this.#state.tick()
    this.#ticks++
    if (this.#ticks % SELDOM_TICKS === 0) {
      this.#lookAtMachine()
      this.#sockets.joinAgain()
      this.#forwarding.tick(nowMs)
    }
    if (this.#ticks % FORGET_TICKS === 0) this.#replay.forget(this.#nowS())
  }

  async #rebind({ servers }: SubscriptionPlan): Promise<Rebound> {
    try {
      return await this.#sockets.rebind(servers.map(({ address }) => address))
    } catch (error) {
      if (!(error instanceof BindFailed)) throw error
      const { place } = servers[error.index]!
      const problem = datagramProblem(error.address, place, error.cause as NodeJS.ErrnoException)
      throw new StartRefused('SLUICE_BIND_FAILED', [problem], { cause: error })
    }
  }

  async #restore(): Promise<void> {
    const state = await this.#state.open(this.#plan.state)
    const trust = this.#rules.trust
    if (state === null) return this.#refuseOlder('nothing is known of those before')
    const replay = trust === null ? null : this.#replay
    const { policy } = this.#rules
    const now = this.#clock.monotonicMs()
    const { nodes, refused } = restore(state, this.membership, this.#quota, policy, replay, now)
    if (nodes + refused > 0) this.#log.info({ nodes, refused }, 'nodes of the run before are there again')
    if (this.#replay.size === 0) this.#refuseOlder('the run before took none')
  }

  // What was signed before and came then cannot be told from a replay.
  #refuseOlder(cause: string): void {
    if (this.#rules.trust === null) return
    this.#notBeforeS = this.#nowS()
    this.#replay.setLimits(this.#replayLimits())
    this.#log.info({ cause }, 'packets that were signed before now are refused')
  }

  #change(plan: SubscriptionPlan): void {
    const before = this.#plan
    this.#plan = plan
    const wasSigned = this.#rules.trust !== null
    this.#rules = this.#rulesOf(plan, before)
    this.#reception.change(this.#rules, this.#forwardTo(plan))
    this.#replay.setLimits(this.#replayLimits())
    if (!wasSigned && this.#replay.size === 0) this.#refuseOlder('signatures were not asked for until now')
    this.#quota.setLimits(plan.limits)
    this.membership.setTolerance(plan.toleranceMs)
    // In this order: who the config names no more is from then on judged by what it announces.
    syncStatic(this.membership, plan.backend, this.#clock.monotonicMs())
    // To look at each of thousands of nodes holds the loop.
    const admission = this.#admissionNow()
    if (admission !== this.#admission) this.#expel(plan)
    this.#admission = admission
    if (JSON.stringify(before.state) !== JSON.stringify(plan.state)) this.#state.move(plan.state)
  }

  // All that decides on who is admitted, as text; and the config's nodes, under which announced ones may lie unjudged.
  #admissionNow(): string {
    const { servers, lines, signCheck, backend } = this.#plan
    const machine = [...this.#machine].sort()
    return JSON.stringify([servers.length > 0, lines, signCheck !== null, machine, backend])
  }

  #expel(plan: SubscriptionPlan): void {
    const records = Array.from(this.membership.entries(), ({ record }) => record)
    const { policy, trust } = this.#rules
    if (plan.servers.length > 0) expelUnadmitted(records, this.membership, policy, trust !== null)
    else for (const { id, isStatic } of records) if (!isStatic) this.membership.withdraw(id, 'unconfigured')
  }

  #rulesOf({ lines, protocols, signCheck }: SubscriptionPlan, before: SubscriptionPlan | null): Rules {
    const policy = { lines, protocols, machine: this.#machine }
    if (signCheck === null) return { policy, trust: null }
    const { digests, directory } = signCheck
    const isSame = before?.signCheck?.directory === directory && this.#rules.trust !== null
    if (isSame) return { policy, trust: { ...this.#rules.trust!, digests } }
    const keys = new PublicKeys({
      directory,
      monotonicMs: this.#clock.monotonicMs,
      onBadFile: (file, problem, remedy) =>
        this.#log.warn(
          { code: 'SLUICE_SUBSCRIPTION_KEY', file, cause: problem, remedy },
          'public key is not used',
        ),
    })
    return { policy, trust: { digests, replay: this.#replay, publicKey: name => keys.get(name) } }
  }

  #forwardTo({ targets, multicastTtl, multicastLoop }: SubscriptionPlan): ReceptionOptions['forward'] {
    this.#resubscriber?.close()
    this.#resubscriber = null
    if (targets.length === 0) return null
    const resubscriber = new Resubscriber({
      targets,
      addresses: this.#addresses,
      multicastTtl,
      multicastLoop,
      onError: ({ text }, cause) =>
        this.#log.warn({ target: text, cause }, 'announcements are not passed on'),
    })
    this.#resubscriber = resubscriber
    return { by: this.#forwarding, send: bytes => resubscriber.send(bytes) }
  }

  #replayLimits(): ReplayLimits {
    const { signToleranceS: toleranceS, signSkewS: skewS } = this.#plan
    return { toleranceS, skewS, notBeforeS: this.#notBeforeS, mostMarks: DEFAULT_MOST_MARKS }
  }

  #lookAtMachine(): void {
    const now = new Set(machineAddresses())
    for (const address of this.#machine) if (!now.has(address)) this.#machine.delete(address)
    for (const address of now) this.#machine.add(address)
  }

  #tell({ source, count, reason, detail, remedy }: RefusalLine): void {
    const fields = { code: 'SLUICE_SUBSCRIPTION_REFUSED', source, count, reason, detail, remedy }
    this.#log.warn(fields, `announcement refused: ${REFUSALS[reason]}`)
  }

  #nowS(): number {
    return Math.floor(this.#clock.unixMs() / 1000)
  }
}

// IPv4 only: there the kernel drops what comes from outside with an address of ours. With IPv6 it does not, and anybody
// could pass for us; loopback is safe with both.
function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ address, family }) => (family === 'IPv4' ? [address] : [])),
  )
}

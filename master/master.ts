// master/master.ts: the life of an instance: binds, starts daemons and gateways, keeps them going, reloads, ends them all.
// It carries no traffic.
import type { Picture, TlsPicture } from '../base/picture.ts'
import { changeText } from '../config/changes.ts'
import { type Config, problemText } from '../config/config.ts'
import { announcedNames } from './announced.ts'
import type { ReloadReport, Status, StopMode } from './controls.ts'
import { Daemons } from './daemons.ts'
import { Doors } from './doors.ts'
import { gatewayProblem } from './gateway-problem.ts'
import { GatewayFailed } from './gateways.ts'
import { Generations, type PictureFor } from './generations.ts'
import { Insight } from './insight.ts'
import { MasterLimits } from './limits.ts'
import { LogUpkeep } from './log-upkeep.ts'
import type { Log } from './logs/log.ts'
import type { Logs } from './logs/logs.ts'
import { Names } from './names.ts'
import { NetWatch } from './net-watch.ts'
import { NodeWatch } from './node-watch.ts'
import { buildPicture, hostsOf, nodeNames } from './picture.ts'
import type { StartPlan } from './plan.ts'
import { becomeUser } from './privileges/become.ts'
import { forbidCoreDumps } from './privileges/core-dumps.ts'
import { setLimits } from './privileges/limits.ts'
import type { Owner } from './privileges/owner.ts'
import { warnOfRoot } from './privileges/user.ts'
import { StartRefused } from './refused.ts'
import {
  changedFiles,
  changedRules,
  reasonsForNew,
  refusals,
  saysTheSame,
  waitingForRestart,
} from './reload.ts'
import { RulesStore } from './rules-store.ts'
import { type Served, servedUrls } from './served.ts'
import { Sleep } from './sleep.ts'
import type { BoundListener } from './sockets/sockets.ts'
import { StatsServer } from './stats-server.ts'
import type { Steered } from './steering/requests.ts'
import { stickySecret } from './sticky-secret.ts'
import { Subscriptions } from './subscriptions.ts'
import { tlsPictures } from './tls.ts'
import { Totals } from './totals.ts'
import type { WhyReport } from './why.ts'

/** Milliseconds that a start or reload waits for DNS before it goes on without. */
const NAMES_MS = 3000
/** Milliseconds that a start waits until nodes of the run before were tried, so that they serve from the first request on. */
const FIRST_TRIES_MS = 1000
/** How often is looked at what nobody tells us: logs that grow beyond log-maxsize. */
const TICK_MS = 1000
/** How often shares of rate limits are moved while some are asked for a lot. */
const LIMITS_MS = 100
/** How often counters of announced nodes that left are forgotten, in ticks. */
const FORGET_TICKS = 60

export interface MasterOptions {
  readonly plan: StartPlan
  readonly logs: Logs
  readonly version: string
  /** Reads and checks the whole config again. @throws StartRefused */
  readonly read: () => Promise<StartPlan>
  /** Makes what may need the rights that are given up next; `owner` null: none are. @throws StartRefused */
  readonly beforeDrop?: (owner: Owner | null) => void | Promise<void>
  /** @throws StartRefused */
  readonly afterDrop?: () => void | Promise<void>
}

/** What is in force: swapped whole by a reload. */
interface Running {
  readonly plan: StartPlan
  /** One for each of plan.binds. */
  readonly bound: readonly BoundListener[]
  /** One for each of plan.listeners. */
  readonly tls: readonly (TlsPicture | null)[]
  readonly stickySecret: string
  /** Id of its route rules; see Picture.rules. */
  readonly rules: number
}

export class Master implements Steered {
  readonly #options: MasterOptions
  readonly #log: Log
  readonly #totals = new Totals()
  readonly #names: Names
  readonly #daemons: Daemons
  readonly #generations: Generations
  readonly #subscriptions: Subscriptions
  readonly #sleep: Sleep
  readonly #watch: NodeWatch
  readonly #insight: Insight
  readonly #stats: StatsServer
  readonly #doors: Doors
  readonly #logUpkeep: LogUpkeep
  readonly #rules = new RulesStore()
  readonly #nets: NetWatch
  readonly #limits: MasterLimits
  #running: Running
  #version = 0 // of the latest picture
  #reloads = 0
  #isPaused = false
  #ticks = 0
  #timer: NodeJS.Timeout | null = null
  #limitsTimer: NodeJS.Timeout | null = null
  #work: Promise<unknown> = Promise.resolve() // reloads and pauses, one after the other
  #next: { replace: boolean; report: Promise<ReloadReport> } | null = null // a reload that did not begin yet
  #stopped: Promise<void> | null = null

  constructor(options: MasterOptions) {
    const { plan, logs } = options
    const log = logs.events
    this.#options = options
    this.#log = log
    const rules = this.#rules.add(plan.rules.parts)
    this.#running = { plan, bound: [], tls: [], stickySecret: '', rules }
    this.#names = new Names(hostsOf(plan), hosts => this.#namesChanged(hosts), log)
    const { daemons, directory: cwd, daemonEnv: env } = plan
    this.#daemons = new Daemons({ daemons, cwd, env, log, logs })
    this.#generations = new Generations({
      log,
      readOutput: child => logs.followGateway(child),
      rests: () => this.#totals.rests(),
      rules: id => this.#rules.messages(id),
      nets: () => this.#nets.messages(),
      onLimits: (pid, reports) => {
        this.#limits.hear(pid, reports, performance.now())
        this.#limitsTimer ??= setTimeout(() => this.#moveLimits(), LIMITS_MS).unref()
      },
      table: () => this.#watch.table(),
      verdicts: () => this.#watch.verdicts(),
      onCounters: (pid, batch) => {
        this.#totals.add(pid, batch)
        this.#watch.heard(pid, batch)
      },
      onGone: pid => {
        this.#totals.gone(pid)
        this.#watch.gone(pid)
      },
    })
    this.#nets = new NetWatch({ log, tell: message => this.#generations.tell(message) })
    this.#nets.learn(plan.rules.netFiles)
    this.#limits = new MasterLimits(
      () => this.#generations.pids,
      (pid, grants) => this.#generations.tellOne(pid, { kind: 'limits', grants }),
    )
    const addresses = (host: string) => this.#names.addresses(host)
    this.#subscriptions = new Subscriptions({ plan: plan.subscriptions, log, addresses })
    this.#sleep = new Sleep({
      log,
      shouldSleep: () => this.#running.plan.subscriptions.isCheap && this.#subscriptions.isEmpty,
      isHeld: () => this.#isPaused || this.#stopped !== null,
      retire: () => this.#retire(),
      wake: () => this.#resume(),
      inTurn: work => this.#inTurn(work),
    })
    this.#watch = new NodeWatch({
      membership: this.#subscriptions.membership,
      names: this.#names,
      log,
      publish: keys => this.#generations.publish(keys),
      judge: verdicts => this.#generations.judge(verdicts),
    })
    this.#insight = new Insight({
      version: options.version,
      totals: this.#totals,
      names: this.#names,
      generations: this.#generations,
      subscriptions: this.#subscriptions,
      watch: this.#watch,
      running: () => this.#running,
      picture: () => this.#pictureNow(this.#running),
    })
    this.#stats = new StatsServer({ document: () => this.#insight.routerJson(), log })
    this.#doors = new Doors(this.#stats, this.#subscriptions)
    this.#logUpkeep = new LogUpkeep(logs, this.#generations)
  }

  /**
   * Resolves once every gateway listens. After a failure stop() cleans up.
   *
   * @throws StartRefused with what people should read
   */
  async start(): Promise<Served[]> {
    const { plan } = this.#options
    const started = Promise.withResolvers<void>()
    this.#work = started.promise // a reload waits for the start
    try {
      setLimits(plan.config)
      warnOfRoot(plan.user, this.#log)
      await forbidCoreDumps(this.#log)
      const tls = await tlsPictures(plan, this.#log)
      await this.#doors.bind(plan, bound => {
        const secret = stickySecret(plan.config, '', this.#log)
        this.#running = { ...this.#running, bound, tls, stickySecret: secret }
      })
      await this.#options.beforeDrop?.(plan.user)
      becomeUser(plan)
      this.#options.logs.begin()
      await this.#options.afterDrop?.()
      await this.#begin(this.#running, null, () => this.#learn(plan)) // while gateways load their code
      await this.#update() // names may have changed meanwhile
      await this.#sleep.settle()
      this.#subscriptions.membership.follow(() => this.#sleep.heed())
      await this.#stats.begin()
      return servedUrls(plan, this.#running.bound, this.#pictureNow(this.#running))
    } catch (error) {
      if (!this.#stopped) throw error
      this.#doors.close(this.#running.bound) // who stopped us found less to end than there is now
      await this.#subscriptions.stop()
      return []
    } finally {
      started.resolve()
    }
  }

  // Which nodes there are, and which of those of the run before can be reached.
  async #learn(plan: StartPlan): Promise<void> {
    this.#watch.configure(plan.config.values)
    await this.#subscriptions.start()
    await this.#names.start(NAMES_MS)
    await this.#watch.firstTries(FIRST_TRIES_MS)
    if (this.#stopped) return
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#daemons.start()
    this.#forgetOldCounters()
  }

  /** What is in force. */
  get config(): Config {
    return this.#running.plan.config
  }

  reload({ replace = false } = {}): Promise<ReloadReport> {
    if (this.#next !== null) {
      this.#next.replace ||= replace
      return this.#next.report
    }
    const report = this.#inTurn(() => {
      const wantsNew = this.#next?.replace ?? replace
      this.#next = null
      return this.#reloadNow(wantsNew)
    })
    this.#next = { replace, report }
    return report
  }

  /** Ends everything. A second call may be less patient than the first, and joins it. */
  stop(mode: StopMode): Promise<void> {
    const first = this.#stopped
    if (first) {
      void this.#generations.stop(0)
      if (mode !== 'graceful') void this.#daemons.stop(true)
      return first
    }
    this.#stopped = this.#stopEverything(mode)
    return this.#stopped
  }

  pauseOrResume(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#stopped) return this.#isPaused
      if (!this.#isPaused) this.#retire()
      else if (!this.#sleep.isTime) await this.#resume()
      this.#isPaused = !this.#isPaused
      await this.#sleep.settle()
      return this.#isPaused
    })
  }

  reopenLogs(): Promise<void> {
    return this.#logUpkeep.reopen()
  }

  rotateLogs(): Promise<void> {
    return this.#logUpkeep.rotate()
  }

  status(): Status {
    return this.#insight.status({ isPaused: this.#isPaused, reloads: this.#reloads })
  }

  why(key: string): WhyReport {
    return this.#insight.why(key)
  }

  async #reloadNow(replace: boolean): Promise<ReloadReport> {
    const began = performance.now()
    const report = (kind: ReloadReport['kind'], rest: Partial<ReloadReport> = {}): ReloadReport => {
      const tookMs = Math.round(performance.now() - began)
      return { kind, changes: [], reasons: [], warnings: [], problem: '', tookMs, ...rest }
    }
    if (this.#stopped) return report('stopping')
    try {
      const done = await this.#change(await this.#options.read(), replace)
      const { kind, changes, reasons, warnings } = done
      if (kind !== 'unchanged') this.#reloads++
      this.#log.info({ kind, changes, ...(reasons.length ? { reasons } : {}) }, 'reloaded')
      for (const warning of warnings) this.#log.warn(warning)
      return report(kind, done)
    } catch (error) {
      if (this.#stopped) return report('stopping')
      const problem = this.#refusal(error)
      this.#log.error({ code: 'SLUICE_RELOAD_REFUSED' }, `reload refused, nothing changed: ${problem}`)
      return report('refused', { problem })
    }
  }

  // All that can fail comes first; what runs is touched only when the rest cannot fail any more.
  async #change(
    plan: StartPlan,
    replace: boolean,
  ): Promise<Pick<ReloadReport, 'kind' | 'changes' | 'reasons' | 'warnings'>> {
    const before = this.#running
    const impossible = refusals(before.plan, plan)
    if (impossible.length > 0) throw new StartRefused('SLUICE_RELOAD_REFUSED', impossible)
    const tls = await tlsPictures(plan, this.#log)
    const sockets = await this.#doors.rebind(before.bound, plan)
    const secret = stickySecret(plan.config, before.stickySecret, this.#log)
    const rules = this.#rules.add(plan.rules.parts)
    const after: Running = { plan, bound: sockets.bound, tls, stickySecret: secret, rules }
    try {
      await this.#names.add(hostsOf(plan), NAMES_MS)
      this.#nets.learn(plan.rules.netFiles)
      const reasons = reasonsForNew(before, after)
      const old = this.#pictureNow(before)
      const now = this.#pictureNow(after)
      const optionChanges = changeText(before.plan.config, plan.config)
      const changes = [...optionChanges, ...changedFiles(old, now), ...changedRules(old, now, optionChanges)]
      // Those that sleep begin with this config when they wake: gateways without a node would answer who waits for one.
      const { isAsleep } = this.#sleep
      const wakes = isAsleep && !plan.subscriptions.isCheap
      const isNew = (wakes || (!isAsleep && (replace || reasons.length > 0))) && !this.#isPaused
      if (isNew) await this.#begin(after, before)
      if (this.#stopped) throw new Error('Sluice stops')
      await this.#follow(after, before, isNew)
      sockets.commit()
      await this.#settle(after)
      const isSame = optionChanges.length === 0 && saysTheSame(old, now)
      const warnings = [
        ...plan.config.warnings,
        ...plan.warnings,
        ...sockets.warnings,
        ...waitingForRestart(this.#options.plan, plan),
      ]
      return {
        kind: isNew ? 'new generation' : isSame ? 'unchanged' : 'in place',
        changes,
        reasons,
        warnings: warnings.map(warning => problemText(warning, 'warning')),
      }
    } catch (error) {
      if (this.#running !== after) sockets.undo()
      this.#names.forgetOthers(hostsOf(this.#running.plan))
      this.#rules.keep(this.#running.rules)
      this.#nets.keepOnly(this.#running.plan.rules.netFiles)
      throw error
    }
  }

  // A name that resolves to other addresses meanwhile makes a picture of what is in force: that is the new config from
  // the first gateway on. Checks of ours and the gateways' own may differ: where one of them cannot follow, none does.
  async #follow(after: Running, before: Running, isNew: boolean): Promise<void> {
    const { logs } = this.#options
    this.#running = after
    logs.change(after.plan.logs)
    const problems = await this.#generations.update(this.#picture(after))
    if (problems.length === 0 || isNew || this.#stopped) return
    this.#running = before
    logs.change(before.plan.logs)
    await this.#generations.update(this.#picture(before))
    throw new StartRefused('SLUICE_RELOAD_REFUSED', [
      {
        place: after.plan.listeners[0]!.place,
        problem: `the gateways cannot follow: ${problems[0]}`,
        remedy: 'Correct the cause, or reload with --replace',
      },
    ])
  }

  // Gateways follow the new config by now; the rest of the house does too.
  async #settle({ plan, rules }: Running): Promise<void> {
    this.#names.forgetOthers(hostsOf(plan))
    this.#rules.keep(rules)
    this.#nets.keepOnly(plan.rules.netFiles)
    this.#watch.configure(plan.config.values)
    this.#forgetOldCounters()
    this.#daemons.change({ daemons: plan.daemons, cwd: plan.directory, env: plan.daemonEnv })
    if (plan.logs.reopensAtReload) await this.reopenLogs()
    this.#sleep.heed()
  }

  #tick(): void {
    this.#logUpkeep.check()
    this.#sleep.heed()
    void this.#nets.tick()
    if (++this.#ticks % FORGET_TICKS === 0) this.#forgetOldCounters()
  }

  #moveLimits(): void {
    this.#limits.tick(performance.now())
    const goesOn = this.#limits.size > 0 && !this.#stopped
    this.#limitsTimer = goesOn ? setTimeout(() => this.#moveLimits(), LIMITS_MS).unref() : null
  }

  #forgetOldCounters(): void {
    const names = nodeNames(this.#running.plan)
    this.#totals.keep(new Set([...names, ...announcedNames(this.#subscriptions)]))
  }

  #namesChanged(hosts: readonly string[]): void {
    this.#watch.namesChanged(hosts)
    const inConfig = new Set(hostsOf(this.#running.plan))
    if (hosts.some(host => inConfig.has(host))) void this.#update()
  }

  // Gateways before daemons: what is in hand may need the application that runs as one. An address refuses
  // connections only when our descriptor is closed too; as long as it is open they would wait for nobody.
  async #stopEverything(mode: StopMode): Promise<void> {
    const { plan } = this.#running
    this.#names.stop()
    if (this.#timer) clearInterval(this.#timer)
    if (this.#limitsTimer) clearTimeout(this.#limitsTimer)
    const gatewaysGone = this.#generations.stop(mode === 'graceful' ? plan.config.values['reload-mercy'] : 0)
    this.#doors.close(this.#running.bound)
    this.#watch.stop()
    await this.#subscriptions.stop()
    await gatewaysGone
    await this.#daemons.stop(mode === 'kill')
  }

  #retire(): void {
    this.#generations.retire(this.#running.plan.config.values['reload-mercy'])
  }

  async #resume(): Promise<void> {
    await this.#begin(this.#running, this.#running)
    await this.#update() // names may have changed meanwhile
  }

  async #update(): Promise<void> {
    if (!this.#stopped) await this.#generations.update(this.#picture(this.#running))
  }

  async #begin(running: Running, before: Running | null, learn?: () => Promise<void>): Promise<void> {
    const { plan, bound } = running
    const mercyMs = plan.config.values['reload-mercy']
    try {
      const held = bound.flatMap(listener => [listener, ...listener.more])
      await this.#generations.begin(plan.gateways, held, this.#picture(running), mercyMs, learn)
      this.#sleep.begun()
    } catch (error) {
      throw error instanceof GatewayFailed ? gatewayProblem(error, running, before?.bound ?? []) : error
    }
  }

  #picture({ plan, bound, tls, stickySecret, rules }: Running): PictureFor {
    const addresses = (host: string) => this.#names.addresses(host)
    const version = ++this.#version
    return held => buildPicture({ plan, bound, tls, addresses, version, stickySecret, rules, held })
  }

  /** For comparing, not for gateways. */
  #pictureNow(running: Running): Picture {
    return this.#picture(running)(running.bound)
  }

  #refusal(error: unknown): string {
    if (error instanceof StartRefused) return error.message
    this.#log.error({ code: 'SLUICE_INTERNAL', err: error }, 'internal error in a reload')
    return error instanceof Error ? error.message : String(error)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {})
    return done
  }
}

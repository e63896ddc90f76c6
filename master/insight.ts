// master/insight.ts: what an instance tells of itself: for `sluice status`, `sluice why` and http-stats. Changes nothing.
import type { Picture } from '../base/picture.ts'
import { lineOf, policyOf } from '../routing/policy-of.ts'
import { routerJson } from '../stats/router-json.ts'
import { announcedForStats, announcedForWhy, announcedNames, announcementCounts } from './announced.ts'
import type { Status } from './controls.ts'
import type { Generations } from './generations.ts'
import type { Names } from './names.ts'
import type { NodeWatch } from './node-watch.ts'
import { boundName, nodeNames } from './picture.ts'
import type { StartPlan } from './plan.ts'
import type { BoundListener } from './sockets/sockets.ts'
import { routerStats } from './stats-router.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { Totals } from './totals.ts'
import { type WhyReport, whyReport } from './why.ts'

export interface InsightOptions {
  readonly version: string
  readonly totals: Totals
  readonly names: Names
  readonly generations: Generations
  readonly subscriptions: Subscriptions
  readonly watch: NodeWatch
  /** What is in force. */
  readonly running: () => { readonly plan: StartPlan; readonly bound: readonly BoundListener[] }
  readonly picture: () => Picture
}

export class Insight {
  readonly #options: InsightOptions
  readonly #startedAt = Date.now()

  constructor(options: InsightOptions) {
    this.#options = options
  }

  status(more: Pick<Status, 'isPaused' | 'reloads'>): Status {
    const { version, generations, totals, subscriptions, running } = this.#options
    const { plan } = running()
    return {
      version,
      pid: process.pid,
      startedAt: this.#startedAt,
      files: plan.config.files,
      listeners: this.#listeners(),
      gateways: generations.status(pid => totals.connectionsOf(pid)),
      counters: totals.counters,
      nodes: totals.nodes([...nodeNames(plan), ...announcedNames(subscriptions)]),
      announcements: announcementCounts({ plan: plan.subscriptions, subscriptions }),
      ...more,
    }
  }

  /** @param key a host, as a request would name it */
  why(key: string): WhyReport {
    const { picture, totals, watch } = this.#options
    return whyReport(key, {
      picture: picture(),
      totals,
      announced: announcedForWhy(this.#announced()),
      failingCheck: name => {
        const check = watch.checkOf(name)
        return check === null || check.isWell ? null : { why: check.why, sinceMs: check.forMs }
      },
      now: performance.now(),
    })
  }

  /** Of http-stats. */
  routerJson(): string {
    const { version, totals, watch, running, picture } = this.#options
    const { plan } = running()
    const { backends, balances, policy } = picture()
    return routerJson(
      routerStats({
        version,
        cwd: plan.directory,
        listeners: this.#listeners(),
        staticNodes: plan.config.values['http-to'],
        backends,
        totals,
        announced: announcedForStats(this.#announced()),
        policyOf: key => policyOf(key, lineOf(key, balances), watch.algoOf(key), policy).policy,
        now: performance.now(),
        wallNow: Date.now(),
      }),
    )
  }

  #listeners(): string[] {
    const { plan, bound } = this.#options.running()
    return plan.listeners.map(({ bind }) => boundName(bound[bind]!))
  }

  #announced() {
    const { subscriptions, watch, names, running } = this.#options
    const addresses = (host: string) => names.addresses(host)
    return { plan: running().plan.subscriptions, subscriptions, watch, addresses }
  }
}

// master/doors.ts: everything that an instance binds: sockets of its gateways, that of http-stats, those of announcements.
// What changes at a reload changes for all of them, or for none.
import type { StartPlan } from './plan.ts'
import { type BindOptions, type BoundListener, bindAll, type Rebound, rebind } from './sockets/sockets.ts'
import type { StatsPlace, StatsServer } from './stats-server.ts'
import type { Subscriptions } from './subscriptions.ts'

export class Doors {
  readonly #stats: StatsServer
  readonly #subscriptions: Subscriptions

  constructor(stats: StatsServer, subscriptions: Subscriptions) {
    this.#stats = stats
    this.#subscriptions = subscriptions
  }

  /**
   * With the rights to bind.
   *
   * @param keep told of the gateways' sockets as soon as they are bound, for whoever has to close them
   * @throws StartRefused
   */
  async bind(plan: StartPlan, keep: (bound: readonly BoundListener[]) => void): Promise<void> {
    keep(await bindAll(plan.binds, bindOptions(plan)))
    await this.#subscriptions.bind()
    await this.#stats.bind(statsPlace(plan))
  }

  /** Binds what is new; what is there is touched by commit(). @throws StartRefused, nothing changed */
  async rebind(before: readonly BoundListener[], plan: StartPlan): Promise<Rebound> {
    const done: { commit(): unknown; undo(): unknown }[] = []
    const undo = () => done.forEach(each => void each.undo())
    try {
      const sockets = await rebind(before, plan.binds, bindOptions(plan))
      done.push(sockets)
      done.push(await this.#stats.change(statsPlace(plan)))
      done.push(await this.#subscriptions.prepare(plan.subscriptions))
      return { ...sockets, commit: () => done.forEach(each => void each.commit()), undo }
    } catch (error) {
      undo()
      throw error
    }
  }

  /** Those of announcements close with {@link Subscriptions.stop}. */
  close(bound: readonly BoundListener[]): void {
    for (const listener of bound) listener.close()
    this.#stats.close()
  }
}

function bindOptions({ config, gateways, hasSocketPerGateway, rights }: StartPlan): BindOptions {
  const copies = hasSocketPerGateway ? gateways : 1
  return { copies, gateways, isShared: config.values['reuse-port'], rights }
}

function statsPlace({ stats, rights, config }: StartPlan): StatsPlace {
  return { bind: stats, isHttp: config.values['stats-http'], rights }
}

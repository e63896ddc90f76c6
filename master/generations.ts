// master/generations.ts: the gateways that serve, and those before them that still have work in hand.
import type { ToGateway, Verdict } from '../base/messages.ts'
import type { KeyPicture, ListenerPicture, Picture } from '../base/picture.ts'
import type { Status } from './controls.ts'
import { FIRST_SLOT, GatewayFailed, Gateways, type GatewaysOptions } from './gateways.ts'
import type { BoundListener } from './sockets/sockets.ts'

/** With so many old generations alive, the next one waits until one of them is gone. */
const MOST_OLD = 8

/** Sockets of one generation, in the order of its descriptors. */
export type Held = readonly BoundListener[]

/** Makes the picture for a generation: where a listener's descriptor is differs between them. */
export type PictureFor = (held: Held) => Picture

/** Index of a listener's descriptor in the stdio of a generation; -1 when it does not have it. */
export function slotOf(held: Held, listener: BoundListener): number {
  const index = held.indexOf(listener)
  return index < 0 ? -1 : FIRST_SLOT + index
}

interface Generation {
  readonly gateways: Gateways
  readonly held: Held
  /** Its latest picture; null: it was told none yet. */
  picture: Picture | null
}

export class Generations {
  readonly #options: Omit<GatewaysOptions, 'count' | 'descriptors'>
  #current: Generation | null = null
  readonly #old = new Map<Generation, Promise<void>>()
  #starting: Generation | null = null
  #isStopping = false

  constructor(options: Omit<GatewaysOptions, 'count' | 'descriptors'>) {
    this.#options = options
  }

  /**
   * Starts gateways; once they listen, those before them retire. One at a time.
   *
   * @param mercyMs how long tunnels and idle connections of the old ones may live on
   * @param learn finds out what they must be told, while they load their code
   * @throws GatewayFailed when they cannot start, or stop() came meanwhile; those before them serve on
   */
  async begin(
    count: number,
    held: Held,
    pictureFor: PictureFor,
    mercyMs: number,
    learn?: () => Promise<void>,
  ): Promise<void> {
    while (this.#old.size >= MOST_OLD) await Promise.race(this.#old.values())
    if (this.#isStopping) throw new GatewayFailed('Sluice stops')
    const descriptors = (index: number) => held.map(listener => listener.fd(index))
    const gateways = new Gateways({ ...this.#options, count, descriptors })
    const next: Generation = { gateways, held, picture: null }
    this.#starting = next
    try {
      gateways.fork()
      if (learn !== undefined) await learn()
      if (this.#isStopping) throw new GatewayFailed('Sluice stops')
      next.picture = pictureFor(held)
      await gateways.start(next.picture)
    } catch (error) {
      await this.#giveUp(next, mercyMs)
      throw error
    } finally {
      this.#starting = null
    }
    this.retire(mercyMs)
    this.#current = next
  }

  /** Those that serve accept no more and live on for what they have. Connections wait in the queue. */
  retire(mercyMs: number): void {
    const old = this.#current
    this.#current = null
    if (old === null) return
    this.#retire(old, mercyMs)
  }

  /**
   * Gives all of them their next picture. Resolves once each follows it.
   *
   * @returns in words what kept gateways that serve from following it; [] when all do
   */
  async update(pictureFor: PictureFor): Promise<readonly string[]> {
    const current = this.#current
    const problems = await Promise.all(
      this.#all().map(async generation => {
        const next = pictureFor(generation.held)
        const listeners = knownListeners(generation.picture!.listeners, next.listeners)
        generation.picture = { ...next, listeners }
        const failed = await generation.gateways.update(generation.picture)
        return generation === current ? failed : []
      }),
    )
    return problems.flat()
  }

  /** Tells every gateway that lives what changed in the table; one that starts later asks for all of it. */
  publish(keys: readonly KeyPicture[]): void {
    for (const { gateways } of this.#living()) gateways.publish(keys)
  }

  /** Tells every gateway that lives what checks found. */
  judge(verdicts: readonly Verdict[]): void {
    for (const { gateways } of this.#living()) gateways.judge(verdicts)
  }

  /** Tells every gateway that lives; one that starts later asks. */
  tell(message: ToGateway): void {
    for (const { gateways } of this.#living()) gateways.tell(message)
  }

  tellOne(pid: number, message: ToGateway): void {
    for (const { gateways } of this.#living()) if (gateways.tellOne(pid, message)) return
  }

  /** Of the gateways that serve. */
  get pids(): readonly number[] {
    return this.#current?.gateways.processes.map(({ pid }) => pid) ?? []
  }

  async reopenLogs(): Promise<void> {
    await Promise.all(this.#living().map(({ gateways }) => gateways.reopenLogs()))
  }

  /** Ends all of them; may be called again with less patience. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#living().map(({ gateways }) => gateways.stop(graceMs)))
  }

  /** @param connectionsOf by pid */
  status(connectionsOf: (pid: number) => number): Status['gateways'] {
    const stateOf = ({ gateways }: Generation, state: 'serving' | 'retiring') => {
      return gateways.processes.map(({ pid, isReady }) => {
        const connections = connectionsOf(pid)
        return { pid, state: isReady ? state : ('starting' as const), connections }
      })
    }
    const serving = this.#current ? stateOf(this.#current, 'serving') : []
    return [...serving, ...[...this.#old.keys()].flatMap(old => stateOf(old, 'retiring'))]
  }

  // Those that listen already may have taken connections from the queue, which others would have served: these are
  // not dropped. At the first start there are none.
  async #giveUp(failed: Generation, mercyMs: number): Promise<void> {
    if (this.#current === null || this.#isStopping) await failed.gateways.stop(0)
    else this.#retire(failed, mercyMs)
  }

  #retire(generation: Generation, mercyMs: number): void {
    const gone = generation.gateways.retire(mercyMs).then(() => void this.#old.delete(generation))
    this.#old.set(generation, gone)
  }

  #all(): Generation[] {
    return [...(this.#current ? [this.#current] : []), ...this.#old.keys()]
  }

  // The one that starts, too: it has processes and open logs already. Its picture is the business of who begins it.
  #living(): Generation[] {
    return [...(this.#starting ? [this.#starting] : []), ...this.#all()]
  }
}

// Old gateways keep what they cannot change: a listener that is gone from the config, or that speaks TLS from now on.
function knownListeners(
  mine: readonly ListenerPicture[],
  next: readonly ListenerPicture[],
): readonly ListenerPicture[] {
  return mine.map(old => {
    const same = next.find(listener => listener.slot === old.slot)
    return same !== undefined && (same.tls === null) === (old.tls === null) ? same : old
  })
}

// master/generations.ts: the gateways that serve, and those before them that still have work in hand.
import type { ListenerPicture, Picture } from '../base/picture.ts'
import type { Status } from './controls.ts'
import { FIRST_SLOT, Gateways, type GatewaysOptions } from './gateways.ts'
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
  /** Its latest picture. */
  picture: Picture
}

export class Generations {
  readonly #options: Omit<GatewaysOptions, 'count' | 'descriptors' | 'picture'>
  #current: Generation | null = null
  readonly #old = new Map<Generation, Promise<void>>()

  constructor(options: Omit<GatewaysOptions, 'count' | 'descriptors' | 'picture'>) {
    this.#options = options
  }

  /** Sockets of those that serve; null while none does. */
  get held(): Held | null {
    return this.#current?.held ?? null
  }

  /**
   * Starts gateways; once they listen, those before them retire.
   *
   * @param mercyMs how long tunnels and idle connections of the old ones may live on
   * @throws GatewayFailed when they cannot start; those before them serve on
   */
  async begin(count: number, held: Held, pictureFor: PictureFor, mercyMs: number): Promise<void> {
    while (this.#old.size >= MOST_OLD) await Promise.race(this.#old.values())
    const picture = pictureFor(held)
    const descriptors = (index: number) => held.map(listener => listener.fd(index))
    const gateways = new Gateways({ ...this.#options, count, descriptors, picture })
    const next: Generation = { gateways, held, picture }
    try {
      await gateways.start()
    } catch (error) {
      await gateways.stop(0)
      throw error
    }
    this.retire(mercyMs)
    this.#current = next
  }

  /** Those that serve accept no more and live on for what they have. Connections wait in the queue. */
  retire(mercyMs: number): void {
    const old = this.#current
    this.#current = null
    if (old === null) return
    const gone = old.gateways.retire(mercyMs).then(() => void this.#old.delete(old))
    this.#old.set(old, gone)
  }

  /** Gives all of them their next picture. Resolves once each follows it. */
  async update(pictureFor: PictureFor): Promise<void> {
    await Promise.all(
      this.#all().map(generation => {
        const next = pictureFor(generation.held)
        const listeners = knownListeners(generation.picture.listeners, next.listeners)
        generation.picture = { ...next, listeners }
        return generation.gateways.update(generation.picture)
      }),
    )
  }

  async reopenLogs(): Promise<void> {
    await Promise.all(this.#all().map(({ gateways }) => gateways.reopenLogs()))
  }

  /** Ends all of them; may be called again with less patience. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#all().map(({ gateways }) => gateways.stop(graceMs)))
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

  #all(): Generation[] {
    return [...(this.#current ? [this.#current] : []), ...this.#old.keys()]
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

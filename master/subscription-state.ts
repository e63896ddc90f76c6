// master/subscription-state.ts: keeps what subscriptions must know after a restart in a file: written at most once a second,
// when something changed, and at the stop.
import { join } from 'node:path'
import { openStateDirectory } from '../certs/manage/state-directory.ts'
import type { SubscriptionState } from '../subscription/state.ts'
import { readStateFile, writeStateFile } from '../subscription/state-file.ts'
import type { Log } from './logs/log.ts'
import type { StatePlace } from './subscription-plan.ts'

export interface StateKeeperOptions {
  readonly log: Log
  readonly monotonicMs: () => number
  /** What is to be written now. */
  readonly state: () => SubscriptionState
}

const CODE = 'SLUICE_SUBSCRIPTION_STATE'
const SHORTEST_MS = 1_000
// Making the text holds the loop: it may take one part in so many of the time.
const REST_FACTOR = 50
/** Leases alone change with every announcement; they need not be newer than this. */
const LEASES_MS = 30_000

export class StateKeeper {
  readonly #options: StateKeeperOptions
  #file: string | null = null // null: nothing is kept
  #isDirty = false
  #hasNewLeases = false
  #isFailing = false
  #writing: Promise<void> | null = null
  #nextMs = 0
  #savedMs = 0

  constructor(options: StateKeeperOptions) {
    this.#options = options
  }

  /** @returns what the run before left; null: nothing, and the log says so where that is a surprise */
  async open(place: StatePlace): Promise<SubscriptionState | null> {
    this.#file = this.#fileOf(place)
    if (this.#file === null) return null
    const read = await readStateFile(this.#file)
    if (read.kind === 'state') return read.state
    if (read.kind === 'bad')
      this.#options.log.warn(
        { code: CODE, file: this.#file, cause: read.problem },
        'subscriptions are not restored',
      )
    return null
  }

  /** Another place from now on: everything is written there. */
  move(place: StatePlace): void {
    this.#file = this.#fileOf(place)
    this.#isFailing = false
    this.changed()
  }

  /** Nodes or marks changed. */
  changed(): void {
    this.#isDirty = true
  }

  /** Known nodes were heard again. */
  heard(): void {
    this.#hasNewLeases = true
  }

  /** Once a second. */
  tick(): void {
    const nowMs = this.#options.monotonicMs()
    const isDue = this.#isDirty || (this.#hasNewLeases && nowMs - this.#savedMs >= LEASES_MS)
    if (isDue && nowMs >= this.#nextMs && this.#writing === null) void this.#save()
  }

  /** Writes what was not written yet. */
  async close(): Promise<void> {
    await this.#writing
    if (this.#isDirty || this.#hasNewLeases) await this.#save()
    this.#file = null
  }

  #save(): Promise<void> {
    const file = this.#file
    this.#isDirty = false
    this.#hasNewLeases = false
    if (file === null) return Promise.resolve()
    this.#writing = this.#write(file).finally(() => {
      this.#writing = null
    })
    return this.#writing
  }

  async #write(file: string): Promise<void> {
    const { monotonicMs, state, log } = this.#options
    const beganMs = monotonicMs()
    try {
      const written = writeStateFile(file, state())
      const madeMs = monotonicMs()
      this.#savedMs = madeMs
      this.#nextMs = madeMs + Math.max(SHORTEST_MS, REST_FACTOR * (madeMs - beganMs))
      await written
      if (this.#isFailing) log.info({ file }, 'subscriptions are kept again')
      this.#isFailing = false
    } catch (error) {
      const cause = (error as Error).message
      if (!this.#isFailing) log.warn({ code: CODE, file, cause }, 'subscriptions cannot be kept')
      this.#isFailing = true
      this.#isDirty = true
    }
  }

  #fileOf(place: StatePlace): string | null {
    if (place.kind === 'none') return null
    if (place.kind === 'file') return place.path
    const directory = openStateDirectory()
    if (directory !== null) return join(directory, place.name)
    const cause = 'there is no state directory that can be written'
    this.#options.log.warn({ code: CODE, cause }, 'subscriptions cannot be kept')
    return null
  }
}

// master/sleep.ts: while no node is known, no gateway accepts (http-cheap): they retire when the last node goes, and others
// begin when the first comes. Connections wait in the queues of the sockets meanwhile.
import type { Log } from './logs/log.ts'

export interface SleepOptions {
  readonly log: Log
  /** As the config and the nodes are now. */
  readonly shouldSleep: () => boolean
  /** Somebody else says whether gateways accept: a pause, a stop. */
  readonly isHeld: () => boolean
  readonly retire: () => void
  /** @throws StartRefused when gateways cannot start */
  readonly wake: () => Promise<void>
  /** Work that starts and retires gateways is done one after the other. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>
}

export class Sleep {
  readonly #options: SleepOptions
  #isAsleep = false
  #isTurning = false

  constructor(options: SleepOptions) {
    this.#options = options
  }

  get isAsleep(): boolean {
    return this.#isAsleep
  }

  /** No node is known: none should accept, whether or not some do. */
  get isTime(): boolean {
    return this.#options.shouldSleep()
  }

  /** Gateways have begun, for whatever reason. */
  begun(): void {
    this.#isAsleep = false
  }

  /** Whenever nodes came or went, and now and then: what failed is tried again. */
  heed(): void {
    const { shouldSleep, isHeld, inTurn, log } = this.#options
    if (this.#isAsleep === shouldSleep() || this.#isTurning || isHeld()) return
    this.#isTurning = true
    inTurn(() => this.settle())
      .catch(error => log.error({ cause: (error as Error).message }, 'gateways could not be woken'))
      .finally(() => {
        this.#isTurning = false
      })
  }

  /** In turn. @throws StartRefused when it is time to wake and gateways cannot start */
  async settle(): Promise<void> {
    const { shouldSleep, isHeld, retire, wake, log } = this.#options
    const isTime = shouldSleep()
    if (this.#isAsleep === isTime || isHeld()) return
    if (!isTime) return wake()
    this.#isAsleep = true
    retire()
    log.info('no node is known: connections wait')
  }
}

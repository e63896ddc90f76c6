// master/log-upkeep.ts: log files while we run: opened again when they were renamed, and renamed when they grew; gateways, which
// write some of them, follow.
import type { Generations } from './generations.ts'
import type { Logs } from './logs/logs.ts'

export class LogUpkeep {
  readonly #logs: Logs
  readonly #generations: Generations
  #isRotating = false

  constructor(logs: Logs, generations: Generations) {
    this.#logs = logs
    this.#generations = generations
  }

  async reopen(): Promise<void> {
    await Promise.all([this.#logs.reopen(), this.#generations.reopenLogs()])
    this.#logs.events.info('log files were opened again')
  }

  /** The files are renamed first: what gateways write until they hear of it goes to the old ones. */
  async rotate(onlyLarge = false): Promise<void> {
    await this.#logs.rotate(onlyLarge)
    await this.#generations.reopenLogs()
  }

  /** Rotates those that are too large; a rotation that takes longer than until the next look is not begun twice. */
  check(): void {
    if (this.#isRotating || !this.#logs.check()) return
    this.#isRotating = true
    void this.rotate(true).finally(() => {
      this.#isRotating = false
    })
  }
}

// gateway/troubles.ts: what traffic can cause by the thousand is told once, and then how often it came.
import type { Tell } from './world.ts'

const QUIET_MS = 10_000
const MOST_KINDS = 256

interface Kind {
  toldAt: number
  /** Since it was told. */
  times: number
}

export class Troubles {
  readonly #tell: Tell
  readonly #kinds = new Map<string, Kind>()

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /**
   * @param kind what counts as the same
   * @param now milliseconds of any steady clock
   * @param fields of this occurrence; `times` is added when others went untold before it
   * @param quietMs after it was told, until it is told again
   */
  report(
    kind: string,
    now: number,
    text: string,
    fields: Record<string, string | number>,
    quietMs = QUIET_MS,
  ): void {
    const known = this.#kinds.get(kind)
    if (known !== undefined && now - known.toldAt < quietMs) {
      known.times++
      return
    }
    const untold = known?.times ?? 0
    if (known === undefined && this.#kinds.size >= MOST_KINDS) this.#kinds.clear()
    this.#kinds.set(kind, { toldAt: now, times: 0 })
    this.#tell('warn', text, untold === 0 ? fields : { ...fields, times: untold + 1 })
  }
}

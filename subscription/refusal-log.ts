// subscription/refusal-log.ts: counts refusals by reason and by sender, and says which of them are worth a line: one for
// each sender and minute, however many packets there were.
import { sourceGroup } from './cidr.ts'
import type { Refusal, RefusalReason } from './refusals.ts'

/** One line of the log. */
export interface RefusalLine {
  /** The sender: an address, a /64 of IPv6, or {@link OTHERS}. */
  readonly source: string
  /** Packets since the line before. */
  readonly count: number
  /** Of the latest. */
  readonly reason: RefusalReason
  readonly detail: string
  /** The line of the config that would admit it; '' when none would. */
  readonly remedy: string
}

/** Stands for senders beyond the most that are told apart. */
export const OTHERS = 'other senders'

const MINUTE_MS = 60_000
// Addresses can be forged: a flood from everywhere is told as one.
const MOST_SOURCES = 100
// Senders that are quiet for so long make room.
const FORGOTTEN_MS = 3_600_000

interface Source {
  total: number
  /** Since the last line. */
  fresh: number
  latest: Refusal
  latestMs: number
  toldMs: number
}

export class RefusalLog {
  readonly #byReason = new Map<RefusalReason, number>()
  readonly #bySource = new Map<string, Source>()

  /** @param from numeric address of the sender. @returns what is to be logged now; null: nothing yet */
  note(refusal: Refusal, from: string, nowMs: number): RefusalLine | null {
    const { reason } = refusal
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1)
    const name = this.#nameOf(from)
    const source = this.#bySource.get(name)
    if (source === undefined) {
      this.#bySource.set(name, { total: 1, fresh: 0, latest: refusal, latestMs: nowMs, toldMs: nowMs })
      return lineOf(name, 1, refusal)
    }
    source.total++
    source.fresh++
    source.latest = refusal
    source.latestMs = nowMs
    return nowMs - source.toldMs < MINUTE_MS ? null : tell(name, source, nowMs)
  }

  /** Every few seconds. @returns what came meanwhile, of senders whose minute is over */
  tick(nowMs: number): RefusalLine[] {
    const lines: RefusalLine[] = []
    for (const [name, source] of this.#bySource) {
      if (source.fresh > 0 && nowMs - source.toldMs >= MINUTE_MS) lines.push(tell(name, source, nowMs))
      else if (nowMs - source.latestMs >= FORGOTTEN_MS) this.#bySource.delete(name)
    }
    return lines
  }

  /** How many there were, by reason. */
  get byReason(): ReadonlyMap<RefusalReason, number> {
    return this.#byReason
  }

  /** How many there were of each sender that is told apart. */
  bySource(): { readonly source: string; readonly count: number }[] {
    return Array.from(this.#bySource, ([source, { total }]) => ({ source, count: total }))
  }

  /** Of each sender that is told apart, and how many there were. */
  latest(): RefusalLine[] {
    return Array.from(this.#bySource, ([source, { total, latest }]) => lineOf(source, total, latest))
  }

  #nameOf(from: string): string {
    const group = sourceGroup(from)
    return this.#bySource.has(group) || this.#bySource.size < MOST_SOURCES ? group : OTHERS
  }
}

function tell(name: string, source: Source, nowMs: number): RefusalLine {
  const { fresh, latest } = source
  source.fresh = 0
  source.toldMs = nowMs
  return lineOf(name, fresh, latest)
}

function lineOf(source: string, count: number, { reason, detail, remedy }: Refusal): RefusalLine {
  return { source, count, reason, detail, remedy }
}

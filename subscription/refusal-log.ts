// subscription/refusal-log.ts: counts refusals by reason and by sender, and says which of them are worth a line: one for
// each sender, reason and minute, however many packets there were. Of each key it knows why it was refused last.
import { sourceGroup } from './cidr.ts'
import { canonicalKey } from './key.ts'
import type { Refusal, RefusalReason } from './refusals.ts'

/** One line of the log. */
export interface RefusalLine {
  /** The sender: an address, a /64 of IPv6, or {@link OTHERS}. */
  readonly source: string
  /** Packets since the line before; of a key all. */
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
// Of a sender in a minute: who finds more ways to be refused is told by the latest of them.
const MOST_REASONS = 4
// Of all senders together; those that were refused longest ago are forgotten.
const MOST_KEYS = 1_000
// Senders that are quiet for so long make room.
const FORGOTTEN_MS = 3_600_000

interface Source {
  total: number
  latestMs: number
  /** Of this minute; '' for the reasons beyond the most. */
  readonly told: Map<RefusalReason | '', Told>
}

interface Told {
  /** Since the last line. */
  fresh: number
  latest: Refusal
  toldMs: number
}

interface KeyRefusal {
  readonly key: string
  readonly line: RefusalLine
}

export class RefusalLog {
  readonly #byReason = new Map<RefusalReason, number>()
  readonly #bySource = new Map<string, Source>()
  readonly #byKey = new Map<string, KeyRefusal>() // of each sender; the latest is the last

  /** @param from numeric address of the sender. @returns what is to be logged now; null: nothing yet */
  note(refusal: Refusal, from: string, nowMs: number): RefusalLine | null {
    const { reason, key } = refusal
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1)
    const name = this.#nameOf(from)
    if (key !== '') this.#remember(canonicalKey(key), name, refusal)
    const source = this.#sourceOf(name)
    source.total++
    source.latestMs = nowMs
    const slot = source.told.has(reason) || source.told.size < MOST_REASONS ? reason : ''
    const told = source.told.get(slot)
    if (told === undefined) {
      source.told.set(slot, { fresh: 0, latest: refusal, toldMs: nowMs })
      return lineOf(name, 1, refusal)
    }
    told.fresh++
    told.latest = refusal
    return nowMs - told.toldMs < MINUTE_MS ? null : tell(name, told, nowMs)
  }

  /** Every few seconds. @returns what came meanwhile, of reasons whose minute is over */
  tick(nowMs: number): RefusalLine[] {
    const lines: RefusalLine[] = []
    for (const [name, { told, latestMs }] of this.#bySource) {
      for (const [slot, each] of told) {
        if (nowMs - each.toldMs < MINUTE_MS) continue
        if (each.fresh > 0) lines.push(tell(name, each, nowMs))
        else told.delete(slot)
      }
      if (told.size === 0 && nowMs - latestMs >= FORGOTTEN_MS) this.#bySource.delete(name)
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

  /** The latest of this key, of each sender that is told apart, and how many there were. @param key in any spelling */
  ofKey(key: string): RefusalLine[] {
    const asked = canonicalKey(key)
    return [...this.#byKey.values()].flatMap(each => (each.key === asked ? [each.line] : []))
  }

  #remember(key: string, source: string, refusal: Refusal): void {
    const id = `${source} ${key}`
    const count = (this.#byKey.get(id)?.line.count ?? 0) + 1
    this.#byKey.delete(id)
    this.#byKey.set(id, { key, line: lineOf(source, count, refusal) })
    if (this.#byKey.size > MOST_KEYS) this.#byKey.delete(this.#byKey.keys().next().value!)
  }

  #sourceOf(name: string): Source {
    let source = this.#bySource.get(name)
    if (source === undefined) {
      source = { total: 0, latestMs: 0, told: new Map() }
      this.#bySource.set(name, source)
    }
    return source
  }

  #nameOf(from: string): string {
    const group = sourceGroup(from)
    return this.#bySource.has(group) || this.#bySource.size < MOST_SOURCES ? group : OTHERS
  }
}

function tell(name: string, told: Told, nowMs: number): RefusalLine {
  const { fresh, latest } = told
  told.fresh = 0
  told.toldMs = nowMs
  return lineOf(name, fresh, latest)
}

function lineOf(source: string, count: number, { reason, detail, remedy }: Refusal): RefusalLine {
  return { source, count, reason, detail, remedy }
}

// master/limits.ts: grants each gateway its part of the rate limits that it needs more, or less, of than an equal part. Knows only
// keys that some gateway is asked for a lot.
import type { LimitGrant, LimitReport } from '../base/limits.ts'
import { divide } from '../routing/limit/shares.ts'

/** Keys at most, of all limits; those beyond stay divided equally. */
const MOST_KEYS = 8_192
/** Without a report for so long, a key is as it was at first. */
const FORGET_MS = 3_000
/** A grant may have met a gateway that had forgotten the key, or was not there yet. */
const REPEAT_MS = 1_000
/** Changes below this are not worth a message. */
const WORTH = 0.02
/** How much one report says beside those before it. */
const WEIGHT = 0.2

/** Gateways that live, in any order. */
export type Gateways = () => readonly number[]

/**
 * Where the whole of a key comes from. Here a limit's own rate is the whole; where several machines share a limit, it is what
 * this machine has on lease.
 */
export interface Whole {
  /** @param asked requests a second, of all gateways. @returns requests a second that they may have together */
  perSecond(name: string, key: string, limit: number, asked: number): number
}

export const OWN_MACHINE: Whole = { perSecond: (_name, _key, limit) => limit }

interface Asking {
  perSecond: number
  at: number
}

interface Key {
  readonly name: string
  readonly high: number
  readonly low: number
  limit: number
  readonly asking: Map<number, Asking> // by pid
  readonly granted: Map<number, number>
  grantedAt: number
  isNews: boolean
}

export class MasterLimits {
  readonly #gateways: Gateways
  readonly #send: (pid: number, grants: readonly LimitGrant[]) => void
  readonly #whole: Whole
  readonly #keys = new Map<string, Key>()

  /** @param send to the gateway with this pid */
  constructor(
    gateways: Gateways,
    send: (pid: number, grants: readonly LimitGrant[]) => void,
    whole: Whole = OWN_MACHINE,
  ) {
    this.#gateways = gateways
    this.#send = send
    this.#whole = whole
  }

  get size(): number {
    return this.#keys.size
  }

  /** @param now milliseconds of a steady clock */
  hear(pid: number, reports: readonly LimitReport[], now: number): void {
    for (const { name, perSecond, ms, keys, asked } of reports) {
      for (const [i, count] of asked.entries()) {
        const key = this.#keyOf(name, keys[i * 2]!, keys[i * 2 + 1]!)
        if (key === null) continue
        key.limit = perSecond
        key.asking.set(pid, { perSecond: estimate(key.asking.get(pid)?.perSecond ?? 0, count, ms), at: now })
        key.isNews = true
      }
    }
  }

  /** Grants what changed; called several times a second. */
  tick(now: number): void {
    if (this.#keys.size === 0) return
    const pids = this.#gateways()
    const grants = new Map<number, Map<string, [keys: number[], shares: number[]]>>()
    const grant = (pid: number, { name, high, low }: Key, share: number): void => {
      const ofGateway = grants.get(pid) ?? new Map<string, [number[], number[]]>()
      grants.set(pid, ofGateway)
      const [keys, shares] = ofGateway.get(name) ?? [[], []]
      ofGateway.set(name, [keys, shares])
      keys.push(high, low)
      shares.push(share)
    }
    for (const [text, key] of this.#keys) {
      if (isForgotten(key, now)) {
        for (const pid of pids) grant(pid, key, 0)
        this.#keys.delete(text)
      } else if (key.isNews || now - key.grantedAt >= REPEAT_MS) this.#divide(text, key, pids, now, grant)
    }
    for (const [pid, ofGateway] of grants) {
      const all = [...ofGateway].map(([name, [keys, shares]]) => {
        return { name, keys: Uint32Array.from(keys), shares: Float32Array.from(shares) }
      })
      this.#send(pid, all)
    }
  }

  #divide(
    text: string,
    key: Key,
    pids: readonly number[],
    now: number,
    grant: (pid: number, key: Key, share: number) => void,
  ): void {
    for (const pid of key.asking.keys()) if (!pids.includes(pid)) key.asking.delete(pid)
    const isRepeated = now - key.grantedAt >= REPEAT_MS
    const asked = pids.map(pid => key.asking.get(pid)?.perSecond ?? 0)
    const total = asked.reduce((sum, each) => sum + each, 0)
    const whole = this.#whole.perSecond(key.name, text, key.limit, total)
    const shares = divide(asked.map(each => each / whole))
    key.isNews = false
    const part = whole / key.limit
    for (const [i, pid] of pids.entries()) {
      const share = shares[i]! * part
      if (!isRepeated && Math.abs(share - (key.granted.get(pid) ?? 0)) < WORTH * share) continue
      key.granted.set(pid, share)
      grant(pid, key, share)
    }
    if (isRepeated) key.grantedAt = now
  }

  #keyOf(name: string, high: number, low: number): Key | null {
    const text = `${high} ${low} ${name}`
    let key = this.#keys.get(text)
    if (key !== undefined) return key
    if (this.#keys.size >= MOST_KEYS) return null
    const grantedAt = Number.NEGATIVE_INFINITY
    key = { name, high, low, limit: 1, asking: new Map(), granted: new Map(), grantedAt, isNews: true }
    this.#keys.set(text, key)
    return key
  }
}

// Requests come in no order, so a few more or less say little; many more or less say it at once.
function estimate(before: number, count: number, ms: number): number {
  const seen = (count * 1_000) / ms
  const expected = (before * ms) / 1_000
  const isChange = Math.abs(count - expected) > 3 * Math.sqrt(expected) + (count > expected ? 2 : 0)
  return isChange ? seen : before + (seen - before) * WEIGHT
}

// Gateways go on to report a key that they have a grant of, also that nobody asks for it.
function isForgotten({ asking, limit }: Key, now: number): boolean {
  let isAsked = false
  for (const { perSecond, at } of asking.values())
    if (now - at < FORGET_MS && perSecond > limit / 1_000) isAsked = true
  return !isAsked
}

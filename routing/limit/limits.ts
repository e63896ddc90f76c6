// routing/limit/limits.ts: all rate limits of one gateway: it decides at once from its own buckets, and what it has of each key is
// the whole divided by the gateways until the master grants another share.
import type { LimitGrant, LimitReport } from '../../base/limits.ts'
import { type Allowance, BucketTable } from './bucket-table.ts'
import { type HashSecret, hashed, hashKey } from './key-hash.ts'

/** Keys of one limit that one message may carry. */
const MOST_AT_ONCE = 1_000

/** As a rule has it. Rules of one name share their buckets. */
export interface Limit {
  readonly name: string
  /** Requests a second, of all gateways. */
  readonly perSecond: number
  readonly burst: number
}

interface Known {
  readonly table: BucketTable
  limit: Limit
  allowance: Allowance
}

export class Limits {
  readonly #secret: HashSecret
  readonly #known = new Map<string, Known>()
  #gateways = 1
  #toldAt = 0

  /** @param secret the same in all gateways */
  constructor(secret: HashSecret) {
    this.#secret = secret
  }

  /** Of a picture: how many share the whole. */
  set gateways(count: number) {
    this.#gateways = Math.max(1, count)
    for (const known of this.#known.values()) known.allowance = this.#allowanceOf(known.limit)
  }

  /** @param now milliseconds of a steady clock. @returns 0, or how many milliseconds to wait */
  take(limit: Limit, key: string, now: number): number {
    let known = this.#known.get(limit.name)
    if (known === undefined) {
      known = { table: new BucketTable(), limit, allowance: this.#allowanceOf(limit) }
      this.#known.set(limit.name, known)
    } else if (known.limit !== limit) {
      known.limit = limit
      known.allowance = this.#allowanceOf(limit)
    }
    hashKey(key, this.#secret)
    return known.table.take(hashed.high, hashed.low, known.allowance, now)
  }

  /** What the master must know; called a few times a second. */
  report(now: number): readonly LimitReport[] {
    const reports: LimitReport[] = []
    const ms = Math.max(1, now - this.#toldAt)
    this.#toldAt = now
    for (const [name, { table, limit }] of this.#known) {
      const told = table.tell()
      if (told === null) continue
      const { perSecond } = limit
      for (let at = 0; at < told.asked.length; at += MOST_AT_ONCE) {
        const keys = told.keys.slice(at * 2, (at + MOST_AT_ONCE) * 2)
        reports.push({ name, perSecond, ms, keys, asked: told.asked.slice(at, at + MOST_AT_ONCE) })
      }
    }
    return reports
  }

  granted(grants: readonly LimitGrant[], now: number): void {
    for (const { name, keys, shares } of grants) {
      const known = this.#known.get(name)
      if (known === undefined) continue // no request met it here: its share is what it would be at first
      for (const [i, share] of shares.entries())
        known.table.grant(keys[i * 2]!, keys[i * 2 + 1]!, share, known.allowance, now)
    }
  }

  /** Limits that no rule has any more are forgotten. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name)
  }

  #allowanceOf({ perSecond, burst }: Limit): Allowance {
    return { rate: perSecond / 1_000, burst, gateways: this.#gateways }
  }
}

// subscription/quota.ts: how many nodes one sender, one key and all together may have, so that no flood fills memory.
import { sourceGroup } from './cidr.ts'
import type { Change, NodeRecord } from './membership.ts'

export interface QuotaLimits {
  /** Of a sender elsewhere: an IPv4 address, or a /64 of IPv6. */
  readonly perSource: number
  /** Of all senders on this machine together. */
  readonly perMachine: number
  readonly perKey: number
  readonly total: number
}

/** A machine with 10,000 nodes, all in one key if need be, is an ordinary one; a stranger with 1,000 is not. */
export const QUOTA_LIMITS: QuotaLimits = {
  perSource: 1_000,
  perMachine: 20_000,
  perKey: 20_000,
  total: 50_000,
}

/** Who counts for what: the same text for the same sender. */
export function quotaSource(source: string, isLocal: boolean): string {
  return isLocal ? THIS_MACHINE : sourceGroup(source)
}

const THIS_MACHINE = 'this machine'

export class Quota {
  #limits: QuotaLimits
  readonly #bySource = new Map<string, number>()
  readonly #byKey = new Map<string, number>()
  #total = 0

  constructor(limits: QuotaLimits) {
    this.#limits = limits
  }

  /** A reload may have changed them; nodes that are there stay. */
  setLimits(limits: QuotaLimits): void {
    this.#limits = limits
  }

  /**
   * Whether one more node fits. One that is there already is not asked about: honest nodes stay, whoever floods.
   *
   * @param source of {@link quotaSource}
   */
  refusal(source: string, key: string): 'source-full' | 'key-full' | 'table-full' | null {
    const { perSource, perMachine, perKey, total } = this.#limits
    const most = source === THIS_MACHINE ? perMachine : perSource
    if ((this.#bySource.get(source) ?? 0) >= most) return 'source-full'
    if ((this.#byKey.get(key) ?? 0) >= perKey) return 'key-full'
    return this.#total >= total ? 'table-full' : null
  }

  /** Counts as the membership changes, whoever changed it. */
  heed(change: Change): void {
    if (change.kind === 'snapshot') {
      this.#total = 0
      this.#bySource.clear()
      this.#byKey.clear()
      for (const record of change.records) this.#count(record, 1)
    } else if (change.kind === 'added') this.#count(change.record, 1)
    else if (change.kind === 'removed') this.#count(change.record, -1)
    else {
      this.#count(change.before, -1)
      this.#count(change.record, 1)
    }
  }

  // Nodes of the config count for nothing: no stranger is to be kept out by them, nor they by strangers.
  #count({ source, isLocal, isStatic, key }: NodeRecord, change: number): void {
    if (isStatic) return
    this.#total += change
    bump(this.#bySource, quotaSource(source, isLocal), change)
    bump(this.#byKey, key, change)
  }
}

function bump(counts: Map<string, number>, name: string, change: number): void {
  const count = (counts.get(name) ?? 0) + change
  if (count > 0) counts.set(name, count)
  else counts.delete(name)
}

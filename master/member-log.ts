// master/member-log.ts: says in the log which nodes come and go, and counts them: a few lines a second, then only how many.
import { POLICIES } from '../base/policy.ts'
import type { Change } from '../subscription/membership.ts'
import type { Log } from './logs/log.ts'

const MOST_LINES = 20
// Keys that ask for a policy of none are told once in so many ticks, and so many of them.
const POLICY_TICKS = 60
const MOST_POLICY_KEYS = 50

export class MemberLog {
  readonly #log: Log
  #count = 0
  #hasBegun = false
  #lines = 0 // since the last tick
  #untold = 0
  #ticks = 0
  readonly #oddPolicies = new Set<string>() // keys that were told

  constructor(log: Log) {
    this.#log = log
  }

  /** Nodes that are there, those of the config among them. */
  get count(): number {
    return this.#count
  }

  /** From now on it is news. */
  begin(): void {
    this.#hasBegun = true
  }

  heed(change: Change): void {
    if (change.kind === 'snapshot') this.#count = change.records.length
    else if (change.kind === 'added') this.#count++
    else if (change.kind === 'removed') this.#count--
    if (!this.#hasBegun || change.kind === 'snapshot' || change.record.isStatic) return
    if (change.kind !== 'removed') this.#tellPolicy(change)
    if (this.#lines >= MOST_LINES) this.#untold++
    else this.#tell(change)
  }

  /** Once a second. */
  tick(): void {
    if (this.#untold > 0)
      this.#log.info({ changes: this.#untold, nodes: this.#count }, 'more nodes came, changed or left')
    this.#lines = 0
    this.#untold = 0
    if (++this.#ticks % POLICY_TICKS === 0) this.#oddPolicies.clear()
  }

  // The node is taken all the same.
  #tellPolicy(change: Extract<Change, { kind: 'added' | 'changed' }>): void {
    const { key, node, source, announcement } = change.record
    const { algo } = announcement
    if (algo === '' || POLICIES.some(policy => policy === algo)) return
    if (change.kind === 'changed' && change.before.announcement.algo === algo) return
    if (this.#oddPolicies.has(key) || this.#oddPolicies.size >= MOST_POLICY_KEYS) return
    this.#oddPolicies.add(key)
    const fields = { key, node: node.address.name, source, algo, known: POLICIES.join(' ') }
    this.#log.warn(fields, 'node asks for a policy that there is not: the config decides')
  }

  #tell(change: Exclude<Change, { kind: 'snapshot' }>): void {
    const { key, node, source, isUnheard, isSigned } = change.record
    const fields = { key, node: node.address.name, source }
    this.#lines++
    if (change.kind === 'added') this.#log.info({ ...fields, isSigned }, 'node announced itself')
    else if (change.kind === 'removed') this.#log.info({ ...fields, why: change.why }, 'node left')
    else if (isUnheard) this.#log.warn(fields, 'node is not heard any more, and stays as the last of its key')
    else if (change.before.isUnheard) this.#log.info(fields, 'node is heard again')
    else this.#log.info(fields, 'node changed')
  }
}

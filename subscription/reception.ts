// subscription/reception.ts: what becomes of each datagram: a change of the membership, or a refusal that is counted.
import type { AdmissionPolicy } from './admission.ts'
import type { Forwarding } from './forwarding.ts'
import { type Accepted, enrol, judgeDatagram, type SignatureTrust } from './judge.ts'
import type { Membership } from './membership.ts'
import type { Quota } from './quota.ts'
import type { RefusalLine, RefusalLog } from './refusal-log.ts'
import type { Refusal } from './refusals.ts'

/** What is asked of an announcement; a reload may change it. */
export interface Rules {
  readonly policy: AdmissionPolicy
  /** null: signatures are not asked for. */
  readonly trust: SignatureTrust | null
}

/** The time, from where it is known. */
export interface Clock {
  /** Milliseconds that only go forward: leases are measured in them. */
  readonly monotonicMs: () => number
  /** Milliseconds since 1970: packets are signed at such a time. */
  readonly unixMs: () => number
}

export interface ReceptionOptions {
  readonly membership: Membership
  readonly quota: Quota
  readonly refusals: RefusalLog
  readonly clock: Clock
  readonly rules: Rules
  /** Logs a refusal. */
  readonly tell: (line: RefusalLine) => void
  /** Passes an announcement on; null: to nobody. */
  readonly forward: { readonly by: Forwarding; readonly send: (bytes: Buffer) => void } | null
}

export class Reception {
  readonly #options: ReceptionOptions
  #rules: Rules
  #forward: ReceptionOptions['forward']
  #accepted = 0

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#rules = options.rules
    this.#forward = options.forward
  }

  /** How many announcements were taken, heartbeats included. */
  get accepted(): number {
    return this.#accepted
  }

  change(rules: Rules, forward: ReceptionOptions['forward']): void {
    this.#rules = rules
    this.#forward = forward
  }

  /** @param bytes not to be written to any more: they may be on their way to others. @param source as node:dgram says it */
  take(bytes: Buffer, source: string): void {
    const { membership, quota, clock } = this.#options
    const { policy, trust } = this.#rules
    const judged = judgeDatagram(bytes, source, Math.floor(clock.unixMs() / 1000), policy, trust)
    if (judged.kind === 'refused') return this.#refuse(judged, source)
    const refusal = enrol(judged, membership, quota, clock.monotonicMs())
    if (refusal !== null) return this.#refuse(refusal, source)
    this.#accepted++
    if (this.#forward !== null) this.#passOn(judged, bytes)
  }

  #refuse(refusal: Refusal, source: string): void {
    const { refusals, clock, tell } = this.#options
    const line = refusals.note(refusal, source, clock.monotonicMs())
    if (line !== null) tell(line)
  }

  #passOn(accepted: Accepted, bytes: Buffer): void {
    const packet = this.#forward!.by.packetFor(accepted, bytes, this.#options.clock.monotonicMs())
    if (packet !== null) this.#forward!.send(packet)
  }
}

// routing/rules/ours/our-world.ts: what actions of ours share beyond one request: buckets, requests in hand, lists of networks.
// One for each process.
import type { LimitGrant, LimitReport } from '../../../base/limits.ts'
import type { NetFilePicture, NetsPicture } from '../../../base/nets.ts'
import type { RulesPicture } from '../../../base/rules-picture.ts'
import type { HashSecret } from '../../limit/key-hash.ts'
import { Limits } from '../../limit/limits.ts'
import { InFlight } from './in-flight.ts'
import { limitName } from './limit.ts'

export class OurWorld {
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  readonly limits: Limits
  readonly inFlight = new InFlight()
  readonly #nets = new Map<string, NetsPicture>()
  #limitNames: ReadonlySet<string> = new Set()
  #gateways = 1

  /** @param secret the same in all gateways of a machine, and known to nobody else */
  constructor(now: () => number, secret: HashSecret) {
    this.now = now
    this.limits = new Limits(secret)
  }

  /** How many gateways share what is limited. */
  get gateways(): number {
    return this.#gateways
  }

  set gateways(count: number) {
    this.#gateways = Math.max(1, count)
    this.limits.gateways = this.#gateways
  }

  /** Rules that will be in force: counts that neither they nor those before them use are forgotten. */
  learnRules({ chains }: RulesPicture): void {
    const names = new Set<string>()
    for (const chain of Object.values(chains))
      for (const rule of chain.rules) {
        const name = limitName(rule)
        if (name !== null) names.add(name)
      }
    this.limits.keepOnly(new Set([...this.#limitNames, ...names]))
    this.#limitNames = names
  }

  /** Lists of networks, new or changed. */
  learnNets(files: readonly NetFilePicture[]): void {
    for (const { file, nets } of files) {
      if (nets === null) this.#nets.delete(file)
      else this.#nets.set(file, nets)
    }
  }

  /** @returns undefined for a file that nobody told of: its rules can say neither yes nor no */
  nets(file: string): NetsPicture | undefined {
    return this.#nets.get(file)
  }

  /** For the master, a few times a second; it is worth a message when it is not empty. */
  report(): readonly LimitReport[] {
    return this.limits.report(this.now())
  }

  granted(grants: readonly LimitGrant[]): void {
    this.limits.granted(grants, this.now())
  }
}

// master/names.ts: keeps the host names of nodes resolved ahead of traffic, so that no exchange waits for DNS.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Log } from './logs/log.ts'

export type Lookup = (host: string) => Promise<readonly string[]>

const AGAIN_MS = 30_000
const AGAIN_UNRESOLVED_MS = 3000

/** Every address of a name, as the system resolves it (/etc/hosts too). */
export const systemLookup: Lookup = async host =>
  (await lookup(host, { all: true })).map(({ address }) => address)

export class Names {
  readonly #addresses = new Map<string, readonly string[]>()
  readonly #failing = new Set<string>()
  readonly #onChange: () => void
  readonly #log: Log
  readonly #lookup: Lookup
  #timers: NodeJS.Timeout[] = []
  #isServing = false // changes are worth telling

  /** @param onChange called after a round in which some name got other addresses */
  constructor(hosts: Iterable<string>, onChange: () => void, log: Log, lookupHost: Lookup = systemLookup) {
    for (const host of hosts) this.#addresses.set(host, isIP(host) ? [host] : [])
    this.#onChange = onChange
    this.#log = log
    this.#lookup = lookupHost
  }

  /** Last known addresses of a host; empty while it never resolved. A numeric host is its own. */
  addresses(host: string): readonly string[] {
    return this.#addresses.get(host) ?? []
  }

  /** Resolves everything once, waiting at most `limitMs`, then again and again until stop(). */
  async start(limitMs: number): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, limitMs)
    await Promise.race([this.#round(this.#names()), limit.promise])
    clearTimeout(timer)
    this.#isServing = true
    this.#timers = [
      setInterval(() => void this.#round(this.#names()), AGAIN_MS),
      setInterval(() => void this.#round([...this.#failing]), AGAIN_UNRESOLVED_MS),
    ]
  }

  /** Keeps these hosts too. Resolves once the new ones were asked for, after `limitMs` at most; what comes later counts as a change. */
  async add(hosts: Iterable<string>, limitMs: number): Promise<void> {
    const fresh = [...new Set(hosts)].filter(host => !this.#addresses.has(host))
    for (const host of fresh) this.#addresses.set(host, isIP(host) ? [host] : [])
    let isLate = false
    const asked = fresh
      .filter(host => !isIP(host))
      .map(async host => {
        if ((await this.#resolve(host)) && isLate) this.#onChange()
      })
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, limitMs)
    await Promise.race([Promise.all(asked), limit.promise])
    clearTimeout(timer)
    isLate = true
  }

  /** Forgets all but these. */
  forgetOthers(hosts: Iterable<string>): void {
    const wanted = new Set(hosts)
    for (const host of this.#addresses.keys()) {
      if (wanted.has(host)) continue
      this.#addresses.delete(host)
      this.#failing.delete(host)
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #names(): string[] {
    return [...this.#addresses.keys()].filter(host => !isIP(host))
  }

  async #round(hosts: readonly string[]): Promise<void> {
    const changed = await Promise.all(hosts.map(host => this.#resolve(host)))
    if (this.#isServing && changed.includes(true)) this.#onChange()
  }

  // A name that stops resolving keeps its last addresses: DNS being away is no reason to lose a node.
  async #resolve(host: string): Promise<boolean> {
    const before = this.addresses(host)
    try {
      const found = [...new Set(await this.#lookup(host))]
      if (this.#failing.delete(host)) {
        this.#log.info({ host, addresses: found.join(' ') }, 'node name resolves again')
      }
      // Another order alone is how DNS spreads load, no change.
      if (found.toSorted().join() === before.toSorted().join()) return false
      this.#addresses.set(host, found)
      return true
    } catch (error) {
      const cause = (error as NodeJS.ErrnoException).code ?? String(error)
      if (!this.#failing.has(host)) {
        const kept = before.join(' ')
        this.#log.warn({ code: 'SLUICE_NODE_UNRESOLVED', host, cause, kept }, 'node name does not resolve')
      }
      this.#failing.add(host)
      return false
    }
  }
}

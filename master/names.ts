// master/names.ts: keeps the host names of nodes resolved ahead of traffic, so that no exchange waits for DNS. Names are asked
// for again as their records expire.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Log } from './logs/log.ts'
import { dnsTtl, type TtlOf } from './name-ttl.ts'

export type Lookup = (host: string) => Promise<readonly string[]>

export interface NamesOptions {
  readonly lookup?: Lookup
  readonly ttlOf?: TtlOf
  readonly random?: () => number
}

/** A host, and who wants it. */
interface Host {
  addresses: readonly string[]
  isInConfig: boolean
  /** Announced nodes that have it. */
  held: number
  isFailing: boolean
  isBeingAsked: boolean
  /** When to ask again, in ticks. */
  due: number
}

const TICK_MS = 1000
// Of names that the DNS does not know, such as those of /etc/hosts.
const AGAIN_S = 30
const AGAIN_UNRESOLVED_S = 3
const SHORTEST_S = 1
const LONGEST_S = 60
/** Names of equal age are spread over this share of the time. */
const JITTER = 0.1

/** Every address of a name, as the system resolves it (/etc/hosts too). */
export const systemLookup: Lookup = async host =>
  (await lookup(host, { all: true })).map(({ address }) => address)

export class Names {
  readonly #hosts = new Map<string, Host>()
  readonly #onChange: (hosts: readonly string[]) => void
  readonly #log: Log
  readonly #lookup: Lookup
  readonly #ttlOf: TtlOf
  readonly #random: () => number
  #changed = new Set<string>() // not told yet
  #timer: NodeJS.Timeout | null = null
  #ticks = 0
  #isServing = false // changes are worth telling

  /** @param onChange called after some names got other addresses, with these names */
  constructor(
    hosts: Iterable<string>,
    onChange: (hosts: readonly string[]) => void,
    log: Log,
    { lookup: lookupHost = systemLookup, ttlOf = dnsTtl(), random = Math.random }: NamesOptions = {},
  ) {
    for (const host of hosts) this.#want(host).isInConfig = true
    this.#onChange = onChange
    this.#log = log
    this.#lookup = lookupHost
    this.#ttlOf = ttlOf
    this.#random = random
  }

  /** Last known addresses of a host; empty while it never resolved. A numeric host is its own. */
  addresses(host: string): readonly string[] {
    return this.#hosts.get(host)?.addresses ?? []
  }

  /** Resolves everything once, waiting at most `limitMs`, then again and again until stop(). */
  async start(limitMs: number): Promise<void> {
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    await within(limitMs, this.#ask([...this.#hosts.keys()]))
    this.#isServing = true
  }

  /** Keeps these hosts too. Resolves once the new ones were asked for, after `limitMs` at most; what comes later counts as a change. */
  async add(hosts: Iterable<string>, limitMs: number): Promise<void> {
    const all = [...new Set(hosts)]
    const fresh = all.filter(host => !this.#hosts.has(host))
    for (const host of all) this.#want(host).isInConfig = true
    let isLate = false
    const asked = fresh.map(async host => {
      if ((await this.#resolve(host)) && isLate) this.#tell(host)
    })
    await within(limitMs, Promise.all(asked))
    isLate = true
  }

  /** Forgets all but these, and those that announced nodes have. */
  forgetOthers(hosts: Iterable<string>): void {
    const wanted = new Set(hosts)
    for (const [name, host] of this.#hosts) {
      host.isInConfig = wanted.has(name)
      this.#forgetUnwanted(name, host)
    }
  }

  /** An announced node has this name: it is kept until it is released as often as it was held. */
  hold(name: string): void {
    const isNew = !this.#hosts.has(name)
    this.#want(name).held++
    if (!isNew) return
    void this.#resolve(name).then(hasChanged => {
      if (hasChanged) this.#tell(name)
    })
  }

  release(name: string): void {
    const host = this.#hosts.get(name)
    if (host === undefined) return
    host.held--
    this.#forgetUnwanted(name, host)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  #want(name: string): Host {
    const known = this.#hosts.get(name)
    if (known !== undefined) return known
    const host: Host = {
      addresses: isIP(name) ? [name] : [],
      isInConfig: false,
      held: 0,
      isFailing: false,
      isBeingAsked: false,
      due: isIP(name) ? Number.POSITIVE_INFINITY : 0,
    }
    this.#hosts.set(name, host)
    return host
  }

  #forgetUnwanted(name: string, { isInConfig, held }: Host): void {
    if (!isInConfig && held === 0) this.#hosts.delete(name)
  }

  #tick(): void {
    this.#ticks++
    this.#tellChanged() // a slow name does not hold up the others of its round
    const due = [...this.#hosts].flatMap(([name, host]) => (host.due <= this.#ticks ? [name] : []))
    if (due.length > 0) void this.#ask(due)
  }

  async #ask(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async name => {
        if ((await this.#resolve(name)) && this.#isServing) this.#changed.add(name)
      }),
    )
    this.#tellChanged()
  }

  #tell(name: string): void {
    this.#changed.add(name)
    this.#tellChanged()
  }

  #tellChanged(): void {
    if (this.#changed.size === 0) return
    const changed = [...this.#changed]
    this.#changed = new Set()
    this.#onChange(changed)
  }

  // @returns whether it has other addresses now. One that is gone meanwhile, or is being asked for, has not.
  async #resolve(name: string): Promise<boolean> {
    const host = this.#hosts.get(name)
    if (host === undefined || host.isBeingAsked || isIP(name)) return false
    host.isBeingAsked = true
    const before = host.addresses
    try {
      await this.#lookUp(name, host)
    } finally {
      host.isBeingAsked = false
    }
    return host.addresses !== before && this.#hosts.get(name) === host
  }

  // A name that stops resolving keeps its last addresses: DNS being away is no reason to lose a node.
  async #lookUp(name: string, host: Host): Promise<void> {
    try {
      const found = [...new Set(await this.#lookup(name))]
      if (host.isFailing)
        this.#log.info({ host: name, addresses: found.join(' ') }, 'node name resolves again')
      host.isFailing = false
      this.#askAgainIn(host, AGAIN_S)
      void this.#heedTtl(name, host)
      // Another order alone is how DNS spreads load, no change.
      if (found.toSorted().join() !== host.addresses.toSorted().join()) host.addresses = found
    } catch (error) {
      const cause = (error as NodeJS.ErrnoException).code ?? String(error)
      if (!host.isFailing) {
        const kept = host.addresses.join(' ')
        this.#log.warn(
          { code: 'SLUICE_NODE_UNRESOLVED', host: name, cause, kept },
          'node name does not resolve',
        )
      }
      host.isFailing = true
      this.#askAgainIn(host, AGAIN_UNRESOLVED_S)
    }
  }

  // The system decides what the addresses are; the DNS beside it, when to ask again.
  async #heedTtl(name: string, host: Host): Promise<void> {
    const ttl = await this.#ttlOf(name)
    if (ttl !== null && !host.isFailing)
      this.#askAgainIn(host, Math.min(Math.max(ttl, SHORTEST_S), LONGEST_S))
  }

  #askAgainIn(host: Host, seconds: number): void {
    host.due = this.#ticks + Math.max(1, Math.round(seconds * (1 - JITTER * this.#random())))
  }
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = Promise.withResolvers<void>()
  const timer = setTimeout(limit.resolve, limitMs)
  await Promise.race([work, limit.promise])
  clearTimeout(timer)
}

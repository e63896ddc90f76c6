// master/name-ttl.ts: for how long the DNS vouches for the addresses of a name.
import { Resolver } from 'node:dns/promises'

/** @returns seconds; null when the DNS does not know the name. Never rejects */
export type TtlOf = (host: string) => Promise<number | null>

const TIMEOUT_MS = 2000
const TRIES = 1

/** Asks the DNS itself: the system's own look-up does not tell. */
export function dnsTtl(): TtlOf {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  return async host => {
    const found = await Promise.allSettled([
      resolver.resolve4(host, { ttl: true }),
      resolver.resolve6(host, { ttl: true }),
    ])
    const ttls = found.flatMap(one => (one.status === 'fulfilled' ? one.value.map(({ ttl }) => ttl) : []))
    return ttls.length === 0 ? null : Math.min(...ttls)
  }
}

// config/statistics-checks.ts: what is doubtful about what an instance tells of itself.
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { ListenAddress } from '../base/address.ts'
import type { Checked, Tell } from './checked.ts'
import { isEverywhere } from './listeners.ts'

const PRIVATE = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'])

/** Pure. */
export function checkStatistics({ values, place }: Checked, warn: Tell): void {
  const address = values['http-stats']
  if (address !== null && isPublic(address)) {
    const problem = `option "http-stats" listens on ${address.text}: whoever reaches it may read which hosts and nodes there are`
    warn(place('http-stats'), problem, 'Listen on 127.0.0.1, a private address or a UNIX socket')
  }
  if (address === null && values['stats-http']) {
    warn(place('stats-http'), '"stats-http" does nothing without http-stats', 'Add http-stats = ADDRESS')
  }
}

// What a name stands for is not known here; "localhost" is.
function isPublic(address: ListenAddress): boolean {
  if (address.kind === 'tcp-prefix') return !/^(127|10)(\.|$)|^192\.168(\.|$)/.test(address.prefix)
  if (address.kind !== 'tcp' || address.host === 'localhost') return false
  if (isEverywhere(address.host)) return true
  return isIP(address.host) !== 0 && !PRIVATE.has(ipaddr.process(address.host).range())
}

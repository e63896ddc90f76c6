// test/routing/balance/golden.ts: picks of real uWSGI routers, as they were seen.
import { readFileSync } from 'node:fs'

export interface Golden {
  readonly name: string
  readonly algorithm: string
  /** By the letter of a node. */
  readonly weights: Readonly<Record<string, number>>
  /** Letters. */
  readonly announce_order: string
  readonly picks: string
  readonly mode: 'one request at a time' | 'requests never end'
  readonly client_addresses?: readonly string[]
  readonly backup_levels?: Readonly<Record<string, number>>
}

const vectors = JSON.parse(readFileSync(new URL('../../vectors/balance-picks.json', import.meta.url), 'utf8'))

export const GOLDEN: readonly Golden[] = [...vectors.uwsgi_2_0_21, ...vectors.uwsgi_2_1_dev]

// gateway/asks/hashes/kinds.ts: the hashes that password files may hold, told by their spelling; computes none of them.
import { FEWEST_ROUNDS } from './sha-crypt.ts'

export type HashKind = 'sha1' | 'des' | 'md5' | 'sha256' | 'sha512' | 'bcrypt'

/** Beyond these one check takes seconds: a line that asks for it is taken for a mistake. */
const MOST_ROUNDS = 1_000_000
const MOST_COST = 15

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const SHA = /^(\$([56])\$(?:rounds=(\d{1,9})\$)?([^$:]{0,64})\$)([./A-Za-z0-9]+)$/

/** @returns null for what is none that we check */
export function kindOf(hash: string): HashKind | null {
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(hash)) return 'sha1'
  if (/^[./A-Za-z0-9]{13}$/.test(hash)) return 'des'
  if (/^\$(1|apr1)\$[^$:]{0,64}\$[./A-Za-z0-9]{22}$/.test(hash)) return 'md5'
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? 0)
  if (cost >= 4 && cost <= MOST_COST) return 'bcrypt'
  return readSha(hash)?.kind ?? null
}

/** Whether a check of it takes no longer than the way to another thread. */
export function isCheap(hash: string): boolean {
  return hash.startsWith('{SHA}')
}

export interface ShaHash {
  readonly kind: 'sha256' | 'sha512'
  /** undefined: not named. */
  readonly rounds: number | undefined
  readonly salt: string
  /** All in front of the digest, as written. */
  readonly head: string
}

/** The parts of "$5$rounds=N$SALT$DIGEST". @returns null for what is none */
export function readSha(hash: string): ShaHash | null {
  const [, head = '', number, roundsText, salt = '', digest = ''] = SHA.exec(hash) ?? []
  if (head === '' || digest.length !== (number === '5' ? 43 : 86)) return null
  const rounds = roundsText === undefined ? undefined : Number(roundsText)
  if (rounds !== undefined && (rounds < FEWEST_ROUNDS || rounds > MOST_ROUNDS)) return null
  return { kind: number === '5' ? 'sha256' : 'sha512', rounds, salt, head }
}

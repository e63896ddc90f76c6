// gateway/asks/hashes/check.ts: which of the hashes of password files a text is, and whether a password makes it.
import { timingSafeEqual } from 'node:crypto'
import bcrypt from 'bcryptjs'
import { desCrypt } from './des-crypt.ts'
import { kindOf, readSha } from './kinds.ts'
import { md5Crypt } from './md5-crypt.ts'
import { DEFAULT_ROUNDS, shaCrypt } from './sha-crypt.ts'
import { checkSha1 } from './sha1.ts'

/**
 * Takes as long as the hash wants: 60 ms and more.
 *
 * @param hash one that {@link kindOf} knows
 * @param password one character a byte
 */
export function checkHash(hash: string, password: string): boolean {
  // A file's own tools end a password there: what follows would count for some kinds and not for others.
  if (password.includes('\0')) return false
  const bytes = Buffer.from(password, 'latin1')
  switch (kindOf(hash)) {
    case 'sha1':
      return checkSha1(hash, password)
    case 'des':
      return isSame(hash, desCrypt(bytes, hash))
    case 'md5': {
      const [, name, salt = ''] = hash.split('$') as [string, '1' | 'apr1', string]
      const used = salt.slice(0, 8)
      return isSame(hash, `$${name}$${salt}$${md5Crypt(bytes, used, `$${name}$`)}`)
    }
    case 'sha256':
    case 'sha512':
      return isSha(hash, bytes)
    case 'bcrypt':
      return isBcrypt(hash, bytes)
    default:
      return false
  }
}

function isSha(hash: string, password: Buffer): boolean {
  const { kind, rounds, salt, head } = readSha(hash)!
  return isSame(hash, `${head}${shaCrypt(password, salt.slice(0, 16), kind, rounds ?? DEFAULT_ROUNDS)}`)
}

// The package takes text. Bytes that are no UTF-8 would become others on the way, so that two passwords were one.
function isBcrypt(hash: string, password: Buffer): boolean {
  const text = password.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(password)) return false
  return bcrypt.compareSync(text, hash)
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a, 'latin1')
  const right = Buffer.from(b, 'latin1')
  return left.length === right.length && timingSafeEqual(left, right)
}

// gateway/asks/hashes/md5-crypt.ts: $1$ of FreeBSD and $apr1$ of Apache: a thousand rounds of MD5, alike but for the name.
import { createHash } from 'node:crypto'
import { radix64 } from './radix64.ts'

const ROUNDS = 1000
// Which bytes of the digest stand together in the text.
const ORDER = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5]

/** @param salt up to eight characters. @returns what follows "$1$SALT$" */
export function md5Crypt(password: Buffer, salt: string, magic: '$1$' | '$apr1$'): string {
  const saltBytes = Buffer.from(salt, 'latin1')
  const inner = md5(password, saltBytes, password)
  const first = createHash('md5').update(password).update(magic).update(saltBytes)
  for (let left = password.length; left > 0; left -= 16) first.update(inner.subarray(0, Math.min(left, 16)))
  // An odd rule of the first author's that everyone had to copy.
  for (let bits = password.length; bits > 0; bits >>= 1)
    first.update((bits & 1) === 1 ? Buffer.alloc(1) : password.subarray(0, 1))
  let digest = first.digest()
  for (let i = 0; i < ROUNDS; i++) {
    const hash = createHash('md5').update(i % 2 === 1 ? password : digest)
    if (i % 3 !== 0) hash.update(saltBytes)
    if (i % 7 !== 0) hash.update(password)
    digest = hash.update(i % 2 === 1 ? digest : password).digest()
  }
  let text = ''
  for (let i = 0; i < ORDER.length; i += 3) {
    const third = i === 12 ? digest[ORDER[14]!]! : digest[ORDER[i + 2]!]!
    text += radix64((digest[ORDER[i]!]! << 16) | (digest[ORDER[i + 1]!]! << 8) | third, 4)
  }
  return text + radix64(digest[11]!, 2)
}

function md5(...parts: readonly Buffer[]): Buffer {
  return createHash('md5').update(Buffer.concat(parts)).digest()
}

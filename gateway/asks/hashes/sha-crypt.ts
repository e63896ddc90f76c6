// gateway/asks/hashes/sha-crypt.ts: $5$ and $6$, as glibc has them: thousands of rounds of SHA-256 or SHA-512.
import { createHash } from 'node:crypto'
import { radix64 } from './radix64.ts'

export const DEFAULT_ROUNDS = 5000
export const FEWEST_ROUNDS = 1000

/**
 * @param salt up to sixteen characters
 * @returns what follows the salt and its "$"
 */
export function shaCrypt(password: Buffer, salt: string, kind: 'sha256' | 'sha512', rounds: number): string {
  const saltBytes = Buffer.from(salt, 'latin1')
  const inner = createHash(kind).update(password).update(saltBytes).update(password).digest()
  const first = createHash(kind).update(password).update(saltBytes).update(stretched(inner, password.length))
  for (let bits = password.length; bits > 0; bits >>= 1) first.update((bits & 1) === 1 ? inner : password)
  let digest = first.digest()

  const forPassword = createHash(kind)
  for (let i = 0; i < password.length; i++) forPassword.update(password)
  const p = stretched(forPassword.digest(), password.length)
  const forSalt = createHash(kind)
  for (let i = 0; i < 16 + digest[0]!; i++) forSalt.update(saltBytes)
  const s = stretched(forSalt.digest(), saltBytes.length)

  for (let i = 0; i < rounds; i++) {
    const hash = createHash(kind).update(i % 2 === 1 ? p : digest)
    if (i % 3 !== 0) hash.update(s)
    if (i % 7 !== 0) hash.update(p)
    digest = hash.update(i % 2 === 1 ? digest : p).digest()
  }
  return kind === 'sha256' ? text256(digest) : text512(digest)
}

function stretched(digest: Buffer, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += digest.length) digest.copy(bytes, at)
  return bytes
}

// Three bytes a third of the digest apart make four characters; the one that comes first changes with each group.
function text256(digest: Buffer): string {
  let text = ''
  for (let i = 0; i < 10; i++) {
    const [a, b, c] = turned([i, i + 10, i + 20], i, 2)
    text += radix64((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4)
  }
  return text + radix64((digest[31]! << 8) | digest[30]!, 3)
}

function text512(digest: Buffer): string {
  let text = ''
  for (let i = 0; i < 21; i++) {
    const [a, b, c] = turned([i, i + 21, i + 42], i, 1)
    text += radix64((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4)
  }
  return text + radix64(digest[63]!, 2)
}

function turned(group: readonly number[], times: number, step: number): [number, number, number] {
  const by = (times * step) % 3
  return [group[by]!, group[(by + 1) % 3]!, group[(by + 2) % 3]!]
}

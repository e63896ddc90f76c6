// gateway/asks/hashes/sha1.ts: {SHA}, the one hash of password files that is checked in no time.
import { createHash, timingSafeEqual } from 'node:crypto'

/** @param hash "{SHA}…" whole. @param password one character a byte */
export function checkSha1(hash: string, password: string): boolean {
  const made = Buffer.from(`{SHA}${createHash('sha1').update(password, 'latin1').digest('base64')}`)
  const given = Buffer.from(hash, 'latin1')
  return made.length === given.length && timingSafeEqual(made, given)
}

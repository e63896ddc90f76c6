// routing/balance/text-hash.ts: a text as a point on the circle. The same on every machine, and good in all its bits;
// no defence against texts that are chosen to collide: loads are bounded, so that these harm only themselves.
import { fnv1a } from '../../base/fnv.ts'

/** @returns 0 to 2^32 - 1: FNV-1a over the characters, then mixed */
export function hashOf(text: string): number {
  return mixed(fnv1a(text))
}

/** The next point of a text that needs several. */
export function rehash(hash: number): number {
  return mixed((hash + 0x9e3779b9) | 0)
}

/** The last step of MurmurHash3: every bit in changes half of the bits out. @returns 0 to 2^32 - 1 */
export function mixed(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

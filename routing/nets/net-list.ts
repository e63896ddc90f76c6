// routing/nets/net-list.ts: whether an address belongs to a set of networks: two dozen steps for a million of them.
import ipaddr from 'ipaddr.js'
import type { NetsPicture } from '../../base/nets.ts'

/** An address as words, kept for the length of one look. */
const WORDS = new Uint32Array(4)

/** @param address as connections have it; '' for clients of UNIX sockets. @returns null: that is no address */
export function isWithin({ v4, v6, hasUnix }: NetsPicture, address: string): boolean | null {
  if (address === '') return hasUnix
  const colon = address.indexOf(':')
  if (colon < 0) return readV4(address) ? holds(v4, 1, 3) : null
  if (!readV6(address)) return null
  const isMapped = WORDS[0] === 0 && WORDS[1] === 0 && WORDS[2] === 0xffff
  return isMapped ? holds(v4, 1, 3) : holds(v6, 4, 0)
}

/**
 * @param words of one address
 * @param from the first of them in WORDS
 */
function holds(ranges: Uint32Array, words: number, from: number): boolean {
  // The last range that does not begin behind the address.
  let low = 0
  let high = ranges.length / (2 * words)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(ranges, middle * 2 * words, words, from) <= 0) low = middle + 1
    else high = middle
  }
  return low > 0 && compare(ranges, (low * 2 - 1) * words, words, from) >= 0
}

function compare(ranges: Uint32Array, at: number, words: number, from: number): number {
  for (let i = 0; i < words; i++) {
    const difference = ranges[at + i]! - WORDS[from + i]!
    if (difference !== 0) return difference
  }
  return 0
}

// As the last word.
function readV4(text: string): boolean {
  let word = 0
  let part = -1
  let parts = 1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) {
      if (part < 0) return false
      word = word * 256 + part
      part = -1
      parts++
    } else if (code >= 48 && code <= 57) {
      part = (part < 0 ? 0 : part * 10) + code - 48
      if (part > 255) return false
    } else return false
  }
  if (part < 0 || parts !== 4) return false
  WORDS[3] = word * 256 + part
  return true
}

// Clients of IPv6 are fewer: theirs may cost a microsecond more.
function readV6(text: string): boolean {
  if (!ipaddr.IPv6.isValid(text)) return false
  const { parts } = ipaddr.IPv6.parse(text)
  for (let i = 0; i < 4; i++) WORDS[i] = parts[i * 2]! * 65_536 + parts[i * 2 + 1]!
  return true
}

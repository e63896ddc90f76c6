// routing/balance/ip-hash.ts: a client's address always leads to the same node, while their number stays (uWSGI's iphash).
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'
import { SumTree } from './sum-tree.ts'

/**
 * Node number (hash of the address modulo the nodes that are open) in order of announcement. One node more or less moves
 * nearly every client: {@link HashRing} does not. A pick costs a step per bit of the number of nodes.
 */
export class IpHash implements Balance {
  readonly #seats: readonly Seat[]
  readonly #open: SumTree

  constructor(seats: readonly Seat[]) {
    this.#seats = seats
    this.#open = new SumTree(Float64Array.from(seats, seat => (seat.standing === 'open' ? 1 : 0)))
  }

  add(seat: Seat): void {
    this.#open.set(seat.place, 1)
  }

  remove(seat: Seat): void {
    this.#open.set(seat.place, 0)
  }

  loaded(): void {}

  /** @param address of the client, as text; anything but an IP address counts as 0 */
  pick(_now: number, _tried: readonly Node[] | null, address: string): Node | null {
    const count = this.#open.total
    return count === 0 ? null : this.#seats[this.#open.placeOf(addressNumber(address) % count)]!.node
  }
}

/**
 * The number uWSGI makes of an address: the four bytes of IPv4, least first; of the sixteen of IPv6 its hash of keys.
 *
 * @returns 0 to 2^32 - 1; 0 for what is no address
 */
export function addressNumber(address: string): number {
  if (address.includes(':')) return readIpv6(address) ? hashOfBytes(BYTES) : 0
  let number = 0
  let byte = 0
  let shift = 0
  for (let i = 0; i < address.length; i++) {
    const digit = address.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) byte = byte * 10 + digit
    else if (digit !== -2 || shift === 24) return 0
    else {
      number |= byte << shift
      shift += 8
      byte = 0
    }
  }
  return shift === 24 ? (number | (byte << 24)) >>> 0 : 0
}

const BYTES = new Uint8Array(16)

// Written into BYTES. What comes here was printed by the kernel or checked as an address: this only has to read it.
function readIpv6(text: string): boolean {
  let group = 0
  let digits = 0
  let at = 0 // of the next byte
  let gap = -1 // where '::' stands
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 58
    if (code === 46) return readIpv4Tail(text.slice(text.lastIndexOf(':') + 1), at, gap)
    if (code === 37) i = text.length // a zone
    const digit = hexDigit(code)
    if (digit >= 0) {
      group = group * 16 + digit
      digits++
      continue
    }
    if (digits > 0) {
      if (at > 14) return false
      BYTES[at++] = group >> 8
      BYTES[at++] = group & 255
    } else if (i > 0 && i < text.length) gap = at
    group = digits = 0
  }
  return spread(at, gap)
}

function readIpv4Tail(text: string, at: number, gap: number): boolean {
  if (at > 12) return false
  const number = addressNumber(text)
  for (let i = 0; i < 4; i++) BYTES[at + i] = number >>> (8 * i)
  return spread(at + 4, gap)
}

// Moves what follows '::' to the end and fills the gap with zeros.
function spread(length: number, gap: number): boolean {
  if (gap < 0) return length === 16
  BYTES.copyWithin(16 - (length - gap), gap, length)
  BYTES.fill(0, gap, 16 - (length - gap))
  return true
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

// Bytes above 127 count as negative: uWSGI hashes char, which has a sign on x86.
function hashOfBytes(bytes: Uint8Array): number {
  let hash = 5381
  for (const byte of bytes) hash = Math.imul(hash, 33) ^ ((byte << 24) >> 24)
  return hash >>> 0
}

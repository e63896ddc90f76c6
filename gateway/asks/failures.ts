// gateway/asks/failures.ts: how often each address failed to name a password of late, so that guessing is slow.
import { isIPv6 } from 'node:net'

/** Each address has so many failures, and gets one back after so long. */
const MOST = 10
const ONE_MS = 6_000
const MOST_ADDRESSES = 10_000

interface Record {
  left: number
  asOf: number
}

export class Failures {
  // Who failed last stands last, so that the first to be forgotten is the one that failed longest ago.
  readonly #records = new Map<string, Record>()

  /** @param address '' for clients of UNIX sockets. @returns milliseconds until it may try again; 0: now */
  waitMs(address: string, now: number): number {
    const record = this.#records.get(networkOf(address))
    if (record === undefined) return 0
    const left = leftAt(record, now)
    return left >= 1 ? 0 : Math.ceil((1 - left) * ONE_MS)
  }

  count(address: string, now: number): void {
    if (address === '') return // all of them, behind some proxy of the machine's own: one must not shut out the others
    const network = networkOf(address)
    const record = this.#records.get(network)
    const left = record === undefined ? MOST : leftAt(record, now)
    this.#records.delete(network)
    this.#records.set(network, { left: Math.max(0, left - 1), asOf: now })
    if (this.#records.size > MOST_ADDRESSES) this.#records.delete(this.#records.keys().next().value!)
  }
}

function leftAt({ left, asOf }: Record, now: number): number {
  return Math.min(MOST, left + (now - asOf) / ONE_MS)
}

// Whoever has one IPv6 address has all of its /64.
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right] = address.split('::')
  const head = left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  while (head.length + tail.length < 8) head.push('0')
  return [...head, ...tail]
    .slice(0, 4)
    .map(group => Number.parseInt(group || '0', 16).toString(16))
    .join(':')
}

// gateway/descriptors.ts: how many descriptors this process may have open, and how many of them are for connections.
// Beyond the limit libuv accepts connections only to close them, and tells nobody: it must not come to that.
import { readdirSync, readFileSync } from 'node:fs'

const MOST_RESERVED = 128
const SHARE = 0.8

export interface Descriptors {
  /** For connections of clients and nodes together, when nobody says how many clients there may be. */
  readonly usual: number
  /** For both together, whatever is said. */
  readonly most: number
  /** Kept free beyond that: for connections to nodes, and for clients that are being refused. */
  readonly reserved: number
}

/** As things are now, early in the life of the process. Without /proc nothing is limited. */
export function countDescriptors(): Descriptors {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    if (limit !== null) return divide(Number(limit[1]), readdirSync('/proc/self/fd').length)
  } catch {
    // no /proc
  }
  return { usual: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY, reserved: MOST_RESERVED }
}

function divide(limit: number, used: number): Descriptors {
  const reserved = Math.min(MOST_RESERVED, Math.max(8, Math.floor(limit / 8)))
  const most = Math.max(1, limit - used - reserved)
  return { usual: Math.min(most, Math.floor(limit * SHARE)), most, reserved }
}

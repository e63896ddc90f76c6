// config/queue-length.ts: how many connections may wait to be accepted: what the kernel allows, what we ask for.
import { readFileSync } from 'node:fs'

/** Bursts beyond it wait for seconds, until their SYN is sent again. */
const USUAL = 1024
// The kernel's own since Linux 5.4, for where /proc cannot be read.
const KERNEL_DEFAULT = 4096

/** net.core.somaxconn: longer queues are cut to this without a word. */
export function longestQueue(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'), 10) || KERNEL_DEFAULT
  } catch {
    return KERNEL_DEFAULT
  }
}

/** The default of `listen`. */
export function usualQueue(longest = longestQueue()): number {
  return Math.min(USUAL, longest)
}

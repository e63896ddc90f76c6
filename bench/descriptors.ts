// bench/descriptors.ts: how many descriptors a process here may have: rows of idle connections come close to it.
import { readFileSync } from 'node:fs'
import type { Row } from './row.ts'

/** Sluice takes 80 % of its descriptors for clients. */
const ROOM = 1.25

/** The hard limit, which every peer raises its own to. */
export function mostDescriptors(): number {
  const text = /Max open files\s+\S+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
  return text === undefined ? Number.MAX_SAFE_INTEGER : Number(text)
}

/** @throws Error when idle connections are more than a process may have */
export function checkDescriptors(rows: readonly Row[]): void {
  const most = mostDescriptors()
  for (const { name, load } of rows) {
    if (load.kind !== 'idle' || load.connections * ROOM <= most) continue
    throw new Error(`${name} needs ${load.connections * ROOM} descriptors, a process here may have ${most}`)
  }
}

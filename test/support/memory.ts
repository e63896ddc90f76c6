// test/support/memory.ts: how much memory a process has.
import { readFileSync } from 'node:fs'

/** Resident memory in bytes. */
export function readMemory(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024
}

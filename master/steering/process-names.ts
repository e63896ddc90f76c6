// master/steering/process-names.ts: how our processes show themselves to others: by the titles that ps prints, which procname and
// its kin change, and by a mark that never changes.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Values } from '../../config/table.ts'

export type Role = 'master' | 'gateway'

/**
 * The kernel's own name of the process, /proc/PID/comm: every user may read it, no title changes it, and it goes with
 * the process. 15 bytes at most.
 */
const MASTER_MARK = 'sluice: master'

/**
 * What ps shows. Node has no more room for it than its own command line took: a longer title is cut.
 *
 * @returns "sluice: master" unless procname, procname-master, -prefix, -prefix-spaced or -append say otherwise
 */
export function processTitle(values: Values, role: Role): string {
  const own = role === 'master' ? values['procname-master'] : null
  const name = own ?? values.procname ?? `sluice: ${role}`
  const spaced = values['procname-prefix-spaced']
  const prefix = spaced === null ? (values['procname-prefix'] ?? '') : `${spaced} `
  return `${prefix}${name}${values['procname-append'] ?? ''}`
}

/** Before privileges are dropped: afterwards the kernel lets nobody write the mark. */
export function nameMaster(values: Values): void {
  process.title = processTitle(values, 'master')
  try {
    writeFileSync('/proc/self/comm', MASTER_MARK)
  } catch {
    // no /proc: others will take us for another program, and our files for stale ones
  }
}

/** Whether a process with this pid runs and is a master of Sluice: pids are given to others in time. */
export function isMaster(pid: number): boolean {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd() !== MASTER_MARK) return false
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1))
  } catch {
    return false
  }
}

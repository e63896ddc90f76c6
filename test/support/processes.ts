// test/support/processes.ts: looks at processes through /proc, for tests about who lives and who is gone.
import { readdirSync, readFileSync } from 'node:fs'
// sleeps: processes outside of ours send no event, so until() polls, up to a limit
import { setTimeout as pause } from 'node:timers/promises'

/** Whether the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const stat = readStat(pid)
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X'
}

/** Pids of a process's children whose command line has `word`. */
export function childrenOf(pid: number, word = ''): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(
      child =>
        Number.isInteger(child) && readStat(child)?.parent === pid && commandLine(child).includes(word),
    )
}

/** The gateways of a master. */
export function gatewayPids(master: number): number[] {
  return childrenOf(master, 'gateway')
}

/** Far more than any claim takes on a slow and busy machine: who waits so long hangs. */
const HANGS_MS = 30_000

/** Polls until the claim holds. @throws Error naming it when `limitMs` is over */
export async function until(
  claim: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = HANGS_MS,
): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not after ${limitMs} ms: ${claim}`)
    await pause(20)
  }
}

function readStat(pid: number): { state: string; parent: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return null
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

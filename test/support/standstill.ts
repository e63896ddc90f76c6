// test/support/standstill.ts: a process that stands still for a moment, so that what arrives meanwhile waits for it together.
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { until } from './processes.ts'

/** Stops a process; resolves once it stands still. @returns wakes it */
export async function standStill(child: ChildProcess): Promise<() => void> {
  child.kill('SIGSTOP')
  const stat = `/proc/${child.pid}/stat`
  await until('the process stands still', () => /\) T /.test(readFileSync(stat, 'latin1')))
  return () => void child.kill('SIGCONT')
}

// master/privileges/core-dumps.ts: no process of ours leaves a core dump: it would hold keys and what clients sent.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from '../logs/log.ts'

/**
 * For this process and those it starts later; a command of attach-daemon may allow it again (ulimit -c). Node cannot,
 * prlimit of util-linux can, which every Debian has.
 */
export async function forbidCoreDumps(log: Log): Promise<void> {
  try {
    await promisify(execFile)('prlimit', ['--pid', String(process.pid), '--core=0:'], { timeout: 2_000 })
  } catch (error) {
    log.warn({ cause: (error as Error).message.split('\n')[0] }, 'core dumps stay possible')
  }
}

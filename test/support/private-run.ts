// test/support/private-run.ts: a /run and /tmp of the test's own, where no other instance is found. Needs root.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from './tmp.ts'

/**
 * A mount namespace that lives as long as the test.
 *
 * @param options `isReadOnly`: nothing can be written in /run
 * @returns words to put before a command that shall run there
 */
export async function privateRun(t: Test, { isReadOnly = false } = {}): Promise<readonly string[]> {
  const mount = `mount -t tmpfs -o mode=755${isReadOnly ? ',ro' : ''} sluice-test /run && echo ready && exec cat`
  const holder = spawn('unshare', ['--mount', 'sh', '-c', mount], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  const enter = `exec nsenter --mount --target ${holder.pid} --wdns="$PWD" "$@"`
  return ['sh', '-c', enter, 'sh']
}

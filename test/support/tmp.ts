// test/support/tmp.ts: places to write in, gone when the test is over: a fresh directory, and a real disk that is small.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The part of tap's t that is used here. */
export interface Test {
  teardown(fn: () => unknown): unknown
}

const run = promisify(execFile)

/** A fresh directory. @returns its absolute path */
export function temporaryDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/**
 * A file system in memory that holds so many bytes, mounted in a fresh directory. Needs root.
 *
 * @returns where it is mounted
 * @throws Error saying what to do when the mount is refused
 */
export async function smallDisk(t: Test, bytes: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
  try {
    await run('/usr/bin/mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'sluice-test', directory])
  } catch (error) {
    rmSync(directory, { recursive: true })
    throw new Error(`tests with a full disk mount a small tmpfs, which was refused: run them as root`, {
      cause: error,
    })
  }
  t.teardown(async () => {
    await run('/usr/bin/umount', ['--lazy', directory])
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** Content of a file; '' while there is none. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

// master/logs/log-files.ts: log files on the disk: made with their rights, renamed when they are rotated.
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs'

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants
const MOST_OF_A_SECOND = 10_000

/**
 * Makes the file unless it is there.
 *
 * @param mode of a file that is made, whatever the umask
 * @param setsMode one that is there gets it too, if it is ours
 * @throws Error of the system
 */
export function makeLogFile(path: string, mode: number, setsMode: boolean, isTruncated = false): void {
  const isThere = existsSync(path)
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, mode)
  try {
    if (!fstatSync(fd).isFile()) return // /dev/null and pipes stay what they are
    if (!isThere || setsMode) chmod(fd, mode)
    if (isTruncated) ftruncateSync(fd)
  } finally {
    closeSync(fd)
  }
}

// A file of others keeps its rights.
function chmod(fd: number, mode: number): void {
  try {
    fchmodSync(fd, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
}

/**
 * Renames a log file out of the way, never over another. An empty one stays.
 *
 * @param backup its new name; null: FILE.UNIXTIME
 * @returns the new name, null when there was nothing to rotate
 * @throws Error of the system
 */
export function rotateLogFile(path: string, backup: string | null, now: number): string | null {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile() || stat.size === 0) return null
  const name = freeName(backup ?? `${path}.${Math.floor(now / 1000)}`)
  renameSync(path, name)
  return name
}

function freeName(name: string): string {
  if (!existsSync(name)) return name
  for (let i = 1; i < MOST_OF_A_SECOND; i++) if (!existsSync(`${name}.${i}`)) return `${name}.${i}`
  throw new Error(`${name} and ${MOST_OF_A_SECOND - 1} names like it are taken`)
}

/** Bytes; 0 when it is not there, or no file. */
export function sizeOf(path: string): number {
  try {
    const stat = statSync(path)
    return stat.isFile() ? stat.size : 0
  } catch {
    return 0
  }
}

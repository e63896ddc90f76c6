// master/privileges/change-file.ts: gives a file another owner or mode, and never what somebody put in its place meanwhile:
// chown and chmod by name follow links, and a socket or pipe cannot be opened to be changed by descriptor.
import { chmodSync, chownSync, closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs'

/** Not in fs.constants: a descriptor that only stands for the file (Linux). */
const O_PATH = 0o10000000

export interface FileChange {
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly mode?: number
}

/**
 * @param isIt judges what the path leads to now, links not followed
 * @returns false, nothing changed, when it is another file
 * @throws Error of the system
 */
export function changeFile(
  path: string,
  isIt: (stat: Stats) => boolean,
  { owner, mode }: FileChange,
): boolean {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW)
  try {
    if (!isIt(fstatSync(fd))) return false
    const opened = `/proc/self/fd/${fd}`
    if (owner) chownSync(opened, owner.uid, owner.gid)
    if (mode !== undefined) chmodSync(opened, mode & 0o7777)
    return true
  } finally {
    closeSync(fd)
  }
}

/** A file that this process has just made: its own, under one name. */
export function isFresh(stat: Stats): boolean {
  return stat.uid === process.geteuid?.() && stat.nlink === 1
}

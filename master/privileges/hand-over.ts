// master/privileges/hand-over.ts: gives the user we are about to become what it must go on with: files that Sluice makes as
// root. Root never follows where that user could lead it: a link put in place of a log must not give away /etc/shadow.
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'
import { asUser } from './as-user.ts'
import type { UserPlan } from './user.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
const OTHERS_WRITE = 0o022
const STICKY = 0o1000

/**
 * Makes an empty file that belongs to the user: by its own rights where they suffice, else by root's.
 *
 * @returns false when it exists already, and is left as it is
 * @throws Error of the system; code EACCES, too, where that user rules a directory on the way
 */
export function makeFor(user: UserPlan, path: string, mode = 0o640): boolean {
  const make = () => openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
  try {
    try {
      closeSync(asUser(user, make))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !isOutOfReach(path)) throw error
      chownAndClose(make(), user)
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Gives files and directories that Sluice made as root to the user. What is not root's, is no plain file or
 * directory, or has a second name, stays as it is.
 *
 * @returns the paths that could not be given, those that are gone included
 */
export function handOver(user: UserPlan, paths: readonly string[]): string[] {
  return paths.filter(path => !give(user, path))
}

function give(user: UserPlan, path: string): boolean {
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    const stat = fstatSync(fd)
    const isGiven = stat.uid === user.uid
    if (!isGiven && isOurs(stat) && isOutOfReach(path)) {
      chownAndClose(fd, user)
      return true
    }
    closeSync(fd)
    return isGiven
  } catch {
    return false
  }
}

function isOurs(stat: Stats): boolean {
  return stat.uid === 0 && (stat.isDirectory() || (stat.isFile() && stat.nlink === 1))
}

function chownAndClose(fd: number, { uid, gid }: UserPlan): void {
  try {
    fchownSync(fd, uid, gid)
  } finally {
    closeSync(fd)
  }
}

// Whoever may rename a directory above can lead the path elsewhere. The last directory may be the user's: inside
// it, a link is not followed.
function isOutOfReach(path: string): boolean {
  const folder = dirname(path)
  return [...above(folder), ...above(realpathSync(folder))].every(step => {
    const { uid, mode } = lstatSync(step)
    return uid === 0 && isClosed(step, mode)
  })
}

function isClosed(step: string, mode: number): boolean {
  const isLink = lstatSync(step).isSymbolicLink() // shows 0777 and can only be replaced in its directory
  return isLink || (mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0
}

/** Every directory above, the root first. */
function above(path: string): string[] {
  const up = dirname(path)
  return up === path ? [] : [...above(up), up]
}

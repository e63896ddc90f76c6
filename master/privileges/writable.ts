// master/privileges/writable.ts: whether a file of ours can be written, and in words why not.
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Place, Problem } from '../../config/config.ts'

/** Touches nothing. @param what "pid file" @returns [] when it can be written, as far as that can be known now */
export function unwritable(path: string, what: string, place: Place): Problem[] {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) throw failure('EISDIR')
    if (!stat && !statSync(dirname(path)).isDirectory()) throw failure('ENOTDIR')
    accessSync(stat ? path : dirname(path), constants.W_OK)
    return []
  } catch (error) {
    return [unwritableProblem(path, what, place, error as NodeJS.ErrnoException)]
  }
}

/** The same text whether it is noticed before the start or at its end. */
export function unwritableProblem(
  path: string,
  what: string,
  place: Place,
  { code, message }: { readonly code?: string | undefined; readonly message: string },
): Problem {
  return {
    place,
    problem: `the ${what} ${path} cannot be written: ${reasonOf(path, code) ?? message}`,
    remedy:
      code === 'ENOENT' && !existsSync(dirname(path))
        ? 'Make it for the user that Sluice runs as, or name a file in a directory that exists'
        : 'Name a file in a directory that exists and may be written',
  }
}

function reasonOf(path: string, code: string | undefined): string | null {
  switch (code) {
    case 'ENOENT':
      return existsSync(dirname(path))
        ? 'no file can be made there'
        : `there is no directory ${dirname(path)}`
    case 'ENOTDIR':
      return `${dirname(path)} is no directory`
    case 'EISDIR':
      return 'it is a directory'
    case 'EACCES':
    case 'EPERM':
      return `${existsSync(path) ? path : dirname(path)} may not be written by user ${process.getuid?.()}`
    case 'EROFS':
      return 'its file system is read-only'
    case 'ENOSPC':
      return 'its file system is full'
    default:
      return null
  }
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

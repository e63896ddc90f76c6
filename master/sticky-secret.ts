// master/sticky-secret.ts: what cookies of `sticky` are made with, kept so that a client stays at its node over a restart.
import { randomBytes } from 'node:crypto'
import { linkSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStateDirectory } from '../certs/manage/state-directory.ts'
import type { Config } from '../config/config.ts'
import type { Log } from './logs/log.ts'

/** Its name in the state directory. */
export const SECRET_FILE = 'sticky-secret'
const BYTES = 32
const WHOLE = /^[0-9a-f]{64}\n?$/

/**
 * @param before that of the config in force, which a reload keeps; '': there is none
 * @param env where the state directory is
 * @returns 32 bytes in hex; '' when no line of balance has sticky
 */
export function stickySecret(
  { values }: Config,
  before: string,
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (before !== '' || !values.balance.some(({ sticky }) => sticky !== '')) return before
  const directory = openStateDirectory(env)
  const cause = 'there is no directory that could hold it'
  const kept = directory === null ? { cause } : keptIn(join(directory, SECRET_FILE))
  if (typeof kept === 'string') return kept
  log.warn(
    kept,
    'cookies of "balance … sticky" hold until the next restart only: their secret cannot be kept. Name a writable directory in STATE_DIRECTORY',
  )
  return randomBytes(BYTES).toString('hex')
}

// Several instances may share the directory and start at once: the first file stays, and all read it. Root may do this in a
// directory of the user that it becomes: so never through a link, and whole from the first moment.
function keptIn(file: string): string | { readonly cause: string } {
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  try {
    if (!lstatSync(file, { throwIfNoEntry: false })) {
      writeFileSync(draft, `${randomBytes(BYTES).toString('hex')}\n`, {
        mode: 0o600,
        flag: 'wx',
        flush: true,
      })
      link(draft, file)
    }
    const stat = lstatSync(file)
    if (!stat.isFile()) return { cause: `${file} is no file` }
    if ((stat.mode & 0o077) !== 0) return { cause: `${file} may be read by others: remove it` }
    const text = readFileSync(file, 'latin1')
    return WHOLE.test(text) ? text.trim() : { cause: `${file} holds something else` }
  } catch (error) {
    return { cause: (error as Error).message }
  } finally {
    rmSync(draft, { force: true })
  }
}

function link(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

// master/privileges/trial.ts: tries, as the user we are about to become, all that will be needed then. What fails is said now,
// with the directory that is in the way, and not at the first reload.
import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readlinkSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Place, Problem } from '../../config/config.ts'
import { StartRefused } from '../refused.ts'
import { findGroup, findUser } from './accounts.ts'
import { asUser } from './as-user.ts'
import type { UserPlan } from './user.ts'

/** read, append, run: a file. make: files in a directory. enter: pass through a directory. */
export type Access = 'read' | 'append' | 'run' | 'make' | 'enter'

export interface Need {
  readonly access: Access
  /** Absolute. What does not exist is not tried. */
  readonly path: string
  /** "the key /etc/x.key". */
  readonly what: string
  /** What will not work: "a reload could not read it". */
  readonly consequence: string
  readonly place: Place
  /** In place of what the rights of the file suggest. */
  readonly remedy?: string
  /** Another remedy, where only the rights of the file itself are missing. */
  readonly orElse?: string
  /** Sluice runs without it, and a warning will do. */
  readonly isDispensable?: boolean
}

export interface TrialResult {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Not in fs.constants: a file without a name (Linux). */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY
/** A named pipe must not be waited for. */
const { O_NONBLOCK } = constants
const WORDS: Readonly<Record<Access, string>> = {
  read: 'may not be read',
  append: 'may not be written',
  run: 'may not be run',
  make: 'may not be written',
  enter: 'may not be entered',
}
/** Nobody should open a home to a service. */
const HOME = /^\/(root|home\/[^/]+)$/
const MOVE = 'Move it to a directory for services, such as /etc/sluice or /var/log/sluice'
/** As many as the kernel follows. */
const MOST_LINKS = 40
const READ = 0o4
const WRITE = 0o2
const PASS = 0o1
const BITS: Readonly<Record<Access, number>> = {
  read: READ,
  append: WRITE,
  run: PASS,
  make: WRITE | PASS,
  enter: PASS,
}

/** Only for root. Touches nothing that stays. */
export function tryAs(user: UserPlan, needs: readonly Need[]): TrialResult {
  if (user.uid === 0) return { problems: [], warnings: [] }
  try {
    const failed = asUser(user, () =>
      needs.flatMap(need => (isForbidden(need) ? [{ need, barrier: barrierTo(need.path) }] : [])),
    )
    return tell(user, failed)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    return { problems: error.problems, warnings: [] }
  }
}

interface Failure {
  readonly need: Need
  /** The first directory that does not let the user pass, if one does not. */
  readonly barrier: string | null
}

// One sentence for all files of which the same is to be said.
function tell(user: UserPlan, failed: readonly Failure[]): TrialResult {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const said = new Set<string>()
  for (const { need, barrier } of failed) {
    const sentence = `${need.what} ${need.access} ${need.consequence}`
    if (said.has(sentence)) continue
    said.add(sentence)
    const list = need.isDispensable ? warnings : problems
    list.push(denial(user, need, barrier))
  }
  return { problems, warnings }
}

// Other failures (it is not there, it is a directory) are told where the file is used.
function isForbidden({ access, path }: Need): boolean {
  try {
    TRIALS[access](path)
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EACCES' || code === 'EPERM'
  }
}

const TRIALS: Readonly<Record<Access, (path: string) => void>> = {
  read: path => closeSync(openSync(path, constants.O_RDONLY | O_NONBLOCK)),
  append: path => closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND | O_NONBLOCK)),
  run: path => {
    const { error } = spawnSync(path, ['--version'], { stdio: 'ignore', cwd: '/', env: {} })
    if (error) throw error
  },
  make: path => {
    try {
      closeSync(openSync(path, constants.O_WRONLY | O_TMPFILE, 0o600))
    } catch (error) {
      if (isForbiddenCode(error)) throw error
      rmdirSync(mkdtempSync(join(path, '.sluice-'))) // a file system without nameless files
    }
  },
  enter: path => void statSync(`${path}/.`),
}

function isForbiddenCode(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
}

// The first directory on the way, links followed, that does not let us pass; null when they all do.
function barrierTo(path: string, links = MOST_LINKS): string | null {
  const above = dirname(path)
  if (above === path) return null
  const higher = barrierTo(above, links)
  if (higher !== null) return higher
  try {
    statSync(`${above}/.`)
  } catch (error) {
    return isForbiddenCode(error) ? above : null
  }
  const target = links > 0 ? targetOf(path) : null
  return target === null ? null : barrierTo(resolve(above, target), links - 1)
}

function targetOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null // it is no link
  }
}

// As root again, which sees owners and modes behind the barrier.
function denial(user: UserPlan, need: Need, barrier: string | null): Problem {
  const { what, access, consequence, place } = need
  const text = `${what} ${WORDS[access]} by user ${user.name}`
  if (barrier !== null) {
    const problem = `${text}, as ${barrier} is ${rights(barrier)}: ${consequence}`
    return { place, problem, remedy: need.remedy ?? (HOME.test(barrier) ? MOVE : cure(user, barrier, PASS)) }
  }
  const orElse = need.orElse === undefined ? '' : `; or ${need.orElse}`
  const remedy = need.remedy ?? cure(user, need.path, BITS[access]) + orElse
  return { place, problem: `${text}: ${consequence}`, remedy }
}

/** "0700 and belongs to root". */
function rights(path: string): string {
  const { mode, uid } = statSync(path)
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  return `${octal} and belongs to ${findUser(String(uid))?.name ?? `user ${uid}`}`
}

// A group that is let in already is joined; else the user's own group is let in. Never all the world.
function cure({ name, groupName, groups }: UserPlan, path: string, bits: number): string {
  const { mode, gid } = statSync(path)
  const isGroupLetIn = ((mode >> 3) & bits) === bits
  const group = findGroup(String(gid))?.name ?? String(gid)
  if (isGroupLetIn && gid !== 0 && !groups.includes(gid)) {
    return `Write add-gid = ${group}, or make ${name} a member of that group`
  }
  const letters = [READ, WRITE, PASS].map((bit, i) => (bits & bit ? 'rwx'[i] : '')).join('')
  return `Run: chgrp ${groupName} ${path} && chmod g+${letters} ${path}`
}

// master/steering/pidfile.ts: the files that tell others the master's process id: pidfile, pidfile2, safe-pidfile, safe-pidfile2.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchownSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { resolve } from 'node:path'
import type { Config, Place, Problem } from '../../config/config.ts'
import type { Owner } from '../privileges/owner.ts'
import { unwritable, unwritableProblem } from '../privileges/writable.ts'
import { StartRefused } from '../refused.ts'
import { isMaster } from './process-names.ts'

/** When each is written: before privileges are dropped, after that, once every gateway serves. */
const MOMENTS = {
  pidfile: 'first',
  pidfile2: 'dropped',
  'safe-pidfile': 'serving',
  'safe-pidfile2': 'serving',
} as const
type Option = keyof typeof MOMENTS
export type Moment = (typeof MOMENTS)[Option]

const MODE = 0o644
const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants

interface Pidfile {
  readonly path: string
  readonly place: Place
  readonly moment: Moment
}

/** What a start would be refused for, as far as that can be known without writing. */
export function pidfileProblems(config: Config, directory: string): Problem[] {
  return pidfiles(config, directory).flatMap(file => [
    ...unwritable(file.path, 'pid file', file.place),
    ...foreignProblems(file),
  ])
}

/** The pid files of one instance. */
export class Pidfiles {
  readonly #files: readonly Pidfile[]
  readonly #written = new Set<Pidfile>()

  /** @param directory where relative names begin */
  constructor(config: Config, directory: string) {
    this.#files = pidfiles(config, directory)
  }

  /** Files of an instance that runs are left alone; all others are stale. @throws StartRefused */
  check(): void {
    const problems = this.#files.flatMap(file => {
      const { path, place } = file
      const pid = pidIn(path)
      if (pid === null) return foreignProblems(file)
      if (pid === process.pid || !isMaster(pid)) return []
      const problem = `the pid file ${path} belongs to another Sluice that runs, process ${pid}`
      return [{ place, problem, remedy: 'Stop that process, or name another file' }]
    })
    if (problems.length > 0) throw new StartRefused('SLUICE_START_FAILED', problems)
  }

  /** @param owner who must be able to write them later. @throws StartRefused */
  write(moment: Moment, owner: Owner | null = null): void {
    this.check()
    for (const file of this.#files.filter(each => each.moment === moment)) {
      try {
        replace(file.path, owner)
        this.#written.add(file)
      } catch (error) {
        const problem = unwritableProblem(file.path, 'pid file', file.place, error as NodeJS.ErrnoException)
        throw new StartRefused('SLUICE_START_FAILED', [problem], { cause: error })
      }
    }
  }

  /** Those written before, as somebody may have removed them. @returns what could not be written */
  rewrite(): Problem[] {
    return [...this.#written].flatMap(({ path, place }) => {
      try {
        replace(path, null)
        return []
      } catch (error) {
        return [unwritableProblem(path, 'pid file', place, error as NodeJS.ErrnoException)]
      }
    })
  }

  /** Removes those that are still ours. */
  remove(): void {
    for (const { path } of this.#written) if (pidIn(path) === process.pid) removeOrEmpty(path)
  }
}

/** The pid in a file: null when there is none that can be read, NaN when it holds something else. */
export function readPid(path: string): number | null {
  try {
    if (!statSync(path).isFile()) return null // /dev/stdin would be waited for
    const text = readFileSync(path, 'latin1').trim()
    return /^\d{1,10}$/.test(text) && Number(text) > 0 ? Number(text) : Number.NaN
  } catch {
    return null
  }
}

// A slip of the pen in a config must not cost a file: root may write everywhere. A link leads where its owner wants.
function foreignProblems({ path, place }: Pidfile): Problem[] {
  if (!Number.isNaN(readPid(path))) return []
  const stat = lstatSync(path)
  if (!stat.isFile() || stat.size === 0) return []
  const problem = `the pid file ${path} holds something else than a process id`
  return [{ place, problem, remedy: 'Name another file, or remove this one' }]
}

function pidIn(path: string): number | null {
  return readPid(path) || null
}

function pidfiles(config: Config, directory: string): Pidfile[] {
  return Object.entries(MOMENTS).flatMap(([name, moment]) => {
    const file = config.values[name as Option]
    const place = config.place(name as Option)
    return file === null ? [] : [{ path: resolve(directory, file), place, moment }]
  })
}

// Whole, so that no reader meets an empty file. What is no plain file (a link, /dev/null), or lies in a directory that we
// may not write, is written in place. Root may do this in a directory of the user that it becomes: a name that cannot be
// guessed, and no link of that user is followed.
function replace(path: string, owner: Owner | null): void {
  const text = `${process.pid}\n`
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat && !stat.isFile()) {
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) throw new Error('another user put a link there')
    return writeFileSync(path, text)
  }
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    writeNew(draft, text, owner)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    writeInPlace(path, text)
  }
}

function writeInPlace(path: string, text: string): void {
  const fd = openSync(path, O_WRONLY | O_TRUNC | O_CREAT | O_NOFOLLOW, MODE)
  try {
    writeFileSync(fd, text)
  } finally {
    closeSync(fd)
  }
}

// "wx": never through a link that somebody else put there.
function writeNew(path: string, text: string, owner: Owner | null): void {
  const fd = openSync(path, 'wx', MODE)
  try {
    writeFileSync(fd, text)
    if (owner) fchownSync(fd, owner.uid, owner.gid)
  } finally {
    closeSync(fd)
  }
}

// After privileges were dropped the file may be ours while its directory is not.
function removeOrEmpty(path: string): void {
  try {
    rmSync(path)
  } catch {
    try {
      truncateSync(path)
    } catch {
      // nothing that a stop should fail for
    }
  }
}

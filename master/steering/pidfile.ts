// master/steering/pidfile.ts: the files that tell others the master's process id: pidfile, pidfile2, safe-pidfile, safe-pidfile2.
import {
  closeSync,
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

interface Pidfile {
  readonly path: string
  readonly place: Place
  readonly moment: Moment
}

/** What a start would be refused for, as far as that can be known without writing. */
export function pidfileProblems(config: Config, directory: string): Problem[] {
  return pidfiles(config, directory).flatMap(({ path, place }) => unwritable(path, 'pid file', place))
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
    const problems = this.#files.flatMap(({ path, place }) => {
      const pid = pidIn(path)
      if (pid === null || pid === process.pid || !isMaster(pid)) return []
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
// may not write, is written in place.
function replace(path: string, owner: Owner | null): void {
  const text = `${process.pid}\n`
  const isPlain = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
  if (!isPlain) return writeFileSync(path, text)
  const draft = `${path}.${process.pid}`
  try {
    rmSync(draft, { force: true })
    writeNew(draft, text, owner)
    renameSync(draft, path)
  } catch {
    rmSync(draft, { force: true })
    writeFileSync(path, text, { mode: MODE })
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

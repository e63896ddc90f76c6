// master/steering/fifo.ts: one-letter commands from a named pipe (master-fifo), as uWSGI reads them.
import { execFile } from 'node:child_process'
import { closeSync, constants, fchownSync, fstatSync, lstatSync, openSync, rmSync, type Stats } from 'node:fs'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Config, Place, Problem } from '../../config/config.ts'
import type { Log } from '../logs/log.ts'
import { isFresh } from '../privileges/change-file.ts'
import type { Owner } from '../privileges/owner.ts'
import { StartRefused } from '../refused.ts'
import type { Command } from './requests.ts'

const MOST = 10
/** Letters that uWSGI gives to workers, the Emperor or subscriptions. */
const FOREIGN = 'C+-EBSf'
const COMMANDS: Readonly<Record<string, Command>> = {
  r: 'reload',
  R: 'replace',
  c: 'replace',
  w: 'replace',
  W: 'replace',
  q: 'stop',
  Q: 'stop now',
  p: 'pause or resume',
  l: 'reopen logs',
  L: 'rotate logs',
  P: 'write pid files',
  s: 'log status',
}

/** A pipe we use; `made`: by us, so it goes with us. */
interface Pipe {
  readonly path: string
  readonly place: Place
  made: Stats | null
}

/** What a start would be refused for, as far as that can be known without making one. */
export function fifoProblems(config: Config, directory: string): Problem[] {
  const pipes = pipesOf(config, directory)
  const tooMany = pipes.slice(MOST).map(({ place }) => ({
    place,
    problem: `option "master-fifo" stands here more than ${MOST} times`,
    remedy: `Keep ${MOST}`,
  }))
  return [...tooMany, ...pipes.slice(0, MOST).flatMap(pipe => kindProblem(pipe) ?? [])]
}

export class MasterFifo {
  readonly #pipes: readonly Pipe[]
  readonly #obey: (command: Command) => void
  readonly #log: Log
  #active: Socket | null = null

  constructor(config: Config, directory: string, obey: (command: Command) => void, log: Log) {
    this.#pipes = pipesOf(config, directory)
    this.#obey = obey
    this.#log = log
  }

  /** Makes what is missing and listens to the first. @param owner who opens them later. @throws StartRefused */
  async open(owner: Owner | null): Promise<void> {
    for (const pipe of this.#pipes) {
      const problem = kindProblem(pipe) ?? strangerProblem(pipe, owner) ?? (await this.#make(pipe, owner))
      if (problem) throw new StartRefused('SLUICE_START_FAILED', [problem])
    }
    if (this.#pipes.length > 0) this.#listenTo(0)
  }

  /** Closes all, and removes those that were made here. */
  close(): void {
    this.#active?.destroy()
    this.#active = null
    for (const { path, made } of this.#pipes) {
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (made && stat?.ino === made.ino && stat.dev === made.dev) remove(path)
    }
  }

  async #make(pipe: Pipe, owner: Owner | null): Promise<Problem | null> {
    const { path } = pipe
    try {
      const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
      if (!isThere) await promisify(execFile)('mkfifo', ['-m', '600', '--', path])
      const fd = openPipe(path)
      try {
        const stat = fstatSync(fd)
        if (!stat.isFIFO()) return unusable(pipe, 'there is something else with this name')
        if (!isThere && isFresh(stat)) {
          pipe.made = stat
          if (owner) fchownSync(fd, owner.uid, owner.gid)
        }
      } finally {
        closeSync(fd)
      }
      return null
    } catch (error) {
      return unusable(pipe, reasonOf(error as NodeJS.ErrnoException))
    }
  }

  // Node polls a pipe like a socket: no thread waits for it. As we hold its writing end too, no writer's leaving ends it.
  #listenTo(index: number): void {
    const pipe = this.#pipes[index]
    if (!pipe) return this.#log.warn({ fifo: index }, 'there is no such master-fifo')
    try {
      const next = new Socket({ fd: openPipe(pipe.path), readable: true, writable: false })
      next.on('data', bytes => this.#read(next, bytes.toString('latin1'))).on('error', () => {})
      next.unref()
      this.#active?.destroy()
      this.#active = next
    } catch (error) {
      this.#log.error({ fifo: pipe.path, err: error }, 'a master-fifo cannot be opened')
    }
  }

  #read(from: Socket, letters: string): void {
    for (const letter of letters) {
      if (this.#active === null) return // closed by a command before
      const command = COMMANDS[letter]
      if (command) {
        this.#log.info({ command, by: 'master-fifo' }, 'asked to')
        this.#obey(command)
      } else if (letter >= '0' && letter <= '9') {
        this.#listenTo(Number(letter))
      } else if (FOREIGN.includes(letter)) {
        this.#log.warn({ letter }, 'this command of master-fifo has no meaning here: there are no workers')
      }
    }
    if (from !== this.#active) from.destroy()
  }
}

function pipesOf(config: Config, directory: string): Pipe[] {
  return config.values['master-fifo'].map((name, i) => {
    return { path: resolve(directory, name), place: config.place('master-fifo', i), made: null }
  })
}

function openPipe(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
}

function kindProblem(pipe: Pipe): Problem | null {
  const stat = lstatSync(pipe.path, { throwIfNoEntry: false })
  return !stat || stat.isFIFO() ? null : unusable(pipe, 'there is something else with this name')
}

// A pipe that a stranger put there would be the stranger's to write.
function strangerProblem(pipe: Pipe, owner: Owner | null): Problem | null {
  const stat = lstatSync(pipe.path, { throwIfNoEntry: false })
  const trusted = [0, process.getuid?.(), owner?.uid]
  return !stat || trusted.includes(stat.uid) ? null : unusable(pipe, 'it belongs to another user')
}

function unusable({ path, place }: Pipe, reason: string): Problem {
  return {
    place,
    problem: `the named pipe ${path} cannot be used: ${reason}`,
    remedy: 'Name a path in a directory that exists and may be written, where nothing or a named pipe lies',
  }
}

function reasonOf(error: NodeJS.ErrnoException & { readonly stderr?: string }): string {
  if (error.code === 'ENOENT' && error.syscall?.startsWith('spawn')) return 'there is no mkfifo'
  if (error.code === 'EACCES') return `it may not be opened by user ${process.getuid?.()}`
  return error.stderr?.trim().split(': ').at(-1) || error.message
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // in a directory that is not ours any more: the next start takes it
  }
}

// master/steering/control-socket.ts: takes commands for the master from a UNIX socket. Its mode, 600, is the protection: root and
// the user that the instance runs as may connect.
import { lstatSync, rmSync, type Stats, statSync, symlinkSync } from 'node:fs'
import net from 'node:net'
import { dirname, join, resolve } from 'node:path'
import type { Config, Place } from '../../config/config.ts'
import type { Controls } from '../controls.ts'
import type { Log } from '../logs/log.ts'
import { changeFile, isFresh } from '../privileges/change-file.ts'
import type { Owner } from '../privileges/owner.ts'
import { StartRefused } from '../refused.ts'
import { isUnixHeld } from '../sockets/holder.ts'
import { type ControlAnswer, type ControlRequest, LONGEST_REQUEST, readRequest } from './control-protocol.ts'
import { openRuntimeDirectory, removeStaleSockets } from './runtime-directory.ts'

const REQUEST_MS = 5000 // for the line to arrive
const MOST_CLIENTS = 32
const LEAVE_MS = 10_000 // for an answer to be read
const MODE = 0o600
const LONGEST_PATH = 107 // of a UNIX socket, in bytes

export interface ControlSocketOptions {
  readonly config: Config
  /** Where relative names begin. */
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Who must be able to use and remove it later. */
  readonly owner: Owner | null
  readonly controls: Controls
  readonly log: Log
  /** For tests. */
  readonly requestMs?: number
  /** For tests. */
  readonly leaveMs?: number
}

export class ControlSocket {
  readonly #options: ControlSocketOptions
  readonly #server: net.Server
  readonly #clients = new Set<net.Socket>()
  #made: string[] = []

  constructor(options: ControlSocketOptions) {
    this.#options = options
    this.#server = net.createServer(socket => this.#accept(socket))
    this.#server.maxConnections = MOST_CLIENTS
  }

  /**
   * Without control-socket and without a usual directory that may be written there is none: a warning, and signals
   * still work.
   *
   * @returns its path, or null
   * @throws StartRefused when the one that control-socket names cannot be made
   */
  async open(): Promise<string | null> {
    const { config, directory, env, owner, log } = this.#options
    const named = config.values['control-socket']
    const usual = openRuntimeDirectory(env, owner)
    if ('path' in usual) removeStaleSockets(usual.path)
    const usualPath = 'path' in usual ? join(usual.path, `${process.pid}.sock`) : null
    if (named !== null) {
      const path = resolve(directory, named)
      await this.#listenAt(path, config.place('control-socket'))
      if (usualPath !== null) this.#link(usualPath, path)
      return path
    }
    const failure = usualPath === null ? null : await this.#listen(usualPath)
    if (usualPath !== null && failure === null) return usualPath
    const cause = failure?.message ?? ('problem' in usual ? usual.problem : '')
    log.warn({ cause }, 'no control socket: "sluice reload" and "sluice stop" send signals instead')
    return null
  }

  /** Ends every conversation: who waits for the end of a stop learns it by that. */
  close(): void {
    this.#server.close()
    for (const socket of this.#clients) socket.destroy()
    for (const path of this.#made) remove(path)
  }

  async #listenAt(path: string, place: Place): Promise<void> {
    const problem = problemAt(path)
    const failure = problem === null ? await this.#listen(path) : null
    if (problem === null && failure === null) return
    throw new StartRefused('SLUICE_START_FAILED', [
      {
        place,
        problem: `the control socket ${path} cannot be made: ${problem ?? reasonOf(failure!)}`,
        remedy: 'Name a path in a directory that exists and may be written',
      },
    ])
  }

  // bind() gives the file its mode, so that nobody can connect before a chmod; it happens within listen().
  async #listen(path: string): Promise<Error | null> {
    const before = process.umask(0o777 & ~MODE)
    const { promise, resolve: settle } = Promise.withResolvers<Error | null>()
    try {
      this.#server.once('error', settle).listen(path, () => settle(null))
    } finally {
      process.umask(before)
    }
    const failure = await promise
    if (failure) return failure
    this.#server
      .off('error', settle)
      .on('error', () => {})
      .unref()
    this.#made.push(path)
    const { owner } = this.#options
    const problem = keepOrGive(path, owner)
    if (problem !== null) this.close()
    return problem
  }

  // So that those who know nothing but the pid find it.
  #link(from: string, to: string): void {
    if (from === to) return
    try {
      rmSync(from, { force: true })
      symlinkSync(to, from)
      this.#made.push(from)
    } catch {
      // "--control PATH" finds it all the same
    }
  }

  #accept(socket: net.Socket): void {
    let text = ''
    this.#clients.add(socket)
    socket.unref()
    socket.setEncoding('utf8').setTimeout(this.#options.requestMs ?? REQUEST_MS)
    socket.on('timeout', () => this.#answer(socket, { ok: false, problem: 'the request came too slowly' }))
    socket.on('error', () => {}).once('close', () => this.#clients.delete(socket))
    const hear = (piece: string) => {
      text += piece
      const end = text.indexOf('\n')
      if (end < 0 && text.length < LONGEST_REQUEST) return
      socket.off('data', hear).resume().setTimeout(0)
      if (end < 0 || end >= LONGEST_REQUEST)
        return this.#answer(socket, { ok: false, problem: 'the request is too long' })
      const request = readRequest(text.slice(0, end))
      if (typeof request === 'string') return this.#answer(socket, { ok: false, problem: request })
      void this.#obey(socket, request)
    }
    socket.on('data', hear)
  }

  // Who reads nothing, or does not leave, makes room for others.
  #answer(socket: net.Socket, answered: ControlAnswer): void {
    if (socket.destroyed) return
    socket.removeAllListeners('timeout').setTimeout(this.#options.leaveMs ?? LEAVE_MS, () => socket.destroy())
    socket.end(line(answered))
  }

  async #obey(socket: net.Socket, request: ControlRequest): Promise<void> {
    const { controls, log } = this.#options
    try {
      if (request.command === 'status') return this.#answer(socket, { ok: true, status: controls.status() })
      if (request.command === 'why') return this.#answer(socket, { ok: true, why: controls.why(request.key) })
      log.info({ command: request.command, by: 'control socket' }, 'asked to')
      if (request.command === 'reload') {
        return this.#answer(socket, { ok: true, report: await controls.reload({ replace: request.replace }) })
      }
      socket.write(line({ ok: true, stopping: true }))
      controls.stop(request.now ? 'now' : 'graceful')
    } catch (error) {
      log.error({ err: error }, 'a command failed')
      this.#answer(socket, { ok: false, problem: 'an internal error; see the log' })
    }
  }
}

// The directory may be ruled by the user we are about to become: what has the name now may be no socket of ours.
function keepOrGive(path: string, owner: Owner | null): Error | null {
  try {
    const isIt = (stat: Stats) => stat.isSocket() && isFresh(stat) && (stat.mode & 0o777) === MODE
    const isChanged = changeFile(path, isIt, owner === null ? {} : { owner })
    return isChanged ? null : new Error('it changed as it was made, or its file system knows no modes')
  } catch (error) {
    return error as Error
  }
}

function line(answered: ControlAnswer): string {
  return `${JSON.stringify(answered)}\n`
}

// What another one left behind is removed; what is no socket, or in use, stays.
function problemAt(path: string): string | null {
  if (Buffer.byteLength(path) > LONGEST_PATH) return `it is longer than ${LONGEST_PATH} bytes`
  try {
    // Asked for by itself: libuv says "permission denied" where there is no directory.
    if (!statSync(dirname(path)).isDirectory()) return 'part of its path is no directory'
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat) return null
    if (!stat.isSocket()) return 'there is something else with this name'
    if (isUnixHeld(path, new Set())) return 'another process listens there'
    rmSync(path)
    return null
  } catch (error) {
    return reasonOf(error as Error)
  }
}

function reasonOf(error: Error): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such directory'
    case 'ENOTDIR':
      return 'part of its path is no directory'
    case 'EACCES':
    case 'EPERM':
      return `its directory may not be written by user ${process.getuid?.()}`
    case 'EROFS':
      return 'its file system is read-only'
    default:
      return error.message
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // in a directory that is not ours any more: the next start removes it
  }
}

// master/steering/runtime-directory.ts: where the control sockets of instances lie, PID.sock each, and which instances there are.
import {
  chmodSync,
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  type Stats,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from '../privileges/owner.ts'
import { isUnixHeld } from '../sockets/holder.ts'
import { isMaster } from './process-names.ts'

const SYSTEM_DIRECTORY = '/run/sluice'
const SOCKET = /^([1-9]\d{0,9})\.sock$/

const OTHERS_WRITE = 0o022
const STICKY = 0o1000

type Environment = Readonly<Record<string, string | undefined>>

/** A master that runs and the control socket it made. */
export interface Instance {
  readonly pid: number
  readonly socket: string
}

/** What a place is for us; `isGiven`: somebody else made it, and its rights are theirs to choose. */
interface Candidate {
  readonly path: string
  readonly mode: number
  readonly isGiven: boolean
}

/**
 * The first usual directory that can be used; it is made when it is missing.
 *
 * @param owner who must be able to remove sockets there later; null: nobody but us
 * @returns its path, or in words why there is none
 */
export function openRuntimeDirectory(
  env: Environment,
  owner: Owner | null,
): { readonly path: string } | { readonly problem: string } {
  const failures: string[] = []
  for (const candidate of candidates(env)) {
    const failure = open(candidate, owner)
    if (failure === null) return { path: candidate.path }
    failures.push(`${candidate.path}: ${failure}`)
  }
  return { problem: failures.join('; ') }
}

/** Instances with a control socket in one of the usual directories, in the order of their pids. */
export function findInstances(env: Environment): Instance[] {
  const found = new Map<number, Instance>()
  for (const { path } of candidates(env)) {
    for (const instance of socketsIn(path)) {
      if (!found.has(instance.pid) && isMaster(instance.pid)) found.set(instance.pid, instance)
    }
  }
  return [...found.values()].toSorted((a, b) => a.pid - b.pid)
}

/** Removes what masters that were killed left behind. */
export function removeStaleSockets(directory: string): void {
  for (const { pid, socket } of socketsIn(directory)) {
    if ((pid === process.pid || !isMaster(pid)) && isStale(socket)) rmSync(socket, { force: true })
  }
}

// A socket of another program may have such a name too, where the directory is not ours alone.
function isStale(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat?.isSymbolicLink() || (stat?.isSocket() === true && !isUnixHeld(path, new Set()))
}

// Of systemd, of the machine, of the user, and what every user has.
function candidates(env: Environment): Candidate[] {
  const uid = process.getuid?.() ?? 0
  const given = env.RUNTIME_DIRECTORY?.split(':')[0]
  const isRoot = uid === 0
  return [
    ...(given ? [{ path: given, mode: 0o755, isGiven: true }] : []),
    { path: SYSTEM_DIRECTORY, mode: 0o755, isGiven: !isRoot },
    ...(env.XDG_RUNTIME_DIR && !isRoot
      ? [{ path: join(env.XDG_RUNTIME_DIR, 'sluice'), mode: 0o700, isGiven: false }]
      : []),
    { path: join(tmpdir(), `sluice-${uid}`), mode: 0o700, isGiven: false },
  ]
}

// A directory that another user made could hold anything: /tmp lets everybody make one under our name. One that is given
// away is looked at by a descriptor, so that a link in its place is not.
function open(candidate: Candidate, owner: Owner | null): string | null {
  const { path, mode, isGiven } = candidate
  try {
    const before = lstatSync(path, { throwIfNoEntry: false })
    if (!before) {
      if (isGiven) return 'there is no such directory'
      mkdirSync(path, { mode })
      chmodSync(path, mode)
    } else if (!before.isDirectory()) {
      return 'it is no directory'
    }
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    try {
      const stat = fstatSync(fd)
      const problem = doubt(stat, candidate, owner)
      if (problem !== null) return problem
      if (owner !== null && isToGive(stat, candidate, owner)) fchownSync(fd, owner.uid, owner.gid)
      return null
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

// What somebody else gave us may be anybody's, but not so that strangers could put their socket in place of ours.
function doubt(stat: Stats, { path, isGiven }: Candidate, owner: Owner | null): string | null {
  const { uid, mode } = stat
  const ours = process.getuid?.() ?? uid
  const isLeft = path === SYSTEM_DIRECTORY && !hasNeighbours(path) // by an instance of another user: /run is root's
  const isStrange = ours !== 0 ? uid !== ours : !isGiven && uid !== 0 && uid !== owner?.uid && !isLeft
  if (isStrange) return 'it belongs to another user'
  const isOpen = (mode & OTHERS_WRITE) !== 0 && !(isGiven && (mode & STICKY) !== 0)
  return isOpen ? 'others may write there' : null
}

// Our own, and what was given, is root's and holds nothing but sockets like ours: it was made for us. The variable may
// also name an ordinary directory, and there may be other instances: then it stays as it is, and the socket stays behind.
function isToGive({ uid, mode }: Stats, { path, isGiven }: Candidate, owner: Owner): boolean {
  if (process.getuid?.() !== 0 || uid === owner.uid || hasNeighbours(path)) return false
  if (!isGiven) return true
  return uid === 0 && (mode & OTHERS_WRITE) === 0 && readdirSync(path).every(name => SOCKET.test(name))
}

function hasNeighbours(directory: string): boolean {
  return socketsIn(directory).some(({ pid }) => pid !== process.pid && isMaster(pid))
}

function socketsIn(directory: string): Instance[] {
  try {
    return readdirSync(directory).flatMap(name => {
      const pid = Number(SOCKET.exec(name)?.[1])
      return pid > 0 ? [{ pid, socket: join(directory, name) }] : []
    })
  } catch {
    return [] // there is none, or it is another user's
  }
}

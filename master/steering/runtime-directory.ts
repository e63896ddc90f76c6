// master/steering/runtime-directory.ts: where the control sockets of instances lie, PID.sock each, and which instances there are.
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from '../privileges/owner.ts'
import { isMaster } from './process-names.ts'

const SYSTEM_DIRECTORY = '/run/sluice'
const SOCKET = /^([1-9]\d{0,9})\.sock$/

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
    if (pid === process.pid || !isMaster(pid)) rmSync(socket, { force: true })
  }
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

// A directory that another user made could hold anything: /tmp lets everybody make one under our name.
function open({ path, mode, isGiven }: Candidate, owner: Owner | null): string | null {
  try {
    const before = lstatSync(path, { throwIfNoEntry: false })
    if (!before) {
      if (isGiven) return 'there is no such directory'
      mkdirSync(path, { mode })
      chmodSync(path, mode)
    } else if (!before.isDirectory()) {
      return 'it is no directory'
    }
    const { uid, mode: rights } = lstatSync(path)
    const ours = process.getuid?.() ?? uid
    if (ours !== 0 && uid !== ours) return 'it belongs to another user'
    if (!isGiven && (rights & 0o022) !== 0) return 'others may write there'
    const { uid: user, gid: group } = owner ?? { uid: ours, gid: process.getgid?.() ?? 0 }
    if (ours === 0 && uid !== user) chownSync(path, user, group)
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
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

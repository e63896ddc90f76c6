// master/sockets/socket-rights.ts: mode and owner of the files of UNIX sockets (chmod-socket, chown-socket).
import type { Config, Place, Problem } from '../../config/config.ts'
import { findGroup, findUser, idOf } from '../privileges/accounts.ts'
import { hasDropped, type SystemError } from './bind-problem.ts'
import type { FileRights, UnixSocket } from './held-socket.ts'

/** What the config asks for; null: as the system made it. */
export interface SocketRights {
  readonly mode: number | null
  readonly uid: number | null
  readonly gid: number | null
  /** Of chmod-socket and chown-socket. */
  readonly places: { readonly mode: Place; readonly owner: Place }
}

/** Reads the options, names resolved. */
export function readSocketRights({ values, place }: Config): {
  readonly rights: SocketRights
  readonly problems: readonly Problem[]
} {
  const places = { mode: place('chmod-socket'), owner: place('chown-socket') }
  const owner = values['chown-socket']
  const mode = values['chmod-socket']
  if (owner === null) return { rights: { mode, uid: null, gid: null, places }, problems: [] }
  const [user = '', group] = owner.split(':')
  const uid = findUser(user)?.uid ?? idOf(user)
  const gid = group === undefined ? null : (findGroup(group)?.gid ?? idOf(group))
  const problems: Problem[] = []
  if (uid === null) problems.push(unknown(places.owner, 'user', user))
  if (group !== undefined && gid === null) problems.push(unknown(places.owner, 'group', group))
  return { rights: { mode, uid, gid, places }, problems }
}

/**
 * Gives a socket's file the rights that are asked for, and those that are not asked for as they were made.
 *
 * @returns what it had before; null when nothing changed
 */
export function applyRights(
  socket: UnixSocket,
  name: string,
  { mode, uid, gid, places }: SocketRights,
): FileRights | Problem | null {
  const { made } = socket
  if (made === null) return null
  const wanted = { mode: mode ?? made.mode, uid: uid ?? made.uid, gid: gid ?? made.gid }
  try {
    return socket.setRights(wanted)
  } catch (error) {
    return rightsProblem(name, error as SystemError, places)
  }
}

function unknown(place: Place, what: 'user' | 'group', name: string): Problem {
  return { place, problem: `there is no ${what} "${name}"`, remedy: 'Correct the name, or write a number' }
}

function rightsProblem(
  name: string,
  { syscall, code, message }: SystemError,
  places: SocketRights['places'],
): Problem {
  const isOwner = syscall === 'chown'
  const place = isOwner ? places.owner : places.mode
  const what = isOwner ? 'the owner' : 'the mode'
  if (code !== 'EPERM') {
    return { place, problem: `cannot change ${what} of ${name}: ${message}`, remedy: '' }
  }
  const who = isOwner ? 'only root may give files away' : 'only root and its owner may do that'
  return hasDropped()
    ? {
        place,
        problem: `cannot change ${what} of ${name}: ${who}, and Sluice gave that right up`,
        remedy: 'Restart it',
      }
    : {
        place,
        problem: `cannot change ${what} of ${name}: ${who}`,
        remedy: isOwner ? 'Start as root, or name a group that this user is in' : 'Start as root',
      }
}

// subscription/connect.ts: connects to a node, at whichever of its addresses answers.
import { connect, type Socket } from 'node:net'
import type { NodeEndpoint } from '../base/picture.ts'

/** One place to connect to: as node:net takes it. A path that begins with a NUL is an abstract name. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

const NO_ADDRESS = 'its name has no address that it may have'
const TOO_LATE = 'no answer in time'

/**
 * Tries a node's addresses one after the other until one will do.
 *
 * @param tryPlace what is tried; ends early when the signal says so. @returns null: well; else what is wrong, in words
 * @param limitMs for all of them together
 * @returns null: one of them is well; else what is wrong with the last
 */
export async function tryPlaces(
  endpoint: NodeEndpoint | null,
  limitMs: number,
  tryPlace: (place: Place, signal: AbortSignal) => Promise<string | null>,
): Promise<string | null> {
  if (endpoint === null) return NO_ADDRESS
  const places = placesOf(endpoint)
  let wrong: string | null = NO_ADDRESS
  // One address that is silent must not use up the time of all.
  const end = performance.now() + limitMs
  for (const [i, place] of places.entries()) {
    const shareMs = (end - performance.now()) / (places.length - i)
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), shareMs)
    wrong = await tryPlace(place, controller.signal)
    clearTimeout(timer)
    if (wrong === null) break
  }
  return wrong
}

/** Whether a connection can be had, closed at once. */
export function connects(place: Place, signal: AbortSignal): Promise<string | null> {
  return withSocket(place, signal, (_, done) => done(null))
}

/**
 * Connects, and leaves it to `talk` when it is over.
 *
 * @param talk gets the connected socket; errors and the end of the time need no care of it
 */
export function withSocket(
  place: Place,
  signal: AbortSignal,
  talk: (socket: Socket, done: (wrong: string | null) => void) => void,
): Promise<string | null> {
  return new Promise(resolve => {
    const socket = connect({ ...place, noDelay: true })
    const done = (wrong: string | null) => {
      signal.removeEventListener('abort', late)
      socket.destroy()
      resolve(wrong)
    }
    const late = () => done(TOO_LATE)
    signal.addEventListener('abort', late)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The queue of a UNIX socket is full: it listens, and is busy.
      done(error.code === 'EAGAIN' ? null : causeOf(error))
    })
    socket.once('connect', () => talk(socket, done))
  })
}

/** A failure in words: "ECONNREFUSED", "other side closed". */
export function causeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined || code.startsWith('UND_') ? message : code
}

function placesOf(endpoint: NodeEndpoint): Place[] {
  return endpoint.kind === 'unix'
    ? [{ path: endpoint.path }]
    : endpoint.addresses.map(host => ({ host, port: endpoint.port }))
}

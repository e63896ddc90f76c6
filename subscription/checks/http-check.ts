// subscription/checks/http-check.ts: checks an http node by a GET on a connection of its own.
import { hostPort } from '../../base/address.ts'
import type { CheckMethod, StatusRange } from '../../config/health-kind.ts'
import { causeOf, type Place } from '../connect.ts'

type HttpMethod = Extract<CheckMethod, { kind: 'http' }>

/** What is read of an answer; whoever sends more is cut off, and as well as its status says. */
const MOST_BODY_BYTES = 65_536
const MOST_HEAD_BYTES = 65_536

/**
 * A new connection each time: whether the node still takes one is half of the question, and 10,000 nodes that are asked
 * now and then are not worth a kept connection each. Redirects are not followed.
 *
 * @param host what it says as Host
 * @returns null: well; else what is wrong, in words
 */
export async function httpCheck(
  place: Place,
  host: string,
  { path, statuses }: HttpMethod,
  signal: AbortSignal,
): Promise<string | null> {
  const { Client } = await import('undici') // loaded by those only who need it
  const connection = new Client(originOf(place), {
    pipelining: 1,
    maxHeaderSize: MOST_HEAD_BYTES,
    ...('path' in place ? { socketPath: place.path } : {}),
  })
  try {
    const headers = { host, 'user-agent': 'sluice-health-check', accept: '*/*' }
    const answer = await connection.request({ method: 'GET', path, headers, signal, reset: true })
    // An application that is cut off in its answer would log that.
    await answer.body.dump({ limit: MOST_BODY_BYTES, signal }).catch(() => {})
    return statusProblem(answer.statusCode, statuses)
  } catch (error) {
    return signal.aborted ? 'no answer in time' : causeOf(error)
  } finally {
    void connection.destroy()
  }
}

/** @returns null when the status is one of those wanted */
export function statusProblem(status: number, statuses: readonly StatusRange[]): string | null {
  return statuses.some(({ from, to }) => status >= from && status <= to) ? null : `status ${status}`
}

function originOf(place: Place): string {
  if ('path' in place) return 'http://localhost'
  return `http://${hostPort(place.host, place.port)}`
}

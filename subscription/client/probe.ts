// subscription/client/probe.ts: looks once whether a service is well: by a connect, or by a request.
import net from 'node:net'
import { hostPort } from '../../base/address.ts'
import type { Place } from '../connect.ts'

export type Check =
  /** It is always well. */
  | { readonly kind: 'none' }
  | { readonly kind: 'tcp' }
  /** GET `path` for `host`; an answer of 200 to 399 is well. */
  | { readonly kind: 'http'; readonly path: string; readonly host: string; readonly isTls: boolean }

/** Each look has a connection of its own. @returns why it is not well; null when it is */
export async function probe(check: Check, place: Place, timeoutMs: number): Promise<string | null> {
  if (check.kind === 'none') return null
  return check.kind === 'tcp' ? connects(place, timeoutMs) : answers(check, place, timeoutMs)
}

function connects(place: Place, timeoutMs: number): Promise<string | null> {
  return new Promise(resolve => {
    const socket = net.connect({ ...place, timeout: timeoutMs })
    const done = (problem: string | null) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', () => done(null))
    socket.once('timeout', () => done(`no connection within ${timeoutMs} ms`))
    socket.once('error', error => done(reasonOf(error)))
  })
}

// Loaded only when somebody asks for it: most checks are connects.
async function answers(
  { path, host, isTls }: Extract<Check, { kind: 'http' }>,
  place: Place,
  timeoutMs: number,
): Promise<string | null> {
  const { Client } = await import('undici')
  const origin = `http${isTls ? 's' : ''}://${'path' in place ? 'localhost' : hostPort(place.host, place.port)}`
  const client = new Client(origin, {
    // The name in its certificate is the router's to check: here we ask who listens at our own address.
    connect: {
      timeout: timeoutMs,
      rejectUnauthorized: false,
      ...('path' in place && { socketPath: place.path }),
    },
  })
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const headers = { host, 'user-agent': 'sluice-subscribe' }
    const { statusCode, body } = await client.request({ method: 'GET', path, headers, signal, reset: true })
    body.on('error', () => {}) // what it says besides does not matter
    return statusCode >= 200 && statusCode < 400 ? null : `it answers ${statusCode}`
  } catch (error) {
    return signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error as Error)
  } finally {
    client.destroy().catch(() => {})
  }
}

// Of a name with several addresses Node tells all that failed.
function reasonOf(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  return first.message
}

// bench/handshakes.ts: one round of TLS connections by OpenSSL's own s_time: of full handshakes, or of resumed ones.
//
// wrk does not do for either: it resumes sessions with some servers, and does not say when it did.
import type { Load, Target } from './load.ts'
import { run } from './processes.ts'
import type { Handshakes } from './row.ts'
import { HOST } from './site.ts'

/** Each makes one connection after the other; together they keep the gateway's CPU busy. */
const CLIENTS = 4
/** Its time begins when it is started, ours with its first connection. */
const MOST_START_SECONDS = 10
/** What s_time prints for each connection, by the version of TLS in those that are not resumed. */
const RESUMED = 'r'

// s_time writes "GET %s HTTP/1.0": what it takes for a path is all of our request but the last words, which end up in
// a field that nobody reads.
const REQUEST = `/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nX-End:`

/** @returns as errors the connections of the other kind; no latency, as s_time has none */
export async function shakeHands(
  { resumed }: Handshakes,
  { port, cpu }: Target,
  seconds: number,
): Promise<Load> {
  const options = ['-connect', `127.0.0.1:${port}`, resumed ? '-reuse' : '-new', '-www', REQUEST]
  const time = ['-time', String(Math.ceil(seconds) + MOST_START_SECONDS)]
  const command = ['openssl', 's_time', ...options, ...time]
  const clients = Array.from({ length: CLIENTS }, () => run(cpu, command, seconds, 'its first word'))
  return readHandshakes(await Promise.all(clients), resumed, seconds)
}

/** @param printed what each client printed: a headline, then a letter for each connection */
export function readHandshakes(printed: readonly string[], resumed: boolean, seconds: number): Load {
  const headline = resumed ? /^starting\n(\S*)/m : /^Collecting .*\n(\S*)/m
  const letters = printed.map(text => headline.exec(text)?.[1] ?? '').join('')
  const requests = letters.length
  const full = letters.replaceAll(RESUMED, '').length
  const wrong = resumed ? full : requests - full
  const errors = wrong > 0 ? [`${wrong} of ${requests} connections were ${resumed ? 'not ' : ''}resumed`] : []
  if (requests === 0) errors.push(`s_time made no connection: ${printed.join('').slice(-500)}`)
  return { requests, requestsPerSecond: requests / seconds, p99Ms: null, errors }
}

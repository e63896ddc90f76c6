// bench/wrk.ts: one round of load by wrk, and what it says of it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Load, Target } from './load.ts'
import { run } from './processes.ts'
import type { Requests } from './row.ts'
import { HOST } from './site.ts'

const CONNECTIONS = 64
/** So many clients make a rate of their own, however long a few of them wait. */
const PACED_CONNECTIONS = 256

/** One thread, 64 connections, each with its next request at once. */
export function runWrk(
  protocol: 'http' | 'https',
  requests: Requests,
  target: Target,
  seconds: number,
): Promise<Load> {
  return command(protocol, requests, target, seconds, CONNECTIONS, null)
}

/**
 * Load that does not saturate: 256 clients, each of which waits for a random while between its requests, so that the
 * gateway is met by requests at random times. The rate falls behind when answers take longer than those waits.
 *
 * @param rate requests a second that are wished for
 */
export function runPacedWrk(
  protocol: 'http' | 'https',
  requests: Requests,
  target: Target,
  seconds: number,
  rate: number,
): Promise<Load> {
  const pauseMs = (PACED_CONNECTIONS / rate) * 1000
  return command(protocol, requests, target, seconds, PACED_CONNECTIONS, pauseMs)
}

// wrk counts whole seconds only: it is interrupted when it is time, and then tells as usual.
async function command(
  protocol: 'http' | 'https',
  { path, headers, bodyBytes }: Requests,
  { port, cpu, directory }: Target,
  seconds: number,
  connections: number,
  pauseMs: number | null,
): Promise<Load> {
  const fields = [`Host: ${HOST}`, ...headers].flatMap(header => ['-H', header])
  const script = scriptFor(bodyBytes, pauseMs)
  const file = join(directory, 'wrk.lua')
  if (script !== '') writeFileSync(file, script)
  const duration = `-d${Math.ceil(seconds) + 1}s`
  const options = ['-t1', `-c${connections}`, duration, '--latency', ...(script === '' ? [] : ['-s', file])]
  const url = `${protocol}://127.0.0.1:${port}${path}`
  return readWrk(await run(cpu, ['wrk', ...options, ...fields, url], seconds))
}

// Pauses as those of people who do not know of each other: exponential, in whole ms, as wrk knows no finer ones.
function scriptFor(bodyBytes: number, pauseMs: number | null): string {
  const post = `wrk.method = "POST"\nwrk.body = string.rep("x", ${bodyBytes})\n`
  const pause = `function delay() return math.floor(-math.log(1 - math.random()) * ${pauseMs} + 0.5) end\n`
  return `${bodyBytes > 0 ? post : ''}${pauseMs === null ? '' : pause}`
}

/** @throws Error when it is not what wrk prints */
export function readWrk(text: string): Load {
  const find = (pattern: RegExp) => {
    const value = pattern.exec(text)?.[1]
    if (value === undefined) throw new Error(`wrk printed no ${pattern}:\n${text}`)
    return value
  }
  return {
    requests: Number(find(/(\d+) requests in/)),
    requestsPerSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)),
    p99Ms: milliseconds(find(/^\s+99%\s+(\S+)/m)),
    errors: text.match(/Non-2xx.*|Socket errors.*/g) ?? [],
  }
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }

function milliseconds(time: string): number {
  const [, number, unit] = /^([\d.]+)([a-z]+)$/.exec(time) ?? []
  const factor = UNITS[unit ?? '']
  if (factor === undefined) throw new Error(`wrk printed "${time}" for a time`)
  return Number(number) * factor
}

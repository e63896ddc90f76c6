// bench/wrk.ts: one round of load by wrk, and what it says of it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface Load {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** wrk's own words; empty when all went well. */
  readonly errors: readonly string[]
}

const CONNECTIONS = 64
const run = promisify(execFile)

/** One thread, 64 connections kept alive. @param cpu where wrk runs */
export async function load(
  url: string,
  headers: readonly string[],
  seconds: number,
  cpu: number,
): Promise<Load> {
  const fields = headers.flatMap(header => ['-H', header])
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...fields, url]
  const { stdout } = await run('taskset', ['-c', String(cpu), 'wrk', ...options])
  return readWrk(stdout)
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
    p50Ms: milliseconds(find(/^\s+50%\s+(\S+)/m)),
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

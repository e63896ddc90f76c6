// bench/system-calls.ts: system calls for each request, counted by strace in a run of its own, as it slows everything.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { applyLoad, type Target } from './load.ts'
import { end, spawnOn } from './processes.ts'
import type { Row } from './row.ts'

export interface SystemCalls {
  readonly perRequest: number
  /** The most frequent first; only those that are made for at least one request in a hundred. */
  readonly byName: Readonly<Record<string, number>>
}

/** @param pids whose calls count, those of all their threads among them */
export async function countSystemCalls(
  row: Row,
  target: Target,
  pids: readonly number[],
  seconds: number,
): Promise<SystemCalls> {
  const file = join(target.directory, 'strace.txt')
  const options = ['-c', '-f', '-o', file, ...pids.flatMap(pid => ['-p', String(pid)])]
  const strace = spawnOn(target.cpu, ['strace', ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    await attached(strace.stderr!, pids.length)
    const { requests } = await applyLoad(row, target, seconds)
    const closed = once(strace, 'close')
    strace.kill('SIGINT')
    await closed
    return readStrace(readFileSync(file, 'latin1'), requests)
  } finally {
    await end(strace)
  }
}

// It says so for each process; what else it says is why it could not.
async function attached(stderr: NodeJS.ReadableStream, count: number): Promise<void> {
  let said = ''
  let left = count
  for await (const line of createInterface(stderr)) {
    said += `${line}\n`
    if (/Process \d+ attached/.test(line) && --left === 0) return
  }
  throw new Error(`strace does not attach: ${said}`)
}

/** @param text the table of `strace -c` */
export function readStrace(text: string, requests: number): SystemCalls {
  const calls: [name: string, perRequest: number][] = []
  for (const line of text.split('\n')) {
    // % time, seconds, µs a call, calls, errors if there were any, name
    const match = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$/.exec(line)
    if (match !== null && match[2] !== 'total') calls.push([match[2]!, Number(match[1]) / requests])
  }
  calls.sort(([, a], [, b]) => b - a)
  return {
    perRequest: calls.reduce((sum, [, each]) => sum + each, 0),
    byName: Object.fromEntries(calls.filter(([, each]) => each >= 0.01)),
  }
}

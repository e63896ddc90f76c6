// bench/processes.ts: processes on a CPU of their own: started, looked at through /proc, and all ended at the end.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Running {
  readonly pid: number
  stop(): Promise<void>
}

const START_MS = 10_000
const STOP_MS = 3_000
const LATE_WORD_MS = 5_000

const alive = new Map<ChildProcess, Promise<unknown>>()
const sandboxes: string[] = []

/** A fresh directory that is removed by {@link endAll}. */
export function sandbox(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  chmodSync(directory, 0o755) // nginx started by root works as another user, who must reach the node's socket
  sandboxes.push(directory)
  return directory
}

/**
 * Starts a command on one CPU, in `directory`, and waits until it accepts connections on `port` of 127.0.0.1.
 *
 * @throws Error with the end of what it said, when it ends or does not accept in time
 */
export async function start(
  name: string,
  command: readonly string[],
  cpu: number,
  port: number,
  directory: string,
): Promise<Running> {
  const log = join(directory, `${name}.log`)
  const output = openSync(log, 'w')
  const child = spawnOn(cpu, command, { cwd: directory, stdio: ['ignore', output, output] })
  closeSync(output)
  const limit = performance.now() + START_MS
  while (!(await accepts(port))) {
    if (child.exitCode === null && child.signalCode === null && performance.now() < limit) await pause(20)
    else throw new Error(`${name} does not serve:\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
  return { pid: child.pid!, stop: () => end(child) }
}

/** Starts a command on one CPU; it is ended by {@link endAll} at the latest. */
export function spawnOn(cpu: number, command: readonly string[], options: SpawnOptions): ChildProcess {
  const env = { ...process.env, NODE_OPTIONS: undefined }
  const child = spawn('taskset', ['-c', String(cpu), ...command], { ...options, env })
  alive.set(
    child,
    once(child, 'close').then(
      () => alive.delete(child),
      () => alive.delete(child),
    ),
  )
  return child
}

/**
 * Runs a command on one CPU to its end.
 *
 * @param seconds it gets SIGINT then, if it still runs
 * @param since what these seconds begin with; those of "its first word" begin after LATE_WORD_MS in any case
 * @returns what it printed
 * @throws Error with what it said when it failed
 */
export async function run(
  cpu: number,
  command: readonly string[],
  seconds: number,
  since: 'its start' | 'its first word' = 'its start',
): Promise<string> {
  const child = spawnOn(cpu, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const interruptIn = (ms: number) => setTimeout(() => child.kill('SIGINT'), ms)
  let interrupt = interruptIn(seconds * 1000 + (since === 'its start' ? 0 : LATE_WORD_MS))
  let printed = ''
  let complaints = ''
  child.stdout!.setEncoding('latin1').on('data', (text: string) => {
    if (printed === '' && since === 'its first word') {
      clearTimeout(interrupt)
      interrupt = interruptIn(seconds * 1000)
    }
    printed += text
  })
  child.stderr!.setEncoding('latin1').on('data', (text: string) => (complaints += text))
  await alive.get(child)
  clearTimeout(interrupt)
  if (child.exitCode !== null && child.exitCode > 0)
    throw new Error(`${command[0]} failed: ${complaints.slice(-2000) || printed.slice(-2000)}`)
  return printed
}

/** Ends every process started here and removes the sandboxes. */
export async function endAll(): Promise<void> {
  await Promise.all([...alive.keys()].map(end))
  for (const directory of sandboxes.splice(0)) rmSync(directory, { recursive: true, force: true })
}

/** Ends a process of {@link spawnOn} and waits for that. */
export async function end(child: ChildProcess): Promise<void> {
  const closed = alive.get(child)
  if (closed === undefined) return
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await closed
  clearTimeout(impatience)
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Whether somebody accepts connections there now. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A process and all that descend from it. */
export function tree(pid: number): number[] {
  const pids = [pid]
  for (const thread of entries(`/proc/${pid}/task`)) {
    const children = text(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean)
    for (const child of children) pids.push(...tree(Number(child)))
  }
  return pids
}

/** Nanoseconds that all threads of a process have run; user and kernel together. */
export function cpuNs(pid: number): number {
  return entries(`/proc/${pid}/task`)
    .map(thread => Number(text(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0)
}

/** Resident bytes; pages shared with other processes count in each. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

// Processes and threads come and go while they are looked at.
function entries(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

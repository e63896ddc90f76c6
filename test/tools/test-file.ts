// test/tools/test-file.ts: one test file as a process of its own, with a limit, and nothing left behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// sleeps: no event tells of the end of a grandchild
import { setTimeout as pause } from 'node:timers/promises'
import { readTap } from './tap-output.ts'

export interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  /** What a reader needs to see of each failure. */
  readonly failures: readonly string[]
  readonly stderr: string
  readonly ms: number
}

// What the test started gets this long to notice that it is over.
const LEFTOVER_MS = 15_000
const COMPILE_CACHE = join(tmpdir(), `sluice-compile-cache-${process.getuid?.()}`)
const running = new Set<ChildProcess>()

/**
 * Runs a file of tests with the Node that runs this, in a process group of its own.
 * A file that is too slow, ends badly, reports nothing or leaves processes behind counts as one more failure.
 */
export async function runTestFile(cwd: string, file: string, limitMs: number): Promise<FileResult> {
  const start = performance.now()
  // tap's own limit comes first where it can: it names the test that hangs.
  const env = {
    ...process.env,
    TAP_TIMEOUT: String(limitMs / 1000 - 0.5),
    NODE_COMPILE_CACHE: COMPILE_CACHE, // most of what a start costs is reading the same sources again
  }
  const child = spawn(process.execPath, [file], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const closed = once(child, 'close')

  let tooSlow = false
  const limit = setTimeout(() => {
    tooSlow = true
    endGroup(child)
  }, limitMs)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  clearTimeout(limit)
  const ms = performance.now() - start
  const leftover = await groupLives(child)
  endGroup(child)
  await closed
  running.delete(child)

  const report = readTap(output.stdout)
  const failures = [...report.failures]
  let failed = report.failed
  const fail = (reason: string) => {
    failed++
    failures.push(reason)
  }
  if (tooSlow)
    fail(`took longer than ${limitMs / 1000} s and was ended\n${failed > 0 ? '' : tail(output.stdout)}`)
  else if (report.problem !== null && failed === 0)
    fail(`${report.problem}: ${ending(code, signal)}\n${tail(output.stdout)}`)
  else if (code !== 0 && failed === 0)
    fail(`all tests passed, yet the file ended with ${ending(code, signal)}`)
  if (leftover && !tooSlow) fail(`left processes behind, still alive ${LEFTOVER_MS / 1000} s after its end`)
  return { file, passed: report.passed, failed, skipped: report.skipped, failures, stderr: output.stderr, ms }
}

/** Ends what still runs: for an interrupted run. */
export function endAllTests(): void {
  for (const child of running) endGroup(child)
}

async function groupLives(child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + LEFTOVER_MS
  while (signalGroup(child, 0) && hasLiving(child.pid!)) {
    if (performance.now() > deadline) return true
    await pause(20)
  }
  return false
}

// A zombie belongs to its group until its parent asks for it, which the init of a container may never do.
function hasLiving(group: number): boolean {
  return readdirSync('/proc').some(pid => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
      return processGroup === String(group) && state !== 'Z' && state !== 'X'
    } catch {
      return false // gone in the meantime
    }
  })
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGKILL')
}

// @returns false when nobody is left in the group
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal)
  } catch {
    return false
  }
}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n')
}

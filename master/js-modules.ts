// master/js-modules.ts: what modules of js: export. Each is loaded in a process of its own, which may do what it likes: as whoever
// will run it, with little memory, for a few seconds, without our environment.
import { type SpawnOptions, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RuleText } from '../config/route-lines.ts'

/** Started by file name: the master never loads a gateway's code. In the built package the suffix is .js. */
const HOST = fileURLToPath(import.meta.url).replace(
  /master([\\/])js-modules(\.[jt]s)$/,
  'gateway$1asks$1js-host$2',
)
const HEAP_MB = 128
const LOAD_MS = 10_000
const MOST_OUTPUT = 1_048_576
const RESULT_FD = 3
const AT_ONCE = 4

/** Who runs what the config names. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/** What it exports, or why it cannot be loaded. */
export interface Shown {
  readonly names?: readonly string[]
  /** Of it and all that it loads. */
  readonly stamp?: string
  readonly problem?: string
}

/** What one module exports; nothing else happens meanwhile. */
export function showModule(file: string, user: RunAs | null, loadMs = LOAD_MS): Shown {
  const { output, error, status, signal } = spawnSync(process.execPath, wordsFor(file), {
    ...optionsFor(user),
    timeout: loadMs,
    killSignal: 'SIGKILL',
    maxBuffer: MOST_OUTPUT,
  })
  if (error !== undefined) {
    const isLate = (error as NodeJS.ErrnoException).code === 'ETIMEDOUT'
    return { problem: isLate ? tooLate(loadMs) : error.message }
  }
  return read(String(output[RESULT_FD]), status, signal)
}

/** What all modules of these rules export, by absolute name; a master goes on with its other work meanwhile. */
export async function showModules(
  rules: readonly RuleText[],
  directory: string,
  user: RunAs | null,
  loadMs = LOAD_MS,
): Promise<ReadonlyMap<string, Shown>> {
  const shown = new Map<string, Shown>()
  const files = filesIn(rules, directory)
  const next = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop())
      shown.set(file, await showMeanwhile(file, user, loadMs))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  return shown
}

// What is no file is told of when its rule is read, and is not opened here: a FIFO would never end.
function filesIn(rules: readonly RuleText[], directory: string): string[] {
  const files = new Set<string>()
  for (const { value } of rules) {
    const [, name] = /(?:^|\s)js:(.+)#[^\s#]+$/.exec(value) ?? []
    if (name !== undefined) files.add(resolve(directory, name))
  }
  return [...files].filter(file => statSync(file, { throwIfNoEntry: false })?.isFile())
}

function showMeanwhile(file: string, user: RunAs | null, loadMs: number): Promise<Shown> {
  const { promise, resolve: settle } = Promise.withResolvers<Shown>()
  const child = spawn(process.execPath, wordsFor(file), optionsFor(user))
  let text = ''
  const end = (shown: Shown): void => {
    clearTimeout(timer)
    child.kill('SIGKILL')
    settle(shown)
  }
  const timer = setTimeout(() => end({ problem: tooLate(loadMs) }), loadMs)
  child.on('error', error => end({ problem: error.message }))
  child.on('close', (code, signal) => end(read(text, code, signal)))
  child.stdio[RESULT_FD]?.on('data', (chunk: Buffer) => {
    text += chunk
    if (text.length > MOST_OUTPUT) end({ problem: 'it exports too much' })
  })
  return promise
}

function wordsFor(file: string): string[] {
  return ['--disable-sigusr1', HOST, 'show', file, String(HEAP_MB)]
}

function optionsFor(
  user: RunAs | null,
): Pick<SpawnOptions, 'uid' | 'gid' | 'env' | 'cwd'> & { stdio: StdioOptions } {
  const asOther = user !== null && process.getuid!() === 0 ? { uid: user.uid, gid: user.gid } : {}
  return { ...asOther, env: {}, cwd: '/', stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }
}

function read(text: string, code: number | null, signal: NodeJS.Signals | null): Shown {
  try {
    return JSON.parse(text) as Shown
  } catch {
    // V8 ends a process so when it has no more memory for it.
    const why = signal === 'SIGABRT' ? 'it takes too much memory' : `${signal ?? `code ${code}`} ended it`
    return { problem: `${why} while it was loaded` }
  }
}

function tooLate(loadMs: number): string {
  return `it takes more than ${loadMs / 1_000} s`
}

// test/support/sluice.ts: runs the real command for a test: `startSluice` until it serves, `runSluice` to its end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Test, temporaryDirectory } from './tmp.ts'

export interface SluiceOptions {
  /** Text of an ini file; "[sluice]" is put before it unless it has a section. */
  readonly ini?: string
  /** Words before the ini file: ['check']. */
  readonly words?: readonly string[]
  /** Arguments after the ini file, if there is one. */
  readonly args?: readonly string[]
  /** More files, by name, in the directory it is started in. */
  readonly files?: Readonly<Record<string, string>>
  /** Added to the environment; undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Start directory; default: a fresh one. */
  readonly cwd?: string
  /** A command to run it by: ['setpriv', '--reuid=65534', ...]. */
  readonly wrapper?: readonly string[]
  /** Another `sluice` command than the checkout's: that of a built package. */
  readonly command?: string
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Sluice {
  /** One for each listener in the config's order: "http://127.0.0.1:40001/"; a curl command for UNIX sockets. */
  readonly urls: readonly string[]
  /** Its first URL's host and port. */
  readonly url: string
  /** The master's. */
  readonly pid: number
  /** Where it was started, and where its ini file is: sluice.ini. */
  readonly directory: string
  stdout(): string
  /** Warnings and the event log, as JSON lines. */
  stderr(): string
  /** Resolves once stderr matches. */
  logged(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Ends it and waits for that. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
  /** Resolves when it ended, whatever the reason. */
  readonly ended: Promise<Ended>
}

const COMMAND = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
const ANNOUNCED = /^Sluice .* serves .*:\n((?: {2}\S.*\n)+)/m

/**
 * Starts `sluice` and waits until it serves. Ends it with the test.
 *
 * @param config text of an ini file, arguments, or both and more
 * @throws Error with what it said when it ended instead
 */
export async function startSluice(
  t: Test,
  config: string | readonly string[] | SluiceOptions,
): Promise<Sluice> {
  const { child, directory, output, ended } = spawnSluice(t, toOptions(config))
  await Promise.race([output.seen('stdout', ANNOUNCED), ended])
  const announced = ANNOUNCED.exec(output.stdout)
  if (!announced) throw new Error(`sluice did not start:\n${output.stdout}${output.stderr}`)
  const urls = announced[1]!
    .trimEnd()
    .split('\n')
    .map(line => line.trim().split(/ {2,}/)[0]!)
  return {
    urls,
    url: urls[0]!,
    pid: child.pid!,
    directory,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    logged: pattern => output.seen('stderr', pattern),
    kill: signal => void child.kill(signal),
    stop: (signal = 'SIGINT') => {
      child.kill(signal)
      return ended
    },
    ended,
  }
}

/** Runs `sluice` until it ends by itself: check, show-config, --help, or a start that is refused. */
export function runSluice(t: Test, config: string | readonly string[] | SluiceOptions): Promise<Ended> {
  return spawnSluice(t, toOptions(config)).ended
}

/** A fresh directory that goes with the test. @param files contents by name */
export function freshDirectory(t: Test, files: Readonly<Record<string, string>> = {}): string {
  const directory = temporaryDirectory(t)
  writeFiles(directory, files)
  return directory
}

function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
}

function toOptions(config: string | readonly string[] | SluiceOptions): SluiceOptions {
  if (typeof config === 'string') return { ini: config }
  return Array.isArray(config) ? { args: config } : (config as SluiceOptions)
}

function spawnSluice(
  t: Test,
  { words = [], ini, args = [], files = {}, env = {}, cwd, wrapper = [], command }: SluiceOptions,
) {
  const directory = cwd ?? freshDirectory(t)
  writeFiles(directory, files)
  if (ini !== undefined) writeFileSync(join(directory, 'sluice.ini'), withSection(ini))
  const line = [
    ...wrapper,
    process.execPath,
    command ?? COMMAND,
    ...words,
    ...(ini === undefined ? [] : ['sluice.ini']),
    ...args,
  ]
  const child = spawn(line[0]!, line.slice(1), {
    cwd: directory,
    env: {
      ...process.env,
      NODE_OPTIONS: undefined,
      STATE_DIRECTORY: join(directory, 'state'),
      RUNTIME_DIRECTORY: join(directory, 'run'),
      NOTIFY_SOCKET: undefined,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = new Output(child)
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    return { code, signal, stdout: output.stdout, stderr: output.stderr }
  })
  t.teardown(() => {
    child.kill('SIGKILL')
    return ended
  })
  return { child, directory, output, ended }
}

// "[::1]:80" is no section.
function withSection(ini: string): string {
  return /^\s*\[[^\]:]+\]\s*$/m.test(ini) ? ini : `[sluice]\n${ini}`
}

/** What a process said so far, and a way to wait for more. */
class Output {
  stdout = ''
  stderr = ''
  #waiting: (() => void)[] = []

  constructor(child: ChildProcess) {
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text
        for (const wake of this.#waiting.splice(0)) wake()
      })
    }
  }

  async seen(name: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[name])
      if (match) return match
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }
}

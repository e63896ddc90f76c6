// bin/background.ts: starts Sluice once more, in a session of its own (daemonize), and waits until that one serves.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Config, Place } from '../config/config.ts'
import { listenersOf } from '../config/listeners.ts'
import { StartRefused } from '../master/refused.ts'
import { openDaemonLog } from '../master/steering/daemon-log.ts'
import { REPORT_VARIABLE, type Told, terminal } from './terminal.ts'

const SCRIPT = fileURLToPath(new URL('./sluice.js', import.meta.url))
const FIRST_INHERITED = 3
const MOST_DESCRIPTORS = 1024

/**
 * The other one reads the config itself, binds, and says through a pipe what people should know.
 *
 * @param argv as this command got it
 * @returns its exit code, or 0 once it serves
 * @throws StartRefused
 */
export async function startInBackground(
  config: Config,
  log: { readonly path: string; readonly place: Place },
  argv: readonly string[],
): Promise<number> {
  refuseStandardInput(config, log.place)
  const fd = openDaemonLog(config, log)
  const inherited = inheritedDescriptors(config)
  const report = Math.max(FIRST_INHERITED - 1, ...inherited) + 1
  const child = spawn(process.execPath, [...process.execArgv, SCRIPT, ...argv], {
    detached: true,
    env: { ...process.env, [REPORT_VARIABLE]: String(report) },
    stdio: stdioOf(fd, inherited, report),
  })
  closeSync(fd)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal))
  }
  const failed = once(child, 'error').then(([error]) => {
    throw error
  })
  const exit = await Promise.race([forward(child.stdio[report] as Readable), failed])
  if (exit !== null) return exit
  terminal.err(`sluice: the start ended before Sluice served. See ${log.path}.\n`)
  return 1
}

/** Sane for a process that nobody watches: what it makes is never for others to write. */
export function settleInBackground(): void {
  process.umask(process.umask() | 0o022)
}

/** @returns null when the pipe ended without an exit code */
async function forward(pipe: Readable): Promise<number | null> {
  for await (const line of createInterface({ input: pipe })) {
    const told: Told = JSON.parse(line)
    if ('exit' in told) return told.exit
    if ('out' in told) terminal.out(told.out)
    else terminal.err(told.err)
  }
  return null
}

function refuseStandardInput({ pairs }: Config, place: Place): void {
  if (!pairs.some(pair => pair.place.file === '-')) return
  throw new StartRefused('SLUICE_START_FAILED', [
    {
      place,
      problem: 'the config comes from standard input, which a process in the background does not have',
      remedy: 'Write it to a file',
    },
  ])
}

// Sockets that were handed to us go on under their numbers. Node marks all of them to be closed by exec, so they are known
// by the lines that name them.
function inheritedDescriptors({ values, place }: Config): number[] {
  const addresses = [
    ...values['shared-socket'],
    ...listenersOf({ values, place }).map(({ address }) => address),
  ]
  return addresses.flatMap(address => (address.kind === 'fd' && isOpen(address.fd) ? [address.fd] : []))
}

function isOpen(fd: number): boolean {
  try {
    return fd < MOST_DESCRIPTORS && fstatSync(fd).isSocket()
  } catch {
    return false // the other one tells it, with its line
  }
}

function stdioOf(log: number, inherited: readonly number[], report: number): ('ignore' | 'pipe' | number)[] {
  return Array.from({ length: report + 1 }, (_, fd) => {
    if (fd === 0) return inherited.includes(0) ? 0 : 'ignore'
    if (fd < FIRST_INHERITED) return log
    if (fd === report) return 'pipe'
    return inherited.includes(fd) ? fd : 'ignore'
  })
}

// master/steering/daemon-log.ts: the file that an instance in the background writes to (daemonize, daemonize2).
import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config, Place, Problem } from '../../config/config.ts'
import { makeLog } from '../privileges/become.ts'
import { unwritable, unwritableProblem } from '../privileges/writable.ts'
import { StartRefused } from '../refused.ts'

const MODE = 0o640

/** @returns null when the instance stays in the foreground */
export function daemonLog(
  { values, place }: Config,
  directory: string,
): { readonly path: string; readonly place: Place } | null {
  const option = values.daemonize === null ? 'daemonize2' : 'daemonize'
  const target = values[option]
  if (target === null) return null
  // Events that travel to another machine leave nothing here but what Node itself may say.
  const path = target.kind === 'file' ? resolve(directory, target.path) : '/dev/null'
  return { path, place: place(option) }
}

/** What a start would be refused for. */
export function daemonLogProblems(config: Config, directory: string): Problem[] {
  const log = daemonLog(config, directory)
  return log === null ? [] : unwritable(log.path, 'log', log.place)
}

/** @returns a descriptor that appends. @throws StartRefused */
export function openDaemonLog(
  config: Config,
  { path, place }: { readonly path: string; readonly place: Place },
): number {
  const { values } = config
  const mode = values['logfile-chmod'] ?? MODE
  try {
    makeLog(config, path, mode)
    const fd = openSync(path, values['log-truncate'] ? 'w' : 'a', mode)
    if (!values['log-truncate']) return fd
    closeSync(fd)
    return openSync(path, 'a')
  } catch (error) {
    throw new StartRefused('SLUICE_START_FAILED', [
      unwritableProblem(path, 'log', place, error as NodeJS.ErrnoException),
    ])
  }
}

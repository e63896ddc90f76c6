// master/steering/daemon-log.ts: the file that an instance in the background writes to (daemonize, daemonize2).
import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config, Place } from '../../config/config.ts'
import { asUser } from '../privileges/as-user.ts'
import { makeLog } from '../privileges/become.ts'
import { handOver } from '../privileges/hand-over.ts'
import { planUser } from '../privileges/user.ts'
import { unwritableProblem } from '../privileges/writable.ts'
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

/** @returns a descriptor that appends. @throws StartRefused */
export function openDaemonLog(
  config: Config,
  { path, place }: { readonly path: string; readonly place: Place },
): number {
  const { values } = config
  const mode = values['logfile-chmod'] ?? MODE
  try {
    makeLog(config, path, mode)
    return openAsUser(config, path, () => {
      if (values['log-truncate']) closeSync(openSync(path, 'w', mode))
      return openSync(path, 'a', mode)
    })
  } catch (error) {
    if (error instanceof StartRefused) throw error
    throw new StartRefused('SLUICE_START_FAILED', [
      unwritableProblem(path, 'log', place, error as NodeJS.ErrnoException),
    ])
  }
}

// Never as root where Sluice becomes somebody else: that user may rule the directory, and a link there could lead anywhere.
function openAsUser(config: Config, path: string, open: () => number): number {
  const { user } = planUser(config) // what is wrong with it is told when the start is planned
  if (user === null) return open()
  if (config.values['logfile-chown']) handOver(user, [path])
  return asUser(user, open)
}

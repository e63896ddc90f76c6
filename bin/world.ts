// bin/world.ts: what a configuration may depend on, as this process sees it.
import { COMMAND_LINE } from '../config/config.ts'
import type { World } from '../config/load.ts'
import { StartRefused } from '../master/refused.ts'
import { version } from './version.ts'

/** @throws StartRefused when the directory we were started in was removed */
export function world(): World {
  return { cwd: startDirectory(), env: process.env, version: version() }
}

function startDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const problem = 'the directory that Sluice is started in does not exist any more'
    const remedy = 'Change to one that exists ("cd /"), then start again'
    throw new StartRefused('SLUICE_START_FAILED', [{ place: COMMAND_LINE, problem, remedy }], {
      cause: error,
    })
  }
}

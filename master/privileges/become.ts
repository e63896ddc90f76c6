// master/privileges/become.ts: the last things done as root, and the drop: after every socket is bound, before anything is started.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SELF_SIGNED_FILE } from '../../certs/manage/self-signed.ts'
import { openStateDirectory } from '../../certs/manage/state-directory.ts'
import type { Config } from '../../config/config.ts'
import { StartRefused } from '../refused.ts'
import { SECRET_FILE } from '../sticky-secret.ts'
import type { StatePlace } from '../subscription-plan.ts'
import { dropPrivileges } from './drop.ts'
import { handOver, makeFor } from './hand-over.ts'
import { logFiles, type Needy } from './needs.ts'
import { planUser, type UserPlan } from './user.ts'
import { unwritableProblem } from './writable.ts'

/** The parts of a start's plan that are read here. */
export interface Becoming extends Pick<Needy, 'config' | 'startDirectory'> {
  readonly user: UserPlan | null
  /** Logs that did not exist when the config was checked. */
  readonly newLogs: readonly string[]
  readonly tls: readonly ({ readonly certificate: unknown } | null)[]
  readonly subscriptions: { readonly state: StatePlace }
}

/** Becomes the user of the plan, for good; without one, nothing happens. @throws StartRefused */
export function becomeUser(plan: Becoming): void {
  const { user } = plan
  if (user === null) return
  giveLogs(plan, user)
  const files = stateFiles(plan)
  if (files.length > 0) giveState(user, files)
  dropPrivileges(user)
}

/** Log files of a config that are still to be made. */
export function missingLogs(plan: Pick<Needy, 'config' | 'startDirectory'>): string[] {
  const paths = logFiles(plan).map(({ path }) => path)
  return [...new Set(paths)].filter(path => !existsSync(path))
}

/**
 * Makes a log that is opened before there is a plan, so that it belongs to the user of the config from the beginning.
 * Without one, or where the file exists, nothing happens.
 *
 * @throws Error of the system
 */
export function makeLog(config: Config, path: string, mode: number): void {
  const { user } = planUser(config) // what is wrong with it is told when the start is planned
  if (user !== null && !existsSync(path)) makeFor(user, path, mode)
}

// A log of an earlier run is only given away where logfile-chown asks for it. One that is made here, or was made
// since the config was checked, always is: after the drop it must be possible to open it again.
function giveLogs(plan: Becoming, user: UserPlan): void {
  const mode = plan.config.values['logfile-chmod'] ?? undefined
  for (const { path, place } of logFiles(plan)) {
    try {
      const isNew = plan.newLogs.includes(path)
      if (isNew && makeFor(user, path, mode)) continue
      if (isNew || plan.config.values['logfile-chown']) handOver(user, [path])
    } catch (error) {
      const failure = error as NodeJS.ErrnoException
      const problem =
        failure.code === 'EACCES'
          ? { place, ...unsafe(path, user) }
          : unwritableProblem(path, 'log', place, failure)
      throw new StartRefused('SLUICE_START_FAILED', [problem], { cause: error })
    }
  }
}

function unsafe(path: string, { name }: UserPlan): { problem: string; remedy: string } {
  const directory = dirname(path)
  return {
    problem: `the log ${path} cannot be made: user ${name} may not write ${directory}, and root does not where others rule a directory on the way`,
    remedy: `Run: chown ${name} ${directory}; or name a file elsewhere`,
  }
}

function stateFiles({ tls, config, subscriptions: { state } }: Becoming): string[] {
  return [
    ...(tls.some(each => each?.certificate === 'self-signed') ? [SELF_SIGNED_FILE] : []),
    ...(config.values.balance.some(({ sticky }) => sticky !== '') ? [SECRET_FILE] : []),
    ...(state.kind === 'default' ? [state.name] : []),
  ]
}

// What was made before the drop must be found again by a reload, and what comes later must find its place.
function giveState(user: UserPlan, files: readonly string[]): void {
  const directory = openStateDirectory()
  if (directory !== null) handOver(user, [directory, ...files.map(file => join(directory, file))])
}

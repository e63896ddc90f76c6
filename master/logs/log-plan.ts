// master/logs/log-plan.ts: where log lines go and which there are, from the options alone: nothing is opened here.
import { resolve } from 'node:path'
import type { AccessLogFilter, AccessLogPicture } from '../../base/picture.ts'
import type { Config, Place, Problem } from '../../config/config.ts'
import type { LoggerTarget } from '../../config/logger-kinds.ts'
import { unknownNames } from '../../stats/log-template.ts'
import { unwritable } from '../privileges/writable.ts'
import type { LogLevel } from './log.ts'

/** A place for lines; paths are absolute. */
export type LogTarget =
  | Exclude<LoggerTarget, { readonly kind: 'stdio' }>
  | { readonly kind: 'stdout' }
  | { readonly kind: 'stderr' }

/** A file that lines are appended to, by master or gateways. */
export interface LogFile {
  readonly path: string
  /** "log file", "access log": as problems name it. */
  readonly what: string
  readonly place: Place
  /** That of logto and the like: log-backupname and log-truncate are about it. */
  readonly isMain: boolean
}

export interface LogPlan {
  /** For the event log, and what children print. */
  readonly events: readonly LogTarget[]
  /** For lines per request that gateways hand to the master on their standard output. */
  readonly lines: readonly LogTarget[]
  /** For the picture; null: no lines per request. */
  readonly access: AccessLogPicture | null
  readonly files: readonly LogFile[]
  readonly level: LogLevel
  /** auto: for people on a terminal. */
  readonly form: 'auto' | 'human' | 'json'
  /** Form of the time before lines for people; null: the time of day. */
  readonly date: string | null
  readonly mode: number
  /** Files that exist get the mode too (logfile-chmod). */
  readonly setsMode: boolean
  readonly isTruncated: boolean
  /** 0: files grow as they like. */
  readonly maxBytes: number
  /** Absolute; null: FILE.UNIXTIME. */
  readonly backupName: string | null
  /** A reload opens files again (log-reopen). */
  readonly reopensAtReload: boolean
}

const DEFAULT_MODE = 0o640

export function planLogs(
  config: Config,
  startDirectory: string,
): { plan: LogPlan; problems: Problem[]; warnings: Problem[] } {
  const { values } = config
  const absolute = (path: string) => resolve(startDirectory, path)
  const warnings = ineffective(config)
  const main = mainTarget(config, warnings)
  const loggers = values.logger.map(target => locate(target, absolute, { kind: 'stderr' }))
  const reqLoggers = values['req-logger'].map(target => locate(target, absolute, { kind: 'stdout' }))
  const mainPlace = main === null ? null : locate(main, absolute, { kind: 'stderr' })
  const events = distinct(mainPlace === null ? loggers : [mainPlace, ...loggers])
  const only = filterOf(config)
  const isLogged = values['disable-logging'] ? only !== null : wantsLines(config) || only !== null
  const isFiltered = values['disable-logging'] || !wantsLines(config)
  const lines = isLogged ? linePlaces(values['access-log'], reqLoggers, mainPlace, loggers, absolute) : []
  const direct = lines.length === 1 && lines[0]!.kind === 'file' ? lines[0]!.path : '-'
  const files = filesOf(config, events, lines, mainPlace, absolute)
  const mode = values['logfile-chmod'] ?? DEFAULT_MODE
  const plan: LogPlan = {
    events: events.length === 0 ? [{ kind: 'stderr' }] : events,
    lines: direct === '-' ? lines : [],
    access: isLogged ? accessPicture(config, direct, isFiltered ? only : null, mode) : null,
    files,
    level: values['event-log-level'],
    form: values['event-log-format'] === 'auto' && values['log-date'] ? 'human' : values['event-log-format'],
    date: values['log-date'],
    mode,
    setsMode: values['logfile-chmod'] !== null,
    isTruncated: values['log-truncate'],
    maxBytes: values['log-maxsize'] ?? 0,
    backupName: values['log-backupname'] === null ? null : absolute(values['log-backupname']),
    reopensAtReload: values['log-reopen'],
  }
  const problems = files.flatMap(({ path, what, place }) => unwritable(path, what, place))
  return { plan, problems, warnings }
}

const MAIN_OPTIONS = ['logto2', 'logto', 'daemonize2', 'daemonize'] as const

// The one that uWSGI opens last wins.
function mainTarget({ values, place }: Config, warnings: Problem[]): LoggerTarget | null {
  const [option, ...others] = MAIN_OPTIONS.filter(name => values[name] !== null)
  if (option === undefined) return null
  for (const other of others) {
    if (JSON.stringify(values[other]) === JSON.stringify(values[option])) continue
    const problem = `nothing is logged to the file of "${other}", as "${option}" names another`
    warnings.push({ place: place(other), problem, remedy: `Name one file, or add logger = file:PATH` })
  }
  return values[option]
}

function locate(
  target: LoggerTarget,
  absolute: (path: string) => string,
  stdio: { readonly kind: 'stdout' | 'stderr' },
): LogTarget {
  if (target.kind === 'stdio') return stdio
  return target.kind === 'file' ? { kind: 'file', path: absolute(target.path) } : target
}

function wantsLines({ values }: Config): boolean {
  return values['access-log'] !== null || values['req-logger'].length > 0 || values['log-format'] !== null
}

function filterOf({ values }: Config): AccessLogFilter | null {
  const only: AccessLogFilter = {
    clientErrors: values['log-4xx'],
    serverErrors: values['log-5xx'],
    slowMs: values['log-slow'],
    bigBytes: values['log-big'],
    empty: values['log-zero'],
    ioErrors: values['log-ioerror'],
  }
  return Object.values(only).some(value => value !== false && value !== null) ? only : null
}

// Without a place of their own lines go where events go; on standard streams the two keep apart.
function linePlaces(
  accessLog: string | null,
  reqLoggers: readonly LogTarget[],
  main: LogTarget | null,
  loggers: readonly LogTarget[],
  absolute: (path: string) => string,
): LogTarget[] {
  const standard = main ?? { kind: 'stdout' as const }
  const own: LogTarget[] =
    accessLog === null ? [] : [accessLog === '-' ? standard : { kind: 'file', path: absolute(accessLog) }]
  const named = distinct([...own, ...reqLoggers])
  if (named.length > 0) return named
  const followed = distinct(main === null ? loggers : [main, ...loggers])
  if (followed.length === 0) return [standard]
  return followed.map(place => (place.kind === 'stderr' ? { kind: 'stdout' } : place))
}

function accessPicture(
  { values }: Config,
  file: string,
  only: AccessLogFilter | null,
  mode: number,
): AccessLogPicture {
  return {
    file,
    format: values['access-log-format'],
    template: values['log-format'],
    strftime: values['log-format-strftime'] ? values['log-date'] : null,
    micros: values['log-micros'],
    forwardedFor: values['log-x-forwarded-for'],
    only,
    mode,
  }
}

function filesOf(
  config: Config,
  events: readonly LogTarget[],
  lines: readonly LogTarget[],
  main: LogTarget | null,
  absolute: (path: string) => string,
): LogFile[] {
  const { values } = config
  const mainPath = main?.kind === 'file' ? main.path : null
  const accessPath = values['access-log'] === null ? null : absolute(values['access-log'])
  const paths = [...events, ...lines].flatMap(target => (target.kind === 'file' ? [target.path] : []))
  return [...new Set(paths)].map(path => ({
    path,
    what: path === accessPath ? 'access log' : 'log file',
    place: placeOf(config, path, absolute),
    isMain: path === mainPath,
  }))
}

function placeOf(config: Config, path: string, absolute: (path: string) => string): Place {
  const { values } = config
  const names = (target: LoggerTarget | null) => target?.kind === 'file' && absolute(target.path) === path
  const main = MAIN_OPTIONS.find(name => names(values[name]))
  if (main !== undefined) return config.place(main)
  for (const option of ['logger', 'req-logger'] as const) {
    const index = values[option].findIndex(names)
    if (index >= 0) return config.place(option, index)
  }
  return config.place('access-log')
}

function ineffective({ values, rules, place }: Config): Problem[] {
  const warnings: Problem[] = []
  if (values['log-format-strftime'] && values['log-date'] === null) {
    const problem = '"log-format-strftime" has no effect without log-date'
    warnings.push({ place: place('log-format-strftime'), problem, remedy: 'Add log-date = STRFTIME' })
  }
  const noted = new Set(rules.map(({ value }) => /(?:^| )logvar:([^=]+)=/.exec(value)?.[1]))
  for (const name of unknownNames(values['log-format'] ?? '')) {
    if (noted.has(name)) continue
    const problem = `"%(${name})" is no name of log-format, and prints "-"`
    warnings.push({ place: place('log-format'), problem, remedy: 'docs/operations.md has the names' })
  }
  return warnings
}

function distinct(targets: readonly LogTarget[]): LogTarget[] {
  return [...new Map(targets.map(target => [JSON.stringify(target), target])).values()]
}

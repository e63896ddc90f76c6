// test/support/log-plan.ts: plans of logs for tests that need no config.
import { COMMAND_LINE } from '../../config/config.ts'
import type { LogFile, LogPlan } from '../../master/logs/log-plan.ts'

/** A plan that logs nothing per request and events nowhere, but for these changes. */
export function plainLogPlan(changes: Partial<LogPlan> = {}): LogPlan {
  return {
    events: [],
    lines: [],
    access: null,
    files: [],
    level: 'info',
    form: 'json',
    date: null,
    mode: 0o640,
    setsMode: false,
    isTruncated: false,
    maxBytes: 0,
    backupName: null,
    reopensAtReload: false,
    ...changes,
  }
}

export function logFile(path: string, changes: Partial<LogFile> = {}): LogFile {
  return { path, what: 'log file', place: COMMAND_LINE, isMain: false, ...changes }
}

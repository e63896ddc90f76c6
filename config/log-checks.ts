// config/log-checks.ts: what is wrong between the options of the logs.
import type { Checked, Tell } from './checked.ts'
import type { OptionName, Values } from './table.ts'

const TAKE_ONE = 'Take one of them out'
/** Where the event log may go; two that stand side by side would each claim all of it. */
const RIVALS = [
  ['logto', 'logto2'],
  ['daemonize', 'daemonize2'],
  ['logger', 'logto'],
  ['logger', 'logto2'],
] as const
const EVENT_FILES = ['logto', 'logto2', 'daemonize', 'daemonize2'] as const
const FILTERS = ['log-4xx', 'log-5xx', 'log-slow', 'log-big', 'log-zero', 'log-ioerror'] as const

/** Pure. */
export function checkLogs(checked: Checked, wrong: Tell, warn: Tell): void {
  checkRivals(checked, wrong)
  checkFiles(checked, warn)
  checkRequestLines(checked, warn)
  const { values, place } = checked
  if (values['log-master']) return
  const problem = 'the master always keeps lines whole, "log-master = false" changes nothing'
  warn(place('log-master'), problem, 'Take it out')
}

function checkRivals({ values, place }: Checked, wrong: Tell): void {
  for (const [first, second] of RIVALS) {
    if (!isGiven(values, first) || !isGiven(values, second)) continue
    const problem = `options "${first}" and "${second}" both say where the event log goes`
    wrong(place(second), problem, `${TAKE_ONE}; logger may be given several times`)
  }
}

function checkFiles({ values, place }: Checked, warn: Tell): void {
  const hasEventFile = EVENT_FILES.some(option => values[option]?.kind === 'file')
  const hasFile =
    hasEventFile ||
    [...values.logger, ...values['req-logger']].some(({ kind }) => kind === 'file') ||
    (values['access-log'] !== null && values['access-log'] !== '-')
  const noEffect = (option: OptionName, without: string, remedy: string) => {
    if (isGiven(values, option)) warn(place(option), `"${option}" has no effect without ${without}`, remedy)
  }
  if (!hasFile) {
    const remedy = 'Add logto = FILE or access-log = FILE'
    for (const option of ['log-maxsize', 'touch-logrotate', 'touch-logreopen'] as const)
      noEffect(option, 'a log file', remedy)
  }
  if (!hasEventFile) {
    for (const option of ['log-backupname', 'log-truncate'] as const)
      noEffect(option, 'logto', 'Add logto = FILE')
  } else if (!isAnyGiven(values, ['log-maxsize', 'touch-logrotate', 'master-fifo'])) {
    noEffect('log-backupname', 'log-maxsize or touch-logrotate', 'Add log-maxsize = BYTES')
  }
}

function checkRequestLines({ values, place }: Checked, warn: Tell): void {
  const form = place('access-log-format')
  const isWritten = isAnyGiven(values, ['access-log', 'req-logger', ...FILTERS])
  if (form.file !== null && values['log-format'] !== null) {
    warn(form, '"access-log-format" has no effect beside log-format', TAKE_ONE)
  } else if (form.file !== null && !isWritten) {
    warn(form, '"access-log-format" has no effect without access-log', 'Add access-log = FILE')
  }
  if (values['disable-logging'] && values['access-log'] !== null && !isAnyGiven(values, FILTERS))
    warn(place('disable-logging'), '"disable-logging" switches access-log off', TAKE_ONE)
}

function isAnyGiven(values: Values, options: readonly OptionName[]): boolean {
  return options.some(option => isGiven(values, option))
}

// Of those that are off, null or empty unless somebody writes them.
function isGiven(values: Values, option: OptionName): boolean {
  const value: unknown = values[option]
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false
}

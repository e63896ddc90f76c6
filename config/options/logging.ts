// config/options/logging.ts: options of the event log and of the access log.
import { bytes, flag, flagOr, integer, mode, oneOf, text } from '../kinds.ts'
import { logFile, logger } from '../logger-kinds.ts'
import { list, option, optionOr } from '../option.ts'

const FILE = text('FILE', 'Write the name of a file')
const FORMAT = text('STRFTIME', 'Write a format such as %Y-%m-%d %H:%M:%S')

export const loggingOptions = {
  title: 'Logging',
  options: {
    'access-log': option(text('FILE', 'Write the name of a file, or - for standard output'), {
      doc: 'Writes a line per request to this file; "-" is standard output, or the file of logto. Off by default.',
      ours: true,
    }),
    'access-log-format': optionOr(oneOf(['uwsgi', 'combined', 'json']), 'uwsgi', {
      doc: "Form of these lines: uWSGI's own, the combined format of web servers, or JSON. log-format overrides it.",
      ours: true,
    }),
    'disable-logging': optionOr(flag, 'false', {
      doc: 'Writes no line per request, whatever access-log says, but for those that log-4xx and the like ask for.',
      short: 'L',
      argument: 'none',
    }),
    'log-format': option(text('TEXT', 'Write a text with %(name) in it'), {
      doc: 'Form of the line per request, with %(uri), %(status) and the like; see docs/operations.md. A name that an option or a placeholder of the file has is replaced by its value. Switches these lines on: where access-log is not given, they follow the event log.',
      aliases: ['logformat'],
      isTemplate: true,
    }),
    'log-format-strftime': optionOr(flag, 'false', {
      doc: 'Writes %(ftime) of log-format in the form of log-date.',
      aliases: ['logformat-strftime'],
      argument: 'none',
    }),
    'log-micros': optionOr(flag, 'false', {
      doc: "Shows durations in microseconds in uWSGI's own line.",
      argument: 'none',
    }),
    'log-x-forwarded-for': optionOr(flag, 'false', {
      doc: 'Shows X-Forwarded-For as the client in lines per request. For logging only: whoever sends a request may write what they like there.',
      argument: 'none',
    }),
    'log-4xx': optionOr(flag, 'false', {
      doc: 'Logs requests that are answered with a 4xx status.',
      argument: 'none',
    }),
    'log-5xx': optionOr(flag, 'false', {
      doc: 'Logs requests that are answered with a 5xx status.',
      argument: 'none',
    }),
    'log-slow': option(integer(0, 2 ** 31), {
      doc: 'Logs requests that take at least so many milliseconds.',
    }),
    'log-big': option(bytes(0), { doc: 'Logs requests whose answer has at least so many bytes.' }),
    'log-zero': optionOr(flag, 'false', { doc: 'Logs requests whose answer has no body.', argument: 'none' }),
    'log-ioerror': optionOr(flag, 'false', {
      doc: 'Logs requests whose client did not get the answer whole, as it left or a node failed in the midst of it.',
    }),
    'req-logger': list(logger, {
      doc: 'Sends lines per request there: a file, standard output, or syslog over UDP or TCP (rsyslog:tcp://HOST:PORT). Switches these lines on.',
      aliases: ['logger-req'],
    }),
    logger: list(logger, { doc: 'Sends the event log there, in place of standard error.' }),
    logto: option(logFile, {
      doc: 'Appends the event log, and what the processes of Sluice and attach-daemon print, to this file. HOST:PORT, without a slash, sends it by UDP.',
    }),
    logto2: option(logFile, { doc: 'The same as logto, opened after privileges were dropped.' }),
    'log-master': optionOr(flag, 'true', {
      doc: 'Whole lines of all processes: always so. "false" is warned about.',
      argument: 'none',
    }),
    'log-reopen': optionOr(flag, 'false', { doc: 'Opens log files again at each reload.', argument: 'none' }),
    'log-truncate': optionOr(flag, 'false', {
      doc: 'Empties the file of logto at the start.',
      argument: 'none',
    }),
    'touch-logreopen': list(FILE, {
      doc: 'Opens log files again when this file changes, appears or vanishes.',
    }),
    'touch-logrotate': list(FILE, { doc: 'Rotates log files when this file changes, appears or vanishes.' }),
    'log-maxsize': option(bytes(1), {
      doc: 'Rotates a log file that is larger, checked once a second: it is renamed to FILE.UNIXTIME and a new one is begun.',
    }),
    'log-backupname': option(FILE, {
      doc: 'Name of the rotated file of logto, in place of FILE.UNIXTIME. No file is ever replaced: when the name is taken, .1, .2 and so on are put behind it.',
    }),
    'logfile-chown': optionOr(flag, 'false', {
      doc: 'Gives log files to the user of uid. Those that Sluice makes always belong to it.',
      argument: 'none',
    }),
    'logfile-chmod': option(mode, { doc: 'Mode of log files, in octal.' }),
    'log-date': option(flagOr(FORMAT, '%a %b %e %H:%M:%S %Y', null), {
      doc: 'Puts the time, in this form of strftime, before each line of the event log, which is then written for people, not as JSON, unless event-log-format says so. In a file, double each percent sign: %%Y-%%m-%%d.',
      aliases: ['logdate', 'log-prefix'],
      argument: 'optional',
    }),
    'event-log-level': optionOr(oneOf(['debug', 'info', 'warn', 'error']), 'info', {
      doc: 'The least severe events that are logged.',
      ours: true,
    }),
    'event-log-format': optionOr(oneOf(['auto', 'human', 'json']), 'auto', {
      doc: 'Form of the event log: for people, or a JSON object per line. auto: for people on a terminal, or with log-date; else JSON.',
      ours: true,
    }),
  },
}

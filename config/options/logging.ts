// config/options/logging.ts: options of the access log.
import { flag, oneOf, text } from '../kinds.ts'
import { option, optionOr } from '../option.ts'

export const loggingOptions = {
  title: 'Logging',
  options: {
    'access-log': option(text('FILE', 'Write the name of a file, or - for standard output'), {
      doc: 'Writes a line per request to this file; "-" is standard output. Off by default.',
      ours: true,
    }),
    'access-log-format': optionOr(oneOf(['uwsgi', 'combined', 'json']), 'uwsgi', {
      doc: "Form of these lines: uWSGI's own, the combined format of web servers, or JSON.",
      ours: true,
    }),
    'disable-logging': optionOr(flag, 'false', {
      doc: 'Writes no line per request, whatever access-log says.',
      short: 'L',
      argument: 'none',
    }),
  },
}

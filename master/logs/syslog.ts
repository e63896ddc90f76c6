// master/logs/syslog.ts: the header of a syslog message (RFC 3164 section 4.1).
import { hostname } from 'node:os'
import { SecondText } from '../../stats/log-dates.ts'
import { strftime } from '../../stats/strftime.ts'

/**
 * Makes "<29>Nov  7 02:19:02 host sluice: line" of a line.
 *
 * @param priority facility * 8 + severity
 * @param ident name of the program
 */
export function syslogHeader(priority: number, ident: string): (line: string) => string {
  const dates = new SecondText(strftime('%b %e %H:%M:%S'))
  const host = hostname().split('.')[0]! // section 4.1.2: without the domain
  return line => `<${priority}>${dates.at(Date.now())} ${host} ${ident}: ${line}`
}

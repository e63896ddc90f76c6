// bin/print.ts: what --help and --version print, alone and behind a command.
import { helpText } from '../config/help.ts'
import { version } from './version.ts'

/** @returns exit code 0 */
export function print(what: 'help' | 'version'): number {
  process.stdout.write(what === 'help' ? helpText(process.stdout.columns) : `${version()}\n`)
  return 0
}

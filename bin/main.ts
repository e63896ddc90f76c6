// bin/main.ts: what the `sluice` command does with its arguments. Exit codes: 0 clean, 1 refused.
import { helpText } from '../config/help.ts'
import { loadConfig } from '../config/load.ts'
import { StartRefused } from '../master/refused.ts'
import { check } from './check.ts'
import { NOTHING_TO_DO } from './nothing-to-do.ts'
import { showConfig } from './show-config.ts'
import { start } from './start.ts'
import { version } from './version.ts'

export type Command = (argv: readonly string[]) => number | Promise<number>

const COMMANDS: Readonly<Record<string, Command>> = { check, 'show-config': showConfig }

/** Ends the process; nobody sees a stack unless SLUICE_DEBUG is set. @param argv without node and script */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    process.exit(await dispatch(argv))
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`)
    process.exit(1)
  }
}

function dispatch(argv: readonly string[]): number | Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined) {
    process.stderr.write(NOTHING_TO_DO)
    return 1
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command) return command(rest)
  const loaded = loadConfig(argv, { cwd: process.cwd(), env: process.env, version: version() })
  if (loaded.kind !== 'command') return start(loaded)
  process.stdout.write(loaded.command === 'help' ? helpText(process.stdout.columns) : `${version()}\n`)
  return 0
}

function errorText(error: unknown): string {
  if (error instanceof StartRefused) return error.message
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (process.env.SLUICE_DEBUG) return String(stack)
  return `sluice: internal error: ${message.split('\n')[0]}. Set SLUICE_DEBUG=1 to see more, and report it.`
}

// bin/main.ts: what the `sluice` command does with its arguments. Exit codes: 0 clean, 1 refused.
import { loadConfig } from '../config/load.ts'
import { StartRefused } from '../master/refused.ts'
import { check } from './check.ts'
import { noCommandText } from './no-command.ts'
import { NOTHING_TO_DO } from './nothing-to-do.ts'
import { print } from './print.ts'
import { reload } from './reload.ts'
import { showConfig } from './show-config.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { TargetProblem } from './target.ts'
import { terminal } from './terminal.ts'
import { why } from './why.ts'
import { world } from './world.ts'

export type Command = (argv: readonly string[]) => number | Promise<number>

const COMMANDS: Readonly<Record<string, Command>> = {
  check,
  reload,
  'show-config': showConfig,
  status,
  stop,
  why,
}

/** Ends the process; nobody sees a stack unless SLUICE_DEBUG is set. @param argv without node and script */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    exit(await dispatch(argv))
  } catch (error) {
    terminal.err(`${errorText(error)}\n`)
    exit(1)
  }
}

function exit(code: number): never {
  terminal.end(code)
  process.exit(code)
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined) {
    process.stderr.write(NOTHING_TO_DO)
    return 1
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command) {
    const code = await command(rest)
    await terminal.taken()
    return code
  }
  const refusal = noCommandText(name)
  if (refusal !== null) {
    process.stderr.write(refusal)
    return 1
  }
  const here = world()
  const loaded = loadConfig(argv, here)
  return loaded.kind === 'command' ? print(loaded.command) : start(loaded, here, argv)
}

function errorText(error: unknown): string {
  if (error instanceof StartRefused) return error.message
  if (error instanceof TargetProblem)
    return `sluice: ${error.message}${/[.:]$|\n/.test(error.message) ? '' : '.'}`
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (process.env.SLUICE_DEBUG) return String(stack)
  return `sluice: internal error: ${message.split('\n')[0]}. Set SLUICE_DEBUG=1 to see more, and report it.`
}

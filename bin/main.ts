// bin/main.ts: what the `sluice` command does with its arguments. Exit codes: 0 clean, 1 refused.
import { StartRefused } from '../master/refused.ts'
import { noCommandText } from './no-command.ts'
import { NOTHING_TO_DO } from './nothing-to-do.ts'
import { TargetProblem } from './target.ts'
import { terminal } from './terminal.ts'

export type Command = (argv: readonly string[]) => number | Promise<number>

/** Loaded when asked for: who wants the status of an instance waits for nothing that only an instance needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  check: async () => (await import('./check.ts')).check,
  reload: async () => (await import('./reload.ts')).reload,
  'show-config': async () => (await import('./show-config.ts')).showConfig,
  status: async () => (await import('./status.ts')).status,
  stop: async () => (await import('./stop.ts')).stop,
  why: async () => (await import('./why.ts')).why,
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
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load) {
    const command = await load()
    const code = await command(rest)
    await terminal.taken()
    return code
  }
  const refusal = noCommandText(name)
  if (refusal !== null) {
    process.stderr.write(refusal)
    return 1
  }
  const [{ loadConfig }, { world }] = await Promise.all([import('../config/load.ts'), import('./world.ts')])
  const here = world()
  const loaded = loadConfig(argv, here)
  if (loaded.kind === 'command') return (await import('./print.ts')).print(loaded.command)
  return (await import('./start.ts')).start(loaded, here, argv)
}

function errorText(error: unknown): string {
  if (error instanceof StartRefused) return error.message
  if (error instanceof TargetProblem)
    return `sluice: ${error.message}${/[.:]$|\n/.test(error.message) ? '' : '.'}`
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (process.env.SLUICE_DEBUG) return String(stack)
  return `sluice: internal error: ${message.split('\n')[0]}. Set SLUICE_DEBUG=1 to see more, and report it.`
}

// bin/stop.ts: `sluice stop`: ends a running instance, and waits until it is gone.
import { ask, nobodyAt, pidOf, tell, untilGone } from './ask.ts'
import { readArguments, TARGET_HELP } from './target.ts'
import { terminal } from './terminal.ts'

const HELP = `Usage: sluice stop [--now] [TARGET]

Ends a running instance and waits until it is gone. Exchanges in hand may finish, for as long as reload-mercy says.

  --now            at once: exchanges in hand are cut

${TARGET_HELP}
`

/** @returns 0 when it is gone. @throws TargetProblem */
export async function stop(argv: readonly string[]): Promise<number> {
  const { flags, target, wantsHelp } = readArguments(argv, ['now'])
  if (wantsHelp) {
    terminal.out(HELP)
    return 0
  }
  const now = flags.has('now')
  const meant = target()
  const pid = await pidOf(meant)
  const asked = meant.socket && (await ask(meant.socket, { command: 'stop', now }))
  if (asked) {
    await asked.closed
  } else {
    if (meant.pid === null) throw nobodyAt(meant.socket!)
    const signal = now ? 'SIGINT' : 'SIGTERM'
    tell(pid, signal)
    terminal.out(`process ${pid} has no control socket in the usual places: ${signal} was sent\n`)
  }
  await untilGone(pid)
  terminal.out('stopped\n')
  return 0
}

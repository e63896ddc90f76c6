// bin/reload.ts: `sluice reload`: a running instance reads its config again, and this says what came of it.
import { visible } from '../config/config.ts'
import type { ReloadReport } from '../master/controls.ts'
import { ask, nobodyAt, tell } from './ask.ts'
import { readArguments, TARGET_HELP } from './target.ts'
import { terminal } from './terminal.ts'

const HELP = `Usage: sluice reload [--replace] [TARGET]

Lets a running instance read its config again, waits until every gateway follows it, and says what changed. A config
that is wrong anywhere changes nothing: what is wrong is printed, and the exit code is 1.

  --replace        by new gateway processes, even where the running ones could change in place

${TARGET_HELP}
`

/** @returns 0 once every gateway follows, or a signal was sent; 1 when the reload was refused. @throws TargetProblem */
export async function reload(argv: readonly string[]): Promise<number> {
  const { flags, target, wantsHelp } = readArguments(argv, ['replace'])
  if (wantsHelp) {
    terminal.out(HELP)
    return 0
  }
  const { pid, socket } = target()
  const asked = socket && (await ask(socket, { command: 'reload', replace: flags.has('replace') }))
  if (asked) return 'report' in asked.answer ? sayReport(asked.answer.report) : 1
  if (pid === null) throw nobodyAt(socket!)
  tell(pid, 'SIGHUP')
  terminal.out(
    `process ${pid} has no control socket in the usual places: SIGHUP was sent. Its log tells what came of it.\n`,
  )
  return 0
}

function sayReport(report: ReloadReport): number {
  for (const warning of report.warnings) terminal.err(`${warning}\n`)
  if (report.kind === 'refused') {
    terminal.err(`${report.problem}\n`)
    return 1
  }
  if (report.kind === 'stopping') {
    const isAsked = report.reasons.length > 0
    terminal.err(`not reloaded: ${isAsked ? `${report.reasons.join(', ')}, so ` : ''}Sluice stops\n`)
    return isAsked ? 0 : 1
  }
  terminal.out(reportText(report))
  return 0
}

const DONE = {
  'in place': 'reloaded in place',
  'new generation': 'reloaded by new gateways',
  unchanged: 'nothing changed',
} as const

function reportText({ kind, changes, reasons, tookMs }: ReloadReport): string {
  const done = `${DONE[kind as keyof typeof DONE]} in ${Math.round(tookMs)} ms`
  const why = reasons.length > 0 ? ` (${reasons.map(visible).join('; ')})` : ''
  const [first, ...others] = changes.map(visible)
  if (first === undefined) return `${done}${why}\n`
  if (others.length === 0) return `${done}${why}: ${first}\n`
  return `${done}${why}:\n${[first, ...others].map(change => `  ${change}\n`).join('')}`
}

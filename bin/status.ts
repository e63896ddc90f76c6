// bin/status.ts: `sluice status`: how a running instance is.
import { visible } from '../config/config.ts'
import type { Status } from '../master/controls.ts'
import { ask, nobodyAt } from './ask.ts'
import { lengthText } from './length-text.ts'
import { readArguments, TARGET_HELP, TargetProblem } from './target.ts'
import { terminal } from './terminal.ts'

const HELP = `Usage: sluice status [--json] [TARGET]

Says how a running instance is: what it serves, its processes, counters and nodes.

  --json           as JSON

${TARGET_HELP}
`

/** @returns 0. @throws TargetProblem */
export async function status(argv: readonly string[]): Promise<number> {
  const { flags, target, wantsHelp } = readArguments(argv, ['json'])
  if (wantsHelp) {
    terminal.out(HELP)
    return 0
  }
  const { pid, socket } = target()
  const answer = socket === null ? undefined : (await ask(socket, { command: 'status' }))?.answer
  if (answer === undefined || !('status' in answer)) throw socket ? nobodyAt(socket) : noSocket(pid)
  terminal.out(
    flags.has('json') ? `${JSON.stringify(answer.status, null, 2)}\n` : statusText(answer.status, Date.now()),
  )
  return 0
}

/** @param pid of one that is known to run */
export function noSocket(pid: number | null): TargetProblem {
  return new TargetProblem(
    `process ${pid} has no control socket in the usual places. Name it by --control, or send SIGUSR2: it logs its status`,
  )
}

function statusText(status: Status, now: number): string {
  const { counters, nodes, announcements } = status
  const rows: [string, string][] = [
    ['config', status.files.join(' ') || 'command line'],
    ['listeners', status.listeners.join(' ')],
    ['gateways', gatewaysText(status.gateways)],
    [
      'connections',
      `${counters.connections} open, ${counters.accepted} accepted, ${counters.refused} refused`,
    ],
    ['requests', String(counters.requests)],
    ...announcementRows(announcements),
    ...nodes.map(({ name, requests, failures, isResting }): [string, string] => [
      'node',
      `${name}: ${requests} requests, ${failures} failures${isResting ? ', rests' : ''}`,
    ]),
  ]
  const reloads = status.reloads === 0 ? '' : `, ${status.reloads} reloads`
  const head = `Sluice ${status.version}, process ${status.pid}, for ${lengthText(now - status.startedAt)}${reloads}${status.isPaused ? ', paused' : ''}`
  return [head, ...rows.map(([name, text]) => `${name.padEnd(12)} ${text}`), ''].map(visible).join('\n')
}

const MOST_SENDERS = 3

function announcementRows(counts: Status['announcements']): [string, string][] {
  if (counts === null) return []
  const { taken, refused, reasons, senders } = counts
  const said = reasons.map(({ reason, count }) => `${count} ${reason}`).join(', ')
  const most = senders.slice(0, MOST_SENDERS).map(({ source, count }) => `${count} from ${source}`)
  const others = senders.length > MOST_SENDERS ? ', …' : ''
  return [
    ['announced', `${taken} taken, ${refused} refused`],
    ...(refused === 0 ? [] : [['refused', `${said}; ${most.join(', ')}${others}`] as [string, string]]),
  ]
}

function gatewaysText(gateways: Status['gateways']): string {
  return gateways
    .map(
      ({ pid, state, connections }) =>
        `${pid} (${state === 'serving' ? '' : `${state}, `}${connections} connections)`,
    )
    .join(', ')
}

// bin/why.ts: `sluice why KEY`: which nodes a request goes to, how each of them is, and why.
import { visible } from '../config/config.ts'
import { LONGEST_KEY } from '../master/steering/control-protocol.ts'
import type { WhyNode, WhyRefused, WhyReport } from '../master/why.ts'
import { ask, nobodyAt } from './ask.ts'
import { lengthText } from './length-text.ts'
import { noSocket } from './status.ts'
import { readArguments, TARGET_HELP, TargetProblem } from './target.ts'
import { terminal } from './terminal.ts'

const HELP = `Usage: sluice why KEY [--json] [TARGET]

Says which nodes of a running instance serve a host, and for each: its state, since when and why, what the policy
goes by, and its share of the last minute. Exit code 1 when nobody serves it.

  KEY              a host as clients ask for it, or a key: shop.example, a.b.example:8080, shop.example/api
  --json           as JSON

${TARGET_HELP}
`
const WORDS: Readonly<Record<WhyReport['way'], (report: WhyReport) => string>> = {
  exact: ({ key }) => `key ${key}`,
  host: ({ key }) => `key ${key}, the host without its port`,
  wildcard: ({ key }) => `key ${key}, a wildcard`,
  fallback: ({ key }) => `key ${key}, the fallback: no key of its own`,
  'http-to': () => 'http-to: no key of its own',
  nobody: () => 'nobody',
}

/** @returns 0, or 1 when nobody serves the key. @throws TargetProblem */
export async function why(argv: readonly string[]): Promise<number> {
  const { flags, words, target, wantsHelp } = readArguments(argv, ['json'], true)
  if (wantsHelp) {
    terminal.out(HELP)
    return 0
  }
  const key = keyOf(words)
  const { pid, socket } = target()
  const answer = socket === null ? undefined : (await ask(socket, { command: 'why', key }))?.answer
  if (answer === undefined || !('why' in answer)) throw socket ? nobodyAt(socket) : noSocket(pid)
  const report = answer.why
  if (flags.has('json')) terminal.out(`${JSON.stringify(report, null, 2)}\n`)
  else if (report.way === 'nobody') terminal.err(nobodyText(report))
  else terminal.out(whyText(report))
  return report.way === 'nobody' ? 1 : 0
}

function keyOf(words: readonly string[]): string {
  const [key, ...others] = words
  if (key === undefined || key === '')
    throw new TargetProblem('no key was given. Write "sluice why shop.example"')
  if (others.length > 0) throw new TargetProblem('more than one key was given. Ask for one at a time')
  if (key.length > LONGEST_KEY) throw new TargetProblem(`the key is longer than ${LONGEST_KEY} characters`)
  return key.replace(/^https?:\/\//, '')
}

function whyText(report: WhyReport): string {
  const { asked, meanwhile, policy, policyFrom, lastMinute, nodes, refused } = report
  const lines = [
    `${asked} is served by ${WORDS[report.way](report)}`,
    row('policy', `${policy} (${policyFrom})`),
    row('last minute', plural(lastMinute, 'request')),
    ...(meanwhile === '' ? [] : [row('meanwhile', `no node is in service: requests go to ${meanwhile}`)]),
    ...nodes.flatMap(node => ['', ...nodeLines(node)]),
    ...refusedLines(refused),
  ]
  return printed(lines)
}

function nodeLines(node: WhyNode): string[] {
  const { name, origin, weight, backup, limit, inHand, latencyMs, requests, failures, lastMinute, share } =
    node
  const score = [
    `weight ${weight}`,
    ...(backup === 0 ? [] : [`backup level ${backup}`]),
    `${inHand} in hand`,
    ...(limit === 0 ? [] : [`at most ${limit} in each gateway`]),
    ...(latencyMs === 0 ? [] : [`answers begin after ${latencyMs.toPrecision(2)} ms`]),
  ]
  return [
    `${name} (${origin})`,
    row('state', stateText(node)),
    row('score', score.join(', ')),
    row('last minute', `${Math.round(share * 100)} %: ${plural(lastMinute, 'request')}`),
    row('so far', `${plural(requests, 'request')}, ${plural(failures, 'failure')}`),
  ]
}

function stateText({ state, sinceMs, endsInMs, why }: WhyNode): string {
  const what = {
    up: 'up',
    resting: 'resting',
    waiting: 'waiting for its first connect',
    failing: 'failing',
    unheard: 'up, but not announced any more: it stays as the last of its key',
    draining: 'draining: what it has in hand finishes',
  }[state]
  const since = sinceMs === null ? '' : ` for ${lengthText(sinceMs)}`
  const ends = endsInMs === null ? '' : `, ${lengthText(Math.max(1000, endsInMs))} more`
  return `${what}${since}${ends}${why === '' ? '' : `: ${why}`}`
}

function refusedLines(refused: readonly WhyRefused[]): string[] {
  if (refused.length === 0) return []
  const lines = refused.map(({ why, count, source, remedy }) => {
    return row('', `${count} from ${source}: ${why}${remedy === '' ? '' : `. To admit it: ${remedy}`}`)
  })
  return ['', 'announcements refused', ...lines]
}

function nobodyText({ asked, keys, keyCount, servers, refused }: WhyReport): string {
  const others = keyCount > keys.length ? ` and ${keyCount - keys.length} more` : ''
  const known = keyCount === 0 ? 'No key is served' : `Served are ${keys.join(', ')}${others}`
  const [server] = servers
  const lines = 'a line backend = key=…,address=…, or http-to for all hosts'
  const remedy =
    server === undefined
      ? `Add ${lines}`
      : `Let its node announce it to ${server} (subscribe-to in uWSGI, else "sluice subscribe"), or add ${lines}`
  return printed([`sluice: nobody serves "${asked}". ${known}. ${remedy}.`, ...refusedLines(refused)])
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)} ${text}`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function printed(lines: readonly string[]): string {
  return `${lines.map(visible).join('\n')}\n`
}

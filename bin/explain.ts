// bin/explain.ts: `sluice explain FILE METHOD URL`: what the rules of a configuration do with a request, rule by rule, and what
// becomes of it.
import { parseArgs } from 'node:util'
import { reasonOf } from '../base/status-text.ts'
import { type Config, visible } from '../config/config.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { checkText, problemsText } from '../config/show.ts'
import { lookUp } from '../master/look-up.ts'
import { backendNodes, type RulesPlan, withRuleProblems } from '../master/rules-plan.ts'
import { planRules } from '../master/rules-steps.ts'
import { ANSWER, SILENCE } from '../routing/decision.ts'
import type { Run } from '../routing/rules/run.ts'
import { requestOf, type WordsRequest } from './explain-request.ts'
import { type Explained, explainRun, type Step } from './explain-run.ts'
import { ExplainWorld } from './explain-world.ts'
import { say } from './say.ts'
import { terminal } from './terminal.ts'
import { world } from './world.ts'

const HELP = `Usage: sluice explain FILE METHOD URL [-H 'Name: value'] ... [--from ADDRESS] [--status CODE] [--assume-fails] [--json]

Says what the route rules of a configuration do with a request: each rule that is tried, whether it acts and why, the
variables that it writes, what it leaves for the logs, and the outcome: an answer, or the key and the nodes that the request
goes to, its copies (mirror), and what the answer gets and loses on its way back. Nothing runs and nobody is asked: what a
rule would ask of others (passwords, auth-request, js) is assumed to pass.

  FILE             the configuration, FILE:SECTION too
  METHOD URL       GET https://shop.example/cart?x=1, or only a path: the host is localhost then
  -H LINE          a header of the request; repeat it for more
  --from ADDRESS   the client's address [127.0.0.1]
  --status CODE    of the node's answer: the error, response and final rules run, too
  --assume-fails   assume that what would be asked fails
  --json           as JSON

Exit code 0, whatever becomes of the request; 1 when the configuration is wrong.
`

/** Where a request goes. */
interface Destination {
  /** '': no key of its own (http-to). */
  readonly key: string
  readonly nodes: readonly string[]
}

/** What rules leave for the logs. */
interface Logs {
  /** Lines of the event log. */
  readonly logged: readonly string[]
  /** For the access log (logvar). */
  readonly logVariables: Readonly<Record<string, string>>
  /** False: the access log has no line of it (donotlog). */
  readonly isLogged: boolean
}

type Outcome =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly reason: string
      readonly fields: readonly string[]
      readonly body: string
    }
  | { readonly kind: 'closed' }
  | ({
      readonly kind: 'node'
      readonly target: string
      /** Where copies go (mirror). */
      readonly mirrors: readonly Destination[]
      readonly added: readonly string[]
      readonly removed: readonly string[]
    } & Destination)

/** Ends the process; nobody sees a stack unless SLUICE_DEBUG is set. @param argv without node, script and command */
export async function run(argv: readonly string[]): Promise<void> {
  let code = 1
  try {
    code = await explain(argv)
  } catch (error) {
    const { message, stack } = error as Error
    const shown = process.env.SLUICE_DEBUG
      ? stack
      : `${message}. Set SLUICE_DEBUG=1 to see more, and report it.`
    terminal.err(`sluice explain: internal error: ${shown}\n`)
  }
  await terminal.taken()
  process.exit(code)
}

/** @returns 0, or 1 when there is nothing to explain */
async function explain(argv: readonly string[]): Promise<number> {
  const words = readWords(argv)
  if (words === null) {
    terminal.out(HELP)
    return 0
  }
  if (typeof words === 'string') {
    terminal.err(
      `sluice explain: ${words}. Write "sluice explain FILE METHOD URL", or see "sluice explain --help".\n`,
    )
    return 1
  }
  const here = world()
  const loaded = loadConfig([words.file], here)
  if (loaded.kind !== 'config') return await sayWrong(loaded, here.cwd)
  const { plan, problems } = planRules(loaded.config, here.cwd)
  if (problems.length > 0) return say({ out: '', err: problemsText(problems, []), exit: 1 })
  const request = requestOf(words, loaded.config.values)
  const first = `${words.method} ${words.url}`
  if ('problem' in request) {
    if (words.isJson)
      terminal.out(
        `${JSON.stringify({ request: first, steps: [], outcome: { kind: 'refused', ...request } }, null, 2)}\n`,
      )
    else terminal.out(`${first}\n\noutcome: ${request.status}: ${request.problem}\n`)
    return 0
  }
  const surroundings = new ExplainWorld(plan.netFiles)
  const explained = explainRun({
    picture: plan.picture ?? { chains: {}, headers: [], metrics: [] },
    rules: loaded.config.rules,
    request,
    world: surroundings,
    assumesFailure: words.assumesFailure,
    status: words.status,
  })
  const outcome = outcomeOf(explained, request, loaded.config, plan)
  const { logVariables, isLogged } = explained.run
  const logs: Logs = {
    logged: surroundings.logged,
    logVariables: Object.fromEntries(logVariables ?? []),
    isLogged,
  }
  if (words.isJson)
    terminal.out(`${JSON.stringify({ request: first, steps: explained.steps, ...logs, outcome }, null, 2)}\n`)
  else terminal.out(explainText(first, explained.steps, logs, outcome, loaded.config))
  return 0
}

interface Words {
  readonly file: string
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  readonly from: string
  readonly status: number | null
  readonly assumesFailure: boolean
  readonly isJson: boolean
}

// Null: help is wanted. A text: what is wrong.
function readWords(argv: readonly string[]): Words | string | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        header: { type: 'string', short: 'H', multiple: true },
        from: { type: 'string', default: '127.0.0.1' },
        status: { type: 'string' },
        'assume-fails': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return null
    const [file, method, url, ...others] = positionals
    if (file === undefined) return 'no configuration is named'
    if (method === undefined || url === undefined) return 'no request is given'
    if (others.length > 0) return `"${others[0]}" is one word too many`
    if (values.status !== undefined && !/^[1-5]\d\d$/.test(values.status))
      return `"${values.status}" is no status`
    const headers = values.header ?? []
    const bad = headers.find(line => !line.includes(':') || /[\r\n]/.test(line))
    if (bad !== undefined) return `"${visible(bad)}" is no header line`
    const status = values.status === undefined ? null : Number(values.status)
    return {
      file,
      method,
      url,
      headers,
      from: values.from,
      status,
      assumesFailure: values['assume-fails'],
      isJson: values.json,
    }
  } catch (error) {
    return (error as Error).message.split('. ')[0]!
  }
}

async function sayWrong(loaded: Exclude<Loaded, { kind: 'config' }>, cwd: string): Promise<number> {
  if (loaded.kind === 'problems')
    return say(checkText({ ...loaded, problems: await withRuleProblems(loaded, cwd) }))
  terminal.err('sluice explain: no configuration is named.\n')
  return 1
}

function outcomeOf(
  { decision, run, reply }: Explained,
  request: WordsRequest,
  config: Config,
  plan: RulesPlan,
): Outcome {
  if (decision === SILENCE) return { kind: 'closed' }
  if (decision === ANSWER) {
    const { status, reason, fields, body } = reply
    return { kind: 'answer', status, reason: reason || reasonOf(status), fields, body }
  }
  const byKey = Map.groupBy(backendNodes({ config, rules: plan }), ({ key }) => key)
  const nodesOf = (key: string): readonly string[] => byKey.get(key)?.map(({ address }) => address.name) ?? []
  return {
    kind: 'node',
    target: run.target() ?? request.target,
    ...destinationOf(run, request, config, nodesOf),
    mirrors: (run.mirrors ?? []).map(asked => servedBy(asked, nodesOf)),
    // Where no answer was given to judge, what rules of requests and the configuration want of any.
    added: run.added ?? run.addedSoFar ?? [],
    removed: [...new Set([...(run.removed ?? []), ...(run.program.removed ?? [])])],
  }
}

// Nodes that announce themselves are known to a running instance only.
function destinationOf(run: Run, request: WordsRequest, { values }: Config, nodesOf: NodesOf): Destination {
  const named = run.upstream?.key ?? run.key
  if (named !== '') return servedBy(named, nodesOf)
  const found = servedBy(`${run.field('host') ?? request.host}${run.read('PATH_INFO') ?? ''}`, nodesOf)
  if (found.nodes.length > 0) return found
  return { key: '', nodes: [...values['http-to'], ...values['http-fallback']].map(({ name }) => name) }
}

type NodesOf = (key: string) => readonly string[]

function servedBy(asked: string, nodesOf: NodesOf): Destination {
  const key = lookUp(asked, each => nodesOf(each).length > 0)?.key ?? asked
  return { key, nodes: nodesOf(key) }
}

function explainText(
  first: string,
  steps: readonly Step[],
  { logged, logVariables, isLogged }: Logs,
  outcome: Outcome,
  config: Config,
): string {
  const chains = Map.groupBy(steps, ({ chain }) => chain)
  const access = [
    ...Object.entries(logVariables).map(([name, value]) => `  ${name} = ${JSON.stringify(value)}`),
    ...(isLogged ? [] : ['  no line']),
  ]
  const lines = [
    first,
    ...(steps.length === 0 ? ['', 'no rule was tried'] : []),
    ...[...chains].flatMap(([chain, own]) => ['', `${chain} rules`, ...own.flatMap(stepLines)]),
    ...(logged.length === 0 ? [] : ['', 'event log', ...logged.map(text => `  ${text}`)]),
    ...(access.length === 0 ? [] : ['', 'access log', ...access]),
    '',
    ...outcomeLines(outcome, config),
  ]
  return `${lines.map(visible).join('\n')}\n`
}

function stepLines(step: Step): string[] {
  return [
    `  ${step.place}  ${step.option} = ${step.text}`,
    `      ${verdictOf(step)}`,
    ...(step.asked ? [`      ${step.asked}`] : []),
    ...step.wrote.map(({ name, value }) => `      ${name} = ${JSON.stringify(value)}`),
  ]
}

function verdictOf({ matched, subject, option }: Step): string {
  if (matched === 'refused') return 'cannot be told: the request is not let through'
  const verdict = matched ? 'acts' : 'does not act'
  if (subject === undefined) return option.endsWith('-label') ? 'label' : verdict
  return subject === null ? `${verdict}: there is none` : `${verdict} on ${JSON.stringify(subject)}`
}

function outcomeLines(outcome: Outcome, { values }: Config): string[] {
  if (outcome.kind === 'closed') return ['outcome: the connection closes without an answer']
  if (outcome.kind === 'answer') {
    const { status, reason, fields, body } = outcome
    return [
      `outcome: ${status} ${reason}`,
      ...fields.map(line => `  ${line}`),
      ...(body === '' ? [] : [`  body: ${JSON.stringify(body.slice(0, 200))}`]),
    ]
  }
  const { key, nodes, target, mirrors, added, removed } = outcome
  const awaits = values['http-subscription-server'].length > 0
  const nobody = awaits ? 'nodes that announced themselves, if any: see "sluice why"' : 'nobody: 404'
  return [
    `outcome: to ${key === '' ? (nodes.length === 0 ? nobody : 'http-to') : `key ${key}`}`,
    `  target: ${target}`,
    ...nodes.map(name => `  node: ${name}`),
    ...mirrors.flatMap(copy => [
      `  copy: to key ${copy.key}`,
      ...copy.nodes.map(name => `    node: ${name}`),
    ]),
    ...added.map(line => `  answer gets: ${line}`),
    ...removed.map(name => `  answer loses: ${name}`),
  ]
}

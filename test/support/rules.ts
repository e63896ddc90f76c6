// test/support/rules.ts: rules without a gateway: lines become a program, and a request is a table.
import type {
  ChainName,
  HeaderEdit,
  RulePicture,
  RulesPicture,
  SubjectPicture,
  TestPicture,
} from '../../base/rules-picture.ts'
import type { Decision } from '../../routing/decision.ts'
import { type Reading, WrongRule } from '../../routing/rules/action.ts'
import { ACTIONS, CONDITIONS } from '../../routing/rules/kinds.ts'
import { OurWorld } from '../../routing/rules/ours/our-world.ts'
import { makeProgram } from '../../routing/rules/program.ts'
import { readPattern } from '../../routing/rules/read-pattern.ts'
import { Run } from '../../routing/rules/run.ts'
import type { AnswerSource, FileQuestion, RequestSource, RuleWorld } from '../../routing/rules/source.ts'

export interface Line {
  readonly chain: ChainName
  /** What follows "route-"; '' for `route` itself. */
  readonly family: string
  readonly value: string
}

const SUBJECTS: Readonly<Record<string, SubjectPicture['kind']>> = {
  '': 'path',
  uri: 'uri',
  qs: 'query',
  host: 'host',
  'remote-addr': 'address',
  'user-agent': 'agent',
  referer: 'referer',
  'remote-user': 'user',
  method: 'method',
  header: 'header',
  cookie: 'cookie',
}

/** "error-route-if = equal:a;b last:" */
export function lineOf(text: string): Line {
  const [, chain = 'request', family = '', value = ''] =
    /^(?:(error|response|final)-)?route(?:-([a-z-]+))? = ([\s\S]*)$/.exec(text) ?? []
  return { chain: chain as ChainName, family, value }
}

export interface Read {
  readonly picture: RulesPicture
  readonly warnings: readonly string[]
}

/** The picture of lines, as a master makes it. @throws WrongRule */
export function readRules(texts: readonly string[], more: Partial<Reading> = {}): Read {
  const warnings: string[] = []
  const chains: Partial<Record<ChainName, { rules: RulePicture[]; index: unknown }>> = {}
  const headers: HeaderEdit[] = []
  const lines = texts.filter(text => !readHeader(text, headers)).map(lineOf)
  for (const line of lines) {
    chains[line.chain] ??= { rules: [], index: null }
    const { rules } = chains[line.chain]!
    const reading = readingOf(line, rules.length, lines, warnings, more)
    rules.push(readRule(line, reading))
  }
  return { picture: { id: 1, chains, headers, metrics: [...(more.metrics ?? [])] }, warnings }
}

export function readingOf(
  line: Line,
  number: number,
  lines: readonly Line[],
  warnings: string[],
  more: Partial<Reading> = {},
): Reading {
  const own = lines.filter(({ chain }) => chain === line.chain)
  const labels = own.map(({ family, value }) => (family === 'label' ? value : null))
  return {
    chain: line.chain,
    number,
    label(text) {
      const at = labels.indexOf(text)
      return at < 0 ? undefined : at
    },
    warn: problem => warnings.push(problem),
    pattern: patternOf,
    metrics: new Set(),
    upstream: (address, protocol) => `${protocol}://${address}`,
    upstreams: new Set(),
    canServe: () => true,
    service() {},
    files: { path: file => file, trouble: () => '', nets: file => file, js: file => ({ file, stamp: '' }) },
    ...more,
  }
}

function readRule({ family, value }: Line, reading: Reading): RulePicture {
  const place = `rules.ini:${reading.number + 1}`
  if (family === 'label') {
    return { place, test: { kind: 'label', label: value }, action: { name: 'last', data: null } }
  }
  const [test, rest] = readTest(family, value, reading)
  const [name, args] = cut(rest, ':')
  return { place, test, action: { name, data: ACTIONS.get(name)!.read(args, reading) } }
}

function readTest(family: string, value: string, reading: Reading): [TestPicture, string] {
  if (family === 'run') return [{ kind: 'always' }, value]
  const [first, rest] = cut(value, ' ')
  if (family === 'status') return [{ kind: 'status', status: Number(first) }, rest]
  if (family === 'if' || family === 'if-not') {
    const [name, args] = cut(first, ':')
    const data = CONDITIONS.get(name)!.read(args, reading)
    return [{ kind: 'condition', isNegated: family === 'if-not', name, data }, rest]
  }
  const kind = SUBJECTS[family]!
  if (kind !== 'header' && kind !== 'cookie') {
    return [{ kind: 'match', subject: { kind }, pattern: patternOf(first) }, rest]
  }
  const [regex, action] = cut(rest, ' ')
  const name = kind === 'header' ? first.toLowerCase() : first
  return [{ kind: 'match', subject: { kind, name }, pattern: patternOf(regex) }, action]
}

/** What the pattern of a subject rule becomes. */
export function patternOf(source: string): unknown {
  const known = patterns.get(source)
  if (known !== undefined) return known
  const pattern = readPattern(source)
  patterns.set(source, pattern)
  return pattern
}

// Proving one takes a while, and random rules repeat themselves.
const patterns = new Map<string, unknown>()

function readHeader(text: string, headers: HeaderEdit[]): boolean {
  const [, kind, value = ''] = /^(add|rem|collect|pull)-header = (.*)$/.exec(text) ?? []
  const [name, variable] = cut(value, ' ')
  if (kind === 'add') headers.push({ kind, line: value })
  if (kind === 'rem') headers.push({ kind: 'remove', name: value.toLowerCase() })
  if (kind === 'collect' || kind === 'pull') headers.push({ kind, name: name.toLowerCase(), variable })
  return kind !== undefined
}

function cut(text: string, at: string): [string, string] {
  const i = text.indexOf(at)
  return i < 0 ? [text, ''] : [text.slice(0, i), text.slice(i + 1)]
}

/** A request by what it has; fields by their names in lower case. */
export interface Asked {
  /** Address of the client; '': it came by a UNIX socket. */
  readonly client?: string
  readonly method?: string
  /** As it was sent. */
  readonly uri?: string
  /** Decoded; else the path of the uri. */
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, string>>
  readonly isPathChanged?: boolean
}

export class FakeRequest implements RequestSource {
  readonly client: string
  readonly isPathChanged: boolean
  readonly pathLength: number
  readonly startedAt = 1_000_000_000_000_000
  readonly #fields: Readonly<Record<string, string>>
  readonly #variables: Readonly<Record<string, string>>

  constructor({
    client = '127.0.0.1',
    method = 'GET',
    uri = '/',
    path,
    fields = {},
    variables = {},
    isPathChanged = false,
  }: Asked) {
    const [before = '', query = ''] = uri.split(/\?([\s\S]*)/)
    this.client = client
    this.isPathChanged = isPathChanged
    this.pathLength = before.length
    this.#fields = { host: 'example.com', ...fields }
    this.#variables = {
      REQUEST_METHOD: method,
      REQUEST_URI: uri,
      PATH_INFO: path ?? decoded(before),
      QUERY_STRING: query,
      REMOTE_ADDR: client || '0.0.0.0',
      SERVER_NAME: 'machine',
      ...variables,
    }
  }

  read(name: string): string | undefined {
    if (Object.hasOwn(this.#variables, name)) return this.#variables[name]
    return name.startsWith('HTTP_')
      ? this.header(name.slice(5).toLowerCase().replaceAll('_', '-'))
      : undefined
  }

  header(name: string): string | undefined {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  fieldNames(): readonly string[] {
    return Object.keys(this.#fields)
  }

  cookie(name: string): string | undefined {
    for (const item of (this.header('cookie') ?? '').split(';')) {
      const [key, value] = cut(item.trim(), '=')
      if (key === name && value !== '') return value
    }
    return undefined
  }
}

function decoded(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** A world whose clock stands still and whose files are a table. */
export class FakeWorld implements RuleWorld {
  readonly pid = 42
  readonly lines: string[] = []
  readonly alarms: string[] = []
  readonly metrics = new Map<string, number>()
  /** "QUESTION PATH": its answer. */
  readonly files = new Map<string, number>()
  /** Whether what is asked of files is known by now. */
  knowsFiles = true
  chance = 0
  /** Milliseconds, for what is limited. */
  steadyMs = 0
  readonly ours = new OurWorld(() => this.steadyMs, { high: 1, low: 2 })

  now(): number {
    return 1_600_000_000_000_000
  }

  uuid(): string {
    return '00000000-0000-4000-8000-000000000000'
  }

  random(): number {
    return this.chance
  }

  log(text: string): void {
    this.lines.push(text)
  }

  alarm(name: string, text: string): void {
    this.alarms.push(`${name} ${text}`)
  }

  metric(name: string): number {
    return this.metrics.get(name) ?? 0
  }

  setMetric(name: string, value: number): void {
    this.metrics.set(name, value)
  }

  knownFile(path: string, question: FileQuestion): number | undefined {
    return this.knowsFiles ? this.file(path, question) : undefined
  }

  file(path: string, question: FileQuestion): number {
    return this.files.get(`${question} ${path}`) ?? (question === 'time' ? -1 : 0)
  }

  mimeType(path: string): string {
    return path.endsWith('.html') ? 'text/html' : ''
  }
}

export interface Ran {
  readonly run: Run
  readonly world: FakeWorld
  readonly decision: Decision
}

/** Runs the request chain of such lines. */
export function runRules(
  lines: readonly string[],
  asked: Asked = {},
  world = new FakeWorld(),
  more: Partial<Reading> = {},
): Ran {
  const program = makeProgram(readRules(lines, more).picture)
  const source = new FakeRequest(asked)
  const run = new Run(world, program, source)
  run.begin(program, source)
  return { run, world, decision: run.decide() }
}

/** A node's answer. */
export function answerOf(
  status: number,
  fields: Readonly<Record<string, string>> = {},
  sent = 0,
): AnswerSource {
  return { status, sent, header: name => (Object.hasOwn(fields, name) ? fields[name] : undefined) }
}

/** What is wrong with rules, said at load; null: nothing. */
export function refusalOf(read: () => unknown): WrongRule | null {
  try {
    read()
  } catch (error) {
    if (error instanceof WrongRule) return error
    throw error
  }
  return null
}

// routing/rules/run.ts: one request on its way through the rules: where it stands, what they wrote, what they decided.
// Each exchange that meets rules has one, used again for each request.
import type { ChainName } from '../../base/rules-picture.ts'
import { ANSWER, ASKS, type Decision, PASS, SILENCE } from '../decision.ts'
import { ASK, type Ask, BREAK, type Code, type Found, HIT, LAST, NEXT } from './ask.ts'
import { fieldOf, isFieldName, isFraming, isHarmful, nameOfLine } from './fields.ts'
import type { Chain, Program, Rule } from './program.ts'
import { nameIn, Reply, ReplySource } from './reply.ts'
import type { AnswerSource, RequestSource, RuleWorld } from './source.ts'
import { originForm, pathOf, queryOf } from './target.ts'

/** Bytes of all names and values that rules write for one request; of all lines that they add to an answer. */
export const WRITTEN_LIMIT = 32_768

/** What regular expressions are held against. */
export type SubjectKind = keyof typeof SUBJECTS
const SUBJECTS = { path: 0, uri: 1, query: 2, host: 3, address: 4, agent: 5, referer: 6, user: 7, method: 8 }

/** Variables that the first line of a head is made of. */
const IN_START_LINE: ReadonlySet<string> = new Set(['REQUEST_METHOD', 'PATH_INFO', 'QUERY_STRING'])

/** A node that a rule named in place of the host's. */
export interface Upstream {
  /** Of its backend in the table. */
  readonly key: string
  /** Not null: for the Host field of http nodes. */
  readonly host: string | null
}

/** Something that is given back when the exchange is over. */
export interface Hold {
  release(): void
}

/** Who watches a run: see `sluice explain`. */
export interface Trace {
  /** A rule was tried. */
  tried(chain: ChainName, number: number, found: Found): void
  wrote(name: string, value: string): void
}

export class Run {
  readonly world: RuleWorld
  program: Program
  source: RequestSource
  answer: AnswerSource | null = null
  /** Of the chain in hand; after {@link ANSWER}: the answer. */
  reply = new Reply()
  ask: Ask | null = null
  trace: Trace | null = null
  /** Groups of the rule in hand: $0 to $9. */
  captures: readonly (string | undefined)[] | null = null
  /** Number of the rule that JUMP leads to. */
  jump = 0

  // --- what the rules wrote, for the codecs; null: nothing
  /** Variables by name, newest value. HTTP_X stands for the field X of http nodes. */
  variables: Map<string, string> | null = null
  /**
   * Request fields as set-header wrote them, by name in lower case; null removes the field, and its variable. Those that
   * are set are among the variables too, for uwsgi nodes.
   */
  fields: Map<string, { readonly name: string; readonly value: string } | null> | null = null
  /** Something was written that http nodes see in the head; other variables are for uwsgi nodes and for templates. */
  editsHead = false
  /** Key of the table that a rule chose; '': the request's own host. */
  key = ''
  upstream: Upstream | null = null
  modifier1 = -1
  modifier2 = -1
  /** Milliseconds for the node; 0: http-timeout. */
  deadlineMs = 0
  /** For the node's answer: another status and reason ('': the registry's), if not 0. */
  status = 0
  reason = ''
  /** The node's fields are dropped, but for those that frame its body. */
  dropsFields = false
  /** Lines for the node's answer, "Name: value", and names in lower case that it shall not have; after judge. */
  added: readonly string[] | null = null
  removed: readonly string[] | null = null
  /** For the access log. */
  logVariables: Map<string, string> | null = null
  isLogged = true
  /** Keys of the table that get a copy of the request each. */
  mirrors: string[] | null = null

  #chain: Chain | null = null
  #next = 0
  // Not null: the ask in hand is that of its test.
  #tested: Rule | null = null
  #subjects: (string | undefined)[] = []
  #known = 0
  #changes = 0
  #written = 0
  #uri: string | null = null
  #lines: string[] | null = null
  #lineBytes = 0
  // Names whose lines of add-header do not count any more.
  #replaced: string[] | null = null
  #spare: Reply | null = null
  #holds: Hold[] | null = null

  constructor(world: RuleWorld, program: Program, source: RequestSource) {
    this.world = world
    this.program = program
    this.source = source
  }

  /** Everything of the request before is forgotten. @param source valid until the exchange is over */
  begin(program: Program, source: RequestSource): void {
    if (this.#holds !== null) this.over()
    this.program = program
    this.source = source
    this.answer = this.ask = this.captures = this.#chain = this.#tested = null
    this.variables =
      this.fields =
      this.added =
      this.removed =
      this.logVariables =
      this.upstream =
      this.mirrors =
        null
    this.#uri = this.#lines = this.#replaced = null
    this.key = this.reason = ''
    this.modifier1 = this.modifier2 = -1
    if (this.#known !== 0) this.#subjects.fill(undefined)
    this.deadlineMs = this.status = this.#known = this.#changes = this.#written = this.#lineBytes = 0
    this.dropsFields = this.editsHead = false
    this.isLogged = true
    this.reply.reset()
  }

  /** Runs the request chain. */
  decide(): Decision {
    return this.#decided(this.#start(this.program.request))
  }

  /** Goes on after {@link ASKS}, with what {@link Run.ask} asked for. */
  resume(answer: unknown): Decision {
    const ask = this.ask!
    const rule = this.#tested
    this.ask = this.#tested = null
    const code = ask.settle(this, answer)
    return this.#decided(rule === null ? this.#follow(code as Code) : this.#tell(rule, code as Found))
  }

  /**
   * An answer's head is known, a node's or one of the gateway's own: runs the error and the response chain.
   *
   * @returns PASS: it goes out with {@link Run.added}, {@link Run.removed}, {@link Run.status}; ANSWER:
   *   {@link Run.reply} instead; SILENCE: nothing goes out
   */
  judge(answer: AnswerSource): Decision {
    return this.#judge(answer, PASS)
  }

  /** All was sent. */
  finish(): void {
    if (this.program.final === null) return
    const sent = this.#setAside()
    this.#start(this.program.final)
    this.#spare = this.reply
    this.reply = sent
  }

  /** The one in hand. */
  get chain(): Chain {
    return this.#chain!
  }

  /** Number of the rule in hand. */
  get current(): number {
    return this.#next - 1
  }

  /** The exchange is over, however it ended: what was held is given back. */
  over(): void {
    const holds = this.#holds
    this.#holds = null
    if (holds !== null) for (const hold of holds) hold.release()
  }

  /** Until {@link Run.over}. */
  hold(hold: Hold): void {
    this.#holds ??= []
    this.#holds.push(hold)
  }

  /** Newest value of a variable; undefined: absent. */
  read(name: string): string | undefined {
    const written = this.variables?.get(name)
    if (written !== undefined) return written
    if (this.fields !== null && this.fields.get(fieldOf(name)) === null) return undefined
    return this.source.read(name)
  }

  /** A request field as the rules left it. @param name in lower case */
  field(name: string): string | undefined {
    if (this.fields !== null) {
      const field = this.fields.get(name)
      if (field !== undefined) return field?.value
    }
    if (this.variables !== null) {
      const written = this.variables.get(variableOf(name))
      if (written !== undefined) return written
    }
    return this.source.header(name)
  }

  /**
   * Rules, and nodes, see it from now on.
   *
   * @returns BREAK, with an answer of 400 or 431: it cannot be carried
   */
  set(name: string, value: string): Code {
    const field = fieldOf(name)
    if (field !== '' && isHarmful(value)) return this.refuse(400)
    const before = this.variables?.get(name)
    const more = before === undefined ? name.length + value.length : value.length - before.length
    if (this.#written + more > WRITTEN_LIMIT) return this.refuse(431)
    this.#written += more
    this.variables ??= new Map()
    this.variables.set(name, value)
    this.#changes |= VARIABLES
    if (field !== '') {
      this.fields?.delete(field)
      this.#changes |= HEADERS
      this.editsHead = true
    } else if (IN_START_LINE.has(name)) this.editsHead = true
    this.trace?.wrote(name, value)
    return NEXT
  }

  /** A request field, spelled as given towards http nodes. */
  setField(name: string, value: string): Code {
    if (!isFieldName(name)) return this.refuse(400)
    const code = this.set(variableOf(name.toLowerCase()), value)
    if (code !== NEXT) return code
    this.fields ??= new Map()
    this.fields.set(name.toLowerCase(), { name, value })
    return NEXT
  }

  /** @param name in lower case */
  removeField(name: string): void {
    const variable = variableOf(name)
    const before = this.variables?.get(variable)
    if (before !== undefined) {
      this.#written -= variable.length + before.length
      this.variables!.delete(variable)
    }
    this.fields ??= new Map()
    this.fields.set(name, null)
    this.#changes |= HEADERS | VARIABLES
    this.editsHead = true
  }

  /** What rules of that kind are held against; undefined: absent, which nothing matches. */
  subject(kind: SubjectKind): string | undefined {
    const i = SUBJECTS[kind]
    if ((this.#known & (1 << i)) === 0) {
      this.#subjects[i] = this.#readSubject(kind)
      this.#known |= 1 << i
    }
    return this.#subjects[i]
  }

  /** Sets the variable behind a subject, and what the following rules are held against. */
  move(kind: SubjectKind, name: string, value: string): Code {
    const code = this.set(name, value)
    if (code !== NEXT) return code
    const i = SUBJECTS[kind]
    this.#subjects[i] = value
    this.#known |= 1 << i
    this.#changes |= 1 << i
    return NEXT
  }

  /** What an http node is asked for, whatever the path has become. */
  setTarget(target: string): void {
    this.#uri = originForm(target)
    this.editsHead = true
  }

  /**
   * The request target for http nodes: what the rules saw is what they get.
   *
   * @returns null: as it was sent
   */
  target(): string | null {
    if (this.#uri !== null) return this.#uri
    const isEdited =
      this.variables !== null && (this.variables.has('PATH_INFO') || this.variables.has('QUERY_STRING'))
    if (!isEdited && !this.source.isPathChanged) return null
    const script = isEdited ? (this.variables!.get('SCRIPT_NAME') ?? '') : ''
    const path = pathOf(script + (this.read('PATH_INFO') ?? ''))
    const query = this.read('QUERY_STRING') ?? ''
    return query === '' ? path : `${path}?${queryOf(query)}`
  }

  /** A line for the answer, behind its own fields. What would end the head never gets there. */
  addLine(line: string): Code {
    if (line === '') return NEXT
    const name = nameOfLine(line)
    if (isHarmful(line) || !isFieldName(name)) return this.refuse(400)
    // Said at load where the configuration says it; a variable may say it too.
    return isFraming(name.toLowerCase()) ? NEXT : this.addKnownLine(line)
  }

  /** The same for one that was looked at: its name may stand there, and nothing in it ends it. */
  addKnownLine(line: string): Code {
    const more = line.length + 4
    if (this.#lineBytes + more > WRITTEN_LIMIT) return this.refuse(431)
    this.#lineBytes += more
    this.#lines ??= []
    this.#lines.push(line)
    return NEXT
  }

  /** Leaves a field of the answer out. @param name in lower case */
  removeLine(name: string): void {
    if (this.removed?.includes(name) !== true) this.removed = [...(this.removed ?? []), name]
  }

  /** In place of every field of that name, lines that were added too. */
  replaceLine(name: string, line: string): Code {
    const lower = name.toLowerCase()
    this.removeLine(lower)
    if (this.#lines !== null) this.#lines = this.#lines.filter(each => nameIn(each) !== lower)
    this.#replaced ??= []
    this.#replaced.push(lower)
    return line === '' ? NEXT : this.addLine(line)
  }

  /** What a node's answer gets as things stand: its {@link Run.added}, if no more rules run. */
  get addedSoFar(): readonly string[] | null {
    const { added } = this.program
    const replaced = this.#replaced
    const kept =
      added === null || replaced === null ? added : added.filter(line => !replaced.includes(nameIn(line)))
    return this.#lines === null ? kept : kept === null ? this.#lines : [...kept, ...this.#lines]
  }

  /** Status as it stands: produced by this chain, by one before, or the node's; 0: none yet. */
  statusNow(): number {
    return this.reply.status || this.status || (this.answer?.status ?? 0)
  }

  /** A rule cannot be followed: what cannot be judged is not let through. */
  refuse(status: number): typeof BREAK {
    this.reply.reset()
    this.reply.status = status
    this.reply.fields.push('Content-Type: text/plain')
    return BREAK
  }

  /** Which subjects changed since the last call: for the index. */
  takeChanges(): number {
    const changes = this.#changes
    this.#changes = 0
    return changes
  }

  #start(chain: Chain | null): Decision {
    if (chain === null) return PASS
    this.#chain = chain
    this.#next = 0
    return this.#go()
  }

  #go(): Decision {
    const chain = this.#chain!
    const { walk, length } = chain
    walk?.begin(this)
    for (;;) {
      const number = walk === null ? this.#next : walk.next(this, this.#next)
      if (number >= length) return this.#over()
      this.#next = number + 1
      const rule = chain.rule(number)
      this.captures = null
      const found = rule.test(this)
      if (this.trace !== null) this.trace.tried(chain.name, number, found)
      if (found === ASK) {
        this.#tested = rule
        return ASKS
      }
      if (found === BREAK) return this.#broken()
      if ((found === HIT) === rule.isNegated) continue
      const code = rule.act(this)
      if (code === NEXT) continue
      const decision = this.#turn(code)
      if (decision !== null) return decision
    }
  }

  // What a test's ask found out.
  #tell(rule: Rule, found: Found): Decision {
    if (this.trace !== null) this.trace.tried(this.#chain!.name, this.#next - 1, found)
    if (found === BREAK) return this.#broken()
    return (found === HIT) === rule.isNegated ? this.#go() : this.#follow(rule.act(this))
  }

  #follow(code: Code): Decision {
    return this.#turn(code) ?? this.#go()
  }

  // Null: the chain goes on.
  #turn(code: Code): Decision | null {
    if (code === ASK) return ASKS
    if (code === LAST) return this.#over()
    if (code === BREAK) return this.#broken()
    if (code !== NEXT) this.#next = this.jump
    return null
  }

  // The chain let the request, or the answer, through.
  #over(): Decision {
    const { reply } = this
    if (reply.isBegun) return this.#broken()
    if (reply.status !== 0) {
      // A head without a body: it changes an answer's, and is nothing when there is none yet.
      if (this.#chain!.name !== 'request') {
        this.status = reply.status
        this.reason = reply.reason
        this.dropsFields ||= this.#chain!.name === 'response'
      }
      reply.reset()
    }
    return PASS
  }

  #broken(): Decision {
    const { reply } = this
    if (reply.status === 0 && reply.isBegun) reply.status = this.status || (this.answer?.status ?? 200)
    return reply.status === 0 ? SILENCE : ANSWER
  }

  #decided(decision: Decision): Decision {
    return decision === ANSWER ? this.#judge(new ReplySource(this.reply, this.source), ANSWER) : decision
  }

  #judge(answer: AnswerSource, first: typeof PASS | typeof ANSWER): Decision {
    const { program } = this
    this.answer = answer
    this.status = 0
    this.dropsFields = false
    let kept: typeof PASS | typeof ANSWER = first
    if (program.collects !== null) this.#collect(answer)
    for (let turn = 0; turn < 2; turn++) {
      const chain = turn === 0 ? program.error : program.response
      if (chain === null) continue
      const before = kept === ANSWER ? this.#setAside() : null
      const decision = this.#start(chain)
      if (decision === SILENCE) return SILENCE
      if (decision === ANSWER) {
        kept = ANSWER
        this.answer = new ReplySource(this.reply, this.source)
        this.status = 0
        this.dropsFields = false
      } else if (before !== null) this.#takeBack(before)
    }
    this.#closeEdits(kept)
    return kept
  }

  // What cannot be carried is left out: there is no request to be refused any more.
  #collect(answer: AnswerSource): void {
    for (const { kind, name, variable } of this.program.collects!) {
      const value = answer.header(name)
      const fits = value !== undefined && this.#written + variable.length + value.length <= WRITTEN_LIMIT
      if (fits && !isHarmful(value)) this.set(variable, value)
      if (kind === 'pull') this.removeLine(name)
    }
  }

  // The next chain may make another reply, or let this one stand.
  #setAside(): Reply {
    const before = this.reply
    this.reply = this.#spare ?? new Reply()
    this.#spare = null
    this.reply.reset()
    return before
  }

  #takeBack(before: Reply): void {
    this.#spare = this.reply
    this.reply = before
    if (this.status === 0) return
    before.status = this.status
    before.reason = this.reason
    if (this.dropsFields) before.fields = []
    this.status = 0
    this.dropsFields = false
  }

  #closeEdits(kept: typeof PASS | typeof ANSWER): void {
    const { program } = this
    this.added = this.addedSoFar
    if (this.removed === null) this.removed = program.removed
    else for (const name of program.removed ?? []) this.removeLine(name)
    if (kept === PASS) return
    const { reply, removed } = this
    if (removed !== null) reply.fields = reply.fields.filter(line => !removed.includes(nameIn(line)))
    if (this.added !== null) reply.fields.push(...this.added)
  }

  #readSubject(kind: SubjectKind): string | undefined {
    const { source } = this
    switch (kind) {
      case 'path':
        return source.read('PATH_INFO')
      case 'uri':
        return source.read('REQUEST_URI')
      case 'query':
        return source.read('QUERY_STRING')
      case 'host':
        // Nodes are found by it in lower case: a rule that keeps somebody out must not be passed by "A.example".
        return (source.header('host') ?? source.read('SERVER_NAME'))?.toLowerCase()
      case 'address':
        return source.read('REMOTE_ADDR')
      case 'agent':
        return source.header('user-agent')
      case 'referer':
        return source.header('referer')
      case 'user':
        return source.read('REMOTE_USER')
      case 'method':
        return source.read('REQUEST_METHOD')
    }
  }
}

/** Bits of takeChanges. */
export const HEADERS = 1 << 9
export const VARIABLES = 1 << 10
export function changeOf(kind: SubjectKind | 'header' | 'cookie' | 'variable'): number {
  if (kind === 'header') return HEADERS
  return kind === 'variable' ? VARIABLES : kind === 'cookie' ? 0 : 1 << SUBJECTS[kind]
}

/** The CGI variable of a field. @param name in lower case */
function variableOf(name: string): string {
  if (name === 'content-type' || name === 'content-length') return name.toUpperCase().replace('-', '_')
  return `HTTP_${name.toUpperCase().replaceAll('-', '_')}`
}

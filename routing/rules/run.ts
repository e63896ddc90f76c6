// routing/rules/run.ts: one request on its way through the rules: where it stands, what they wrote, what they decided.
// Each exchange that meets rules has one, used again for each request.
import { ASK, type Ask, BREAK, type Code, LAST, NEXT } from './ask.ts'
import type { Chain, Program } from './program.ts'
import { Reply } from './reply.ts'
import type { AnswerSource, RequestSource, RuleWorld } from './source.ts'

/** What is to be done with the request, or with its answer. */
export type Decision = typeof PASS | typeof ANSWER | typeof SILENCE | typeof ASKS
export const PASS = 0 // to a node; or the node's answer to the client, with the edits
export const ANSWER = 1 // run.reply is the answer
export const SILENCE = 2 // the connection closes without a byte
export const ASKS = 3 // run.ask first, then resume

/** A node that a rule named in place of the host's. */
export interface Upstream {
  /** Of its backend in the table. */
  readonly key: string
  /** Not null: for the Host field of http nodes. */
  readonly host: string | null
}

export class Run {
  readonly world: RuleWorld
  program: Program
  source: RequestSource
  answer: AnswerSource | null = null
  readonly reply = new Reply()
  ask: Ask | null = null
  /** Groups of the rule in hand: $0 to $9. */
  captures: readonly (string | undefined)[] | null = null
  /** Number of the rule that {@link JUMP} leads to. */
  target = 0

  // --- what the rules wrote, for the codecs; null: nothing
  /** Variables by name, newest value. HTTP_X stands for the field X of http nodes. */
  variables: Map<string, string> | null = null
  /** Request fields as set-header wrote them, by name in lower case; null removes the field. */
  fields: Map<string, { readonly name: string; readonly value: string } | null> | null = null
  /** Key of the table that a rule chose; '': the request's own host. */
  key = ''
  upstream: Upstream | null = null
  modifier1 = -1
  modifier2 = -1
  /** Milliseconds for the node; 0: http-timeout. */
  deadlineMs = 0
  /** Lines for the answer, "Name: value", and names in lower case that it shall not have. */
  added: string[] | null = null
  removed: string[] | null = null
  /** For the access log. */
  logVariables: Map<string, string> | null = null
  isLogged = true

  #chain: Chain | null = null
  #next = 0

  constructor(world: RuleWorld, program: Program, source: RequestSource) {
    this.world = world
    this.program = program
    this.source = source
  }

  /** Everything of the request before is forgotten. @param source valid until the exchange is over */
  begin(program: Program, source: RequestSource): void {
    this.program = program
    this.source = source
    this.answer = this.ask = this.captures = this.#chain = null
    this.variables = this.fields = this.added = this.removed = this.logVariables = this.upstream = null
    this.key = ''
    this.modifier1 = this.modifier2 = -1
    this.deadlineMs = 0
    this.isLogged = true
    this.reply.reset()
  }

  /** Runs the request chain. */
  decide(): Decision {
    return this.#start(this.program.request)
  }

  /** Goes on after {@link ASKS}, with what {@link Run.ask} asked for. */
  resume(answer: unknown): Decision {
    const ask = this.ask!
    this.ask = null
    return this.#follow(ask.settle(this, answer))
  }

  /**
   * An answer's head is known: runs the error and the response chain.
   *
   * @returns PASS: the answer goes out with {@link Run.added} and {@link Run.removed}; ANSWER: {@link Run.reply} instead
   */
  judge(answer: AnswerSource): Decision {
    this.answer = answer
    const first = this.#start(this.program.error)
    return first === PASS ? this.#start(this.program.response) : first
  }

  /** All was sent. */
  finish(): void {
    this.#start(this.program.final)
  }

  /** Newest value of a variable; undefined: absent. */
  read(name: string): string | undefined {
    return this.variables?.get(name) ?? this.source.read(name)
  }

  /** Rules, and nodes, see it from now on. */
  set(name: string, value: string): void {
    this.variables ??= new Map()
    this.variables.set(name, value)
  }

  #start(chain: Chain | null): Decision {
    if (chain === null) return PASS
    this.#chain = chain
    this.#next = 0
    return this.#go()
  }

  #go(): Decision {
    const { rules } = this.#chain!
    while (this.#next < rules.length) {
      const rule = rules[this.#next++]!
      const code = rule.test(this) ? rule.act(this) : NEXT
      if (code !== NEXT) return this.#follow(code)
    }
    return this.#over()
  }

  #follow(code: Code): Decision {
    if (code === ASK) return ASKS
    if (code === LAST) return this.#over()
    if (code === BREAK) return this.reply.status === 0 ? SILENCE : ANSWER
    if (code !== NEXT) this.#next = this.target
    return this.#go()
  }

  #over(): Decision {
    return PASS
  }
}

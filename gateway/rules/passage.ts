// gateway/rules/passage.ts: one request's passage through the route rules, from its head to the last byte of its answer: what
// they decide, and what nodes and client get of what they wrote. Each exchange that meets rules has one, used again.

import { ANSWER, type Decision, PASS, SILENCE } from '../../routing/decision.ts'
import { type Program, WITHOUT_RULES } from '../../routing/rules/program.ts'
import { Run } from '../../routing/rules/run.ts'
import { errorAnswer, type OwnAnswer } from '../answers.ts'
import type { Body as MirroredBody } from '../asks/mirror.ts'
import { guard, reportDefect } from '../boundary.ts'
import type { Exchange } from '../exchange.ts'
import { CONNECT, RequestHead, TRACE } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { answerOf, editedAnswer, isRemovable, wholeLines } from './answer-edits.ts'
import { HeadAnswer } from './answer-source.ts'
import { Question } from './question.ts'
import { editedHead, isEdited, packetEdits } from './request-edits.ts'
import { HeadSource } from './request-source.ts'
import type { Rulebook } from './rulebook.ts'

/** The edited head that was made last; whoever made it goes on with it at once. */
const EDITED = new RequestHead()
EDITED.fieldLimit = EDITED.targetLimit = Number.MAX_SAFE_INTEGER

/** In counts and reports of defects. */
const PLACE = 'route rules'
const NOTHING_REMOVED: ReadonlySet<string> = new Set()

export class Passage {
  readonly run: Run
  readonly source: HeadSource
  /** After {@link Passage.edit}: the head that it made, for whoever goes on with it at once. */
  readonly edited = EDITED
  readonly #exchange: Exchange
  readonly #rulebook: Rulebook
  readonly #answer: HeadAnswer
  /** The request's head for nodes; '': as the client sent it. */
  head = ''
  /** Lines for http nodes beside it. */
  linesApart = ''
  /** Rules saw an answer, or made it: none is shown to them after it. */
  isJudged = false
  /** Whoever fulfils an ask must name it: its request may be over by then. */
  ticket = 0
  /** Takes the request's body, for copies that rules want; null: nothing does. */
  mirrored: MirroredBody | null = null
  #deadline: NodeJS.Timeout | null = null

  // --- of an answer that they let through
  added = ''
  removed = NOTHING_REMOVED

  constructor(exchange: Exchange, rulebook: Rulebook, program: Program) {
    this.#exchange = exchange
    this.#rulebook = rulebook
    this.#answer = new HeadAnswer(exchange.relay)
    this.source = new HeadSource(exchange, rulebook.surroundings)
    this.run = new Run(rulebook.surroundings, program, this.source)
  }

  /** A new request. @param head of `bytes`, valid until {@link Passage.leave} */
  begin(program: Program, head: RequestHead, bytes: Buffer): void {
    this.source.begin(head, bytes)
    this.run.begin(program, this.source)
    this.ticket++
    this.head = this.linesApart = this.added = ''
    this.removed = NOTHING_REMOVED
    this.isJudged = false
  }

  get hasRequestRules(): boolean {
    return this.run.program.request !== null
  }

  /** @returns as {@link Run.decide}; a path that must not be looked at is no request: 400 */
  decide(): Decision | -400 {
    try {
      return this.source.isAllowed ? this.run.decide() : -400
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** Has what rules ask for looked up. The exchange hears of it, perhaps before this returns. */
  ask(): void {
    this.#rulebook.asks.fulfil(this.run.ask!, new Question(this.#exchange, this.ticket))
  }

  /** Goes on with what rules asked for. @param head of `bytes`: the same request, read again */
  resume(answer: unknown, head: RequestHead, bytes: Buffer): Decision {
    this.source.bind(head, bytes)
    try {
      return this.run.resume(answer)
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** The bytes of the request's head are about to go. */
  leave(): void {
    this.source.leave()
  }

  /**
   * Makes the head for nodes, if rules want another than the client's: {@link Passage.head}, and read into
   * {@link Passage.edited}.
   *
   * @param head of `bytes`, as the client sent it
   * @returns its bytes; the client's own when nothing is edited; or the status that a head which cannot stand earns
   */
  edit(head: RequestHead, bytes: Buffer): Buffer | 400 | 431 {
    const { run, source } = this
    if (!isEdited(run, source)) return bytes
    const { isTrusted } = this.#exchange.connection.client
    const made = editedHead(run, source, head, bytes, isTrusted)
    if (made === null) return 400
    const edited = Buffer.from(made.text, 'latin1')
    const end = EDITED.parse(edited, 0, edited.length)
    if (end === -431) return 431
    if (end !== edited.length || !isFramedAlike(EDITED, head)) return 400
    this.head = made.text
    this.linesApart = made.apart
    return edited
  }

  /**
   * The request goes on to nodes: within the time that rules gave it, and with the copies that they want.
   *
   * @param head of `bytes`, as nodes get it
   */
  goOn(head: RequestHead, bytes: Buffer): void {
    const exchange = this.#exchange
    const { deadlineMs, mirrors } = this.run
    if (deadlineMs > 0)
      this.#deadline = setTimeout(
        () => guard('deadline of a rule', exchange.connection, () => exchange.meetDeadline()),
        deadlineMs,
      )
    if (mirrors !== null) this.mirrored = this.#rulebook.mirrors.begin(exchange, head, bytes, mirrors)
  }

  /** What rules made of a variable; undefined: nothing. */
  written(name: string): string | undefined {
    return name === 'PATH_INFO' && this.hasRequestRules ? this.run.read(name) : this.run.variables?.get(name)
  }

  /** Whether packets differ from what the head for nodes says. */
  get hasPacketEdits(): boolean {
    return this.run.variables !== null || this.head !== '' || this.source.isUnlikePacket
  }

  /** Variables of a packet by name. */
  packetEdits(): ReadonlyMap<string, string> {
    return packetEdits(this.run, this.source.read('REQUEST_URI') ?? '')
  }

  /** The reply that rules made, as an answer of ours; what cannot be sent becomes a 500. */
  reply(): OwnAnswer {
    this.isJudged = true
    const { reply } = this.run
    if (reply.closes) this.#exchange.connection.keep = false
    return answerOf(reply) ?? errorAnswer(500, this.#exchange.requestId())
  }

  /**
   * A node's answer is about to be sent. With PASS, {@link Passage.added} and what follows it say what is edited.
   *
   * @param head of `bytes`, valid during the call
   */
  judge(head: ResponseHead, bytes: Buffer): Decision {
    this.isJudged = true
    this.#answer.showNodes(head, bytes)
    return this.#judge()
  }

  /** An answer of our own is about to be sent. @returns what is sent in its place; null: nothing */
  judgeOwn(answer: OwnAnswer): OwnAnswer | null {
    if (this.isJudged) return answer
    this.isJudged = true
    const { run } = this
    this.#answer.showOwn(answer)
    const decision = this.#judge()
    if (decision === SILENCE) return null
    if (decision === ANSWER) return this.reply()
    const { status } = this
    const edited = editedAnswer(
      run.dropsFields ? { ...answer, fields: '', type: '' } : answer,
      this.removed,
      this.added,
    )
    if (status === 0) return edited
    return { ...edited, status, reason: run.reason }
  }

  /** Whether an answer that passes is not what the node sent. */
  get hasAnswerEdits(): boolean {
    const { run } = this
    return this.added !== '' || this.removed.size > 0 || run.status !== 0 || run.dropsFields
  }

  /** Of an answer that passes: its status, where rules changed it; else 0. */
  get status(): number {
    const { status } = this.run
    return status >= 200 && status <= 599 ? status : 0
  }

  /** All was sent. */
  finish(): void {
    this.ticket++
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = null
    this.mirrored?.over()
    this.mirrored = null
    try {
      if (this.run.program.final !== null) this.run.finish()
    } catch (error) {
      reportDefect(PLACE, error)
    }
    this.run.over()
  }

  /** All is over: a connection that stays idle keeps nothing of its last request, nor of the rules, which may be others soon. */
  forget(): void {
    this.head = this.linesApart = this.added = ''
    this.removed = NOTHING_REMOVED
    this.source.forget()
    this.run.begin(WITHOUT_RULES, this.source)
  }

  #judge(): Decision {
    try {
      return this.#settle(this.run.judge(this.#answer))
    } catch (error) {
      return this.#failed(error)
    } finally {
      this.#answer.leave()
    }
  }

  // A defect of ours, or a pattern that ran out of stack: what could not be judged is not let through.
  #failed(error: unknown): Decision {
    reportDefect(PLACE, error)
    return this.#refuse()
  }

  #settle(decision: Decision): Decision {
    if (decision !== PASS) return decision
    const { added, removed } = this.run
    if (removed !== null) this.removed = new Set(removed.filter(isRemovable))
    const lines = added === null ? '' : wholeLines(added)
    if (lines !== null) {
      this.added = lines
      return PASS
    }
    return this.#refuse()
  }

  #refuse(): Decision {
    const { reply } = this.run
    reply.reset()
    reply.status = 500
    return ANSWER
  }
}

// Rules cannot change where a body ends; a method that would is none that passes through here.
function isFramedAlike(edited: RequestHead, head: RequestHead): boolean {
  return (
    edited.contentLength === head.contentLength &&
    edited.isChunked === head.isChunked &&
    edited.saysUpgrade === head.saysUpgrade &&
    edited.upgrade < 0 === head.upgrade < 0 &&
    edited.method !== CONNECT &&
    edited.method !== TRACE
  )
}

// gateway/exchange.ts: one request's life: which node, when again, when to give up, when it is over.
// Each client connection has one exchange object, used again for each request; it stands between the connection
// (downstream) and the node's connection (upstream), and is the one place that decides on retries. Beyond 400 lines for
// that: what may happen depends on what has happened, and all of it is the state at its top.
import { latin1 } from '../base/latin1.ts'
import { FULL } from '../routing/backend.ts'
import { ANSWER, ASKS, type Decision, PASS, SILENCE } from '../routing/decision.ts'
import type { Node } from '../routing/node.ts'
import type { Waiting } from '../routing/queue.ts'
import type { Program } from '../routing/rules/program.ts'
import { errorAnswer, type OwnAnswer } from './answers.ts'
import { guard } from './boundary.ts'
import { Choice } from './choice.ts'
import { plainAddress } from './client.ts'
import { Encoder } from './encoder.ts'
import { NO_BODY } from './http1/body-kind.ts'
import type { Http1Connection } from './http1/connection.ts'
import { ID } from './http1/field-names.ts'
import { Relay } from './http1/relay.ts'
import { HEAD, RequestHead } from './http1/request-head.ts'
import type { ResponseHead } from './http1/response-head.ts'
import { asksForWebSocket } from './http1/upgrade.ts'
import { logExchange } from './log-exchange.ts'
import type { Queued } from './queues.ts'
import type { Passage } from './rules/passage.ts'
import { Stint } from './stint.ts'
import type { UpstreamConnection, UpstreamUser } from './upstream/connection.ts'
import { WELCOME } from './welcome.ts'
import type { Running, World } from './world.ts'

const MOST_TRIES = 4
/** Between two looks at a node whose queue of connections is full. */
const FULL_QUEUE_MS = 20
const MOST_FULL_QUEUE_MS = 320

/** Connects that fail for want of something of our own: no node is to blame, and none has more luck. */
const OUR_LIMITS = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** Seconds after which a client may try again whose host nobody serves yet. */
const AWAITED_SECONDS = 1

const IDLE = 0
const DECIDING = 1 // a rule waits for what it asked for
const QUEUED = 2 // for a node with room
const CONNECTING = 3
const WAITING = 4 // for the answer's head
const ANSWERING = 5
const ANSWERED = 6 // the answer is complete, the request's body still comes
const TUNNEL = 7

/** Reads a head again for another try; the connection's own head object may be at the next request by then. */
const AGAIN = new RequestHead()
AGAIN.fieldLimit = AGAIN.targetLimit = Number.MAX_SAFE_INTEGER

export class Exchange implements UpstreamUser, Queued {
  readonly world: World
  readonly connection: Http1Connection
  readonly relay: Relay
  readonly #choice: Choice
  readonly #encoder: Encoder
  readonly #stint: Stint
  running: Running
  state = IDLE
  upstream: UpstreamConnection | null = null
  node: Node | null = null
  tries = 0
  /** The request head as the client sent it: encoded anew for each try. */
  raw = ''
  /** Its way through the route rules; null: there are none. */
  passage: Passage | null = null
  #passage: Passage | null = null // that it goes, once there were any
  /** The answer has no body: to the client, or already from the node. */
  isHead = false
  /** The node was asked for HEAD where the client was not, or the other way round: a rule changed the method. */
  hasOtherBody = false
  isUpgrade = false
  #saysUpgrade = false // whether or not it may have it
  #mayRepeat = false
  #isExpecting = false // the client waits for "100 Continue" and may never send its body
  #hasSentBody = false
  #headText = '' // encoded for the node, not sent yet
  #tried: Node[] | null = null
  #failure = 503 // what the client is told when no node is left
  #cause = '' // of it, for the event log
  #connectBy = 0 // when the wait for a connection ends, in the wheel's milliseconds; 0: it has not begun
  #looksAgainMs = FULL_QUEUE_MS / 2
  #wait: NodeJS.Timeout | null = null // for room in a full queue, or for a descriptor

  // --- the queue's
  waitsSince = -1
  waitsNext: Waiting | null = null
  waitsPrevious: Waiting | null = null

  // --- for the access log
  id = ''
  client = ''
  startedAt = 0
  status = 0
  vars = 0
  varBytes = 0
  /** The answer did not reach the client whole. */
  isCut = false

  constructor(world: World, connection: Http1Connection) {
    this.world = world
    this.connection = connection
    this.running = world.running
    this.relay = new Relay(this, connection)
    this.#choice = new Choice(world, this)
    this.#encoder = new Encoder(this)
    this.#stint = new Stint(world)
  }

  /** The answer may have to carry a cookie of ours. */
  get isSticky(): boolean {
    return this.#choice.isSticky
  }

  get isTunnel(): boolean {
    return this.state === TUNNEL
  }

  /** Whether the client need not send its body yet: it waits for "100 Continue", or a rule may refuse it. */
  get isExpecting(): boolean {
    return this.#isExpecting || this.state === DECIDING
  }

  /** Whether request body bytes can go to the node now. */
  get takesBody(): boolean {
    return this.upstream?.isOpen === true && this.state >= WAITING
  }

  /** Whether a byte of the answer went to the client. */
  get hasAnswered(): boolean {
    return this.state >= ANSWERING
  }

  /** A request's head was read: choose a node and reach for it. @param head valid during the call */
  begin(head: RequestHead, bytes: Buffer): void {
    this.#start(head, bytes)
    const { passage } = this
    if (passage?.hasRequestRules) return this.#decided(passage.decide(), head, bytes)
    passage?.leave()
    this.#reach(head, bytes)
  }

  // Rules let it through, or there are none.
  #reach(head: RequestHead, bytes: Buffer): void {
    const { world } = this
    const backend = this.#choice.find(head, bytes)
    if (backend === null) return this.#nobodyServes(head)
    world.counters.hit(backend)
    if (head.expect >= 0 && head.minor === 1 && !this.#mayExpect(head, bytes)) return
    this.#mayRepeat = head.isIdempotent && this.connection.bodyKind === NO_BODY
    if (head.saysUpgrade && asksForWebSocket(head, bytes)) this.#askForTunnel()
    world.budget.earn()
    const node = this.#choice.pick(head, bytes)
    if (node === null) return this.fail(this.#failure)
    if (node === FULL) return this.#enqueue()
    this.#try(head, bytes, node, false)
  }

  /** A request that no node shall see. */
  refuse(head: RequestHead, bytes: Buffer, status: number): void {
    this.#start(head, bytes)
    this.fail(status)
  }

  /** A request we answer ourselves. */
  answerSelf(head: RequestHead, bytes: Buffer, answer: OwnAnswer): void {
    this.#start(head, bytes)
    this.#answer(answer)
  }

  // Where nodes announce themselves, one may be about to.
  #nobodyServes(head: RequestHead): void {
    const key = this.#choice.keyOfRules
    if (key !== '') {
      this.#cause = `a rule sends it to ${key}, which has no node`
      return this.fail(503)
    }
    if (this.running.picture.awaitsNodes) {
      this.#cause = 'no node serves this host yet'
      return this.fail(503, retryAfter(AWAITED_SECONDS))
    }
    if (this.world.directory.table.isEmpty) return this.#welcome(head)
    this.fail(404)
  }

  // --- route rules

  /** @param head of `bytes`, as the client sent it */
  #decided(decision: Decision | -400, head: RequestHead, bytes: Buffer): void {
    const passage = this.passage!
    if (decision === PASS) return this.#pass(passage, head, bytes)
    passage.leave()
    if (decision === ASKS) return this.#ask(passage)
    if (decision === ANSWER) return this.#send(passage.reply())
    if (decision === SILENCE) return this.#sayNothing()
    this.fail(400)
  }

  #pass(passage: Passage, head: RequestHead, bytes: Buffer): void {
    if (passage.run.upstream !== null) this.#failure = 502 // it was named, so it is to blame
    const edited = passage.edit(head, bytes)
    passage.leave()
    if (typeof edited === 'number') {
      this.#cause = 'what rules wrote makes no valid request'
      return this.fail(edited)
    }
    const address = passage.run.variables?.get('REMOTE_ADDR')
    if (address !== undefined) this.client = plainAddress(address) || this.client
    if (edited === bytes) {
      passage.goOn(head, bytes)
      return this.#reach(head, bytes)
    }
    const { edited: editedHead } = passage
    const wasHead = this.isHead
    this.hasOtherBody = wasHead !== (editedHead.method === HEAD)
    this.isHead ||= this.hasOtherBody
    passage.goOn(editedHead, edited)
    this.#reach(editedHead, edited)
  }

  // What the client sends meanwhile is held, as while connecting; should it leave, the answer is for nobody.
  #ask(passage: Passage): void {
    this.state = DECIDING
    passage.ask()
  }

  /** What a rule asked for. @param ticket of the passage that asked: it may be over, and another one be in hand */
  resume(ticket: number, answer: unknown): void {
    const { passage } = this
    if (this.state !== DECIDING || passage === null || passage.ticket !== ticket) return
    this.state = IDLE
    const bytes = Buffer.from(this.raw, 'latin1')
    AGAIN.parse(bytes, 0, bytes.length)
    this.connection.touch()
    this.#decided(passage.resume(answer, AGAIN, bytes), AGAIN, bytes)
    if (this.state === WAITING) this.connection.nodeReady()
  }

  /** Another answer than the node's is sent: rules made it, or want none at all. */
  answerInstead(decision: Decision, code: number): void {
    this.#stint.answered(code >= 500)
    this.#release(false)
    if (decision === ANSWER) this.#send(this.passage!.reply())
    else this.#sayNothing()
  }

  /** The time is over that a rule gave it. */
  meetDeadline(): void {
    if (this.state === TUNNEL) return
    this.#cause = 'not answered within the time that a rule gave it'
    this.fail(504)
  }

  #enter(program: Program, head: RequestHead, bytes: Buffer): Passage {
    this.#passage ??= this.world.rulebook!.passage(this, program)
    this.#passage.begin(program, head, bytes)
    return this.#passage
  }

  /** The line for the answer that keeps the client at its node, see choice.ts. */
  cookieLine(head: ResponseHead, bytes: Buffer): string {
    return this.#choice.cookieLine(this.node!, head, bytes)
  }

  // Everything of the request before is forgotten.
  #start(head: RequestHead, bytes: Buffer): void {
    const { world } = this
    this.running = world.running
    this.state = IDLE
    this.tries = this.status = this.vars = this.varBytes = 0
    this.id = ''
    this.node = this.#tried = null
    this.#choice.reset()
    this.#failure = 503
    this.#cause = 'no node is left to try'
    this.#connectBy = 0
    this.#looksAgainMs = FULL_QUEUE_MS / 2
    this.isCut = this.#hasSentBody = this.#isExpecting = this.#mayRepeat = this.isUpgrade = false
    this.#saysUpgrade = head.saysUpgrade
    this.isHead = head.method === HEAD
    this.startedAt = world.accessLog === null ? 0 : world.preciseNow()
    this.raw = latin1(bytes, head.start, head.end)
    this.hasOtherBody = false
    this.relay.reset()
    const { client } = this.connection
    this.client = client.isTrusted
      ? this.running.proxies.clientBehind(client.peer, head.joined(bytes, ID['x-forwarded-for']))
      : client.peer
    const { program } = world
    this.passage = program === null ? null : this.#enter(program, head, bytes)
  }

  /** Sends the head alone: nothing of the body came with it. */
  sendHead(): void {
    if (this.#headText === '' || !this.takesBody) return
    const text = this.#headText
    this.#headText = ''
    this.#stint.sentBytes += text.length
    this.upstream!.socket.writeText(text)
    if (this.#isExpecting && this.#encoder.saysContinue) this.#sayContinue()
  }

  /** Sends bytes[start, end) of the request body, the head in front when it has not left yet. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    const socket = this.upstream!.socket
    this.#hasSentBody = true
    this.#isExpecting = false
    this.passage?.mirrored?.take(bytes, start, end)
    // A node may answer without reading on. A body that leaves whole, with its head, is here before that.
    if (this.#headText === '' || !this.connection.isBodyComplete) socket.outliveWrites()
    const text = this.#headText
    this.#headText = ''
    this.#stint.sentBytes += text.length + end - start
    socket.give(text, bytes, start, end)
    if (socket.pending > 0) {
      this.connection.pauseBody()
      socket.tellFlushed()
    }
  }

  /** The request's body has been handed over whole. */
  bodyDone(): void {
    if (this.state === ANSWERED) this.#finish(true)
  }

  /** Bytes of the client inside a tunnel, or behind an upgrade that waits for its 101. */
  tunnelToNode(bytes: Buffer, start: number, end: number): void {
    const socket = this.upstream!.socket
    this.#stint.sentBytes += end - start
    socket.give('', bytes, start, end)
    if (socket.pending > 0) {
      this.connection.pauseBody()
      socket.tellFlushed()
    }
  }

  /** The client sends no more inside a tunnel or raw body. */
  clientEnded(): void {
    if (this.takesBody && this.#headText === '') this.upstream!.socket.finish()
  }

  /** Ends the exchange without an answer, or in the middle of one: the client is gone. */
  cancel(): void {
    // Idle with rules in hand: a defect of ours met it on its way.
    if (this.state === IDLE && this.passage === null) return
    this.isCut = this.state !== TUNNEL
    this.#release(false)
    this.#over()
  }

  /** Nothing moved for too long. */
  timedOut(): void {
    if (this.state === CONNECTING) {
      if (this.upstream === null) return this.fail(503) // all that time there was no room
      this.#failure = 504
      return this.#connectFailed('no connection within http-connect-timeout', true)
    }
    if (this.state === DECIDING) {
      this.#cause = 'what a rule asked for did not come'
      return this.fail(504)
    }
    if (this.state === QUEUED) return // its queue knows how long; leaving it begins a new time-out
    this.#cause = 'silent for http-timeout'
    // A client that was promised a "100 Continue" by the node owes nothing yet.
    if (this.connection.isWaitingForBody && !this.#isExpecting) return this.fail(408)
    if (!this.hasAnswered) this.#stint.timedOut(this.#cause)
    this.fail(504)
  }

  /**
   * Answers with an error of our own, or cuts the answer when one has begun.
   *
   * @param fields of the answer: whole lines
   */
  fail(status: number, fields = ''): void {
    if (this.state === ANSWERED) return this.#endEarly()
    if (this.hasAnswered) return this.connection.abort()
    this.#release(false)
    if (status >= 500) this.#report(status)
    this.#answer(errorAnswer(status, this.requestId(), fields))
  }

  /** The request's head that nodes get. */
  get rawForNodes(): string {
    return this.passage === null || this.passage.head === '' ? this.raw : this.passage.head
  }

  requestId(): string {
    if (this.id === '') this.id = this.world.nextRequestId()
    return this.id
  }

  // --- from the node's connection

  upstreamOpened(): void {
    if (this.state !== CONNECTING) return
    this.state = WAITING
    this.connection.touch()
    this.connection.nodeReady()
  }

  upstreamData(bytes: Buffer, start: number, end: number): void {
    this.connection.touch()
    this.relay.feed(this.upstream!, bytes, start, end)
  }

  upstreamFlushed(): void {
    if (this.state === TUNNEL && this.connection.hasTunnelEnded) return this.leaveTunnel()
    this.connection.touch()
    this.connection.resumeBody()
  }

  upstreamEnded(): void {
    if (this.state === TUNNEL) return this.connection.finishTunnel()
    this.#lost('')
  }

  upstreamLost(code: string): void {
    this.#lost(code)
  }

  // --- from the relay

  answerBegan(status: number): void {
    this.state = ANSWERING
    this.status = status
    this.#stint.answered(status >= 500)
  }

  /** The node said "100 Continue" itself. @returns whether the client waits for that */
  nodeSaidContinue(): boolean {
    const isExpecting = this.#isExpecting
    this.#isExpecting = false
    return isExpecting
  }

  /** The answer is complete. @param reusable the node keeps its connection */
  answerDone(reusable: boolean): void {
    if (this.connection.isBodyComplete) return this.#finish(reusable)
    if (reusable && !this.#isExpecting) {
      // The node answered early and may still want the rest: closing now would reset the client.
      this.state = ANSWERED
      this.connection.resumeBody()
      return
    }
    this.connection.keep = false
    this.#finish(false)
  }

  answerIsBad(): void {
    this.#cause = 'no valid HTTP answer, or one cut short'
    this.node!.failures++
    if (!this.hasAnswered) this.#stint.answeredBadly(this.#cause)
    if (this.hasAnswered) return this.connection.abort()
    this.fail(502)
  }

  tunnelBegan(): void {
    this.state = TUNNEL
    this.status = 101
    this.connection.keep = false
    this.#stint.answered(false)
  }

  /** Both sides said all they had to: the tunnel is over once the node has the last of it. */
  leaveTunnel(): void {
    const { socket } = this.upstream!
    if (socket.pending > 0) socket.tellFlushed()
    else this.connection.endTunnel()
  }

  tunnelEnded(): void {
    this.#release(false)
    this.#over()
  }

  // --- the way to a node

  /** @param fresh on a connection of its own */
  #try(head: RequestHead, bytes: Buffer, node: Node, fresh: boolean): void {
    const { world } = this
    this.node = node
    this.tries++
    this.state = CONNECTING
    this.#stint.begin(node, this.#choice.backend!)
    const refusal = this.#encoder.encode(head, bytes, node)
    if (refusal > 0) return this.fail(refusal)
    this.#headText = this.#encoder.text
    const pool = world.pools.of(node)
    const upstream = pool.take(this, world.wheel.now, this.#mayRepeat, fresh || node.proto === 'uwsgi')
    if (upstream === null) return this.#lacksDescriptor('EMFILE')
    this.upstream = upstream
    if (!upstream.isOpen) return this.#awaitConnection()
    this.state = WAITING
    this.connection.touch()
  }

  // Looking again at a full queue does not make the wait longer.
  #awaitConnection(): void {
    const { wheel } = this.world
    if (this.#connectBy === 0) this.#connectBy = wheel.now + this.running.picture.connectTimeoutMs
    wheel.arm(this.connection, this.#connectBy - wheel.now)
  }

  // Connects that fail are alike, however they fail; after that only what cannot have had an effect goes out again.
  #lost(code: string): void {
    const upstream = this.upstream!
    if (this.state === CONNECTING) return code === 'EAGAIN' ? this.#queueIsFull() : this.#connectFailed(code)
    if (this.state === TUNNEL) return this.connection.endTunnel()
    if (this.state === ANSWERED) return this.#endEarly()
    if (upstream.received > 0 && (code === '' || this.#isUnreadBody(code))) return this.relay.ended()
    const isStale = upstream.isReused && upstream.received === 0
    if (!isStale) this.node!.failures++
    if (this.hasAnswered) return this.connection.abort()
    this.#failure = 502
    this.#cause = code === '' ? 'closed before its answer' : code
    if (!isStale) this.#stint.answeredBadly(this.#cause)
    if (upstream.received > 0 || !this.#mayRepeat || this.#hasSentBody) return this.fail(502)
    // A kept connection that was stale says nothing against the node: it is tried on a new one.
    this.#again(upstream.isReused, !upstream.isReused)
  }

  // uWSGI closes on a body that its application left unread, and the kernel turns that into a reset behind the answer.
  #isUnreadBody(code: string): boolean {
    return code === 'ECONNRESET' && this.#hasSentBody && this.node!.proto === 'uwsgi'
  }

  // No node saw the request: it costs them nothing to see it elsewhere.
  #connectFailed(cause: string, isTimeOut = false): void {
    if (OUR_LIMITS.has(cause)) return this.#lacksDescriptor(cause)
    this.#cause = cause
    const hasAnother = this.#stint.connectFailed(this.upstream!.address, cause, isTimeOut)
    this.#again(hasAnother, false)
  }

  // Only UNIX sockets say so. The node is well and has more to do than it can: no reason to let it rest.
  #queueIsFull(): void {
    this.#cause = 'its queue of connections is full'
    this.#lookAgainSoon()
  }

  // Other exchanges end and leave theirs; their connection may even serve this one.
  #lacksDescriptor(code: string): void {
    this.#cause = code
    if (this.#connectBy === 0) this.#awaitConnection()
    this.world.admission.descriptorsOut(code)
    this.#lookAgainSoon()
  }

  #lookAgainSoon(): void {
    const node = this.node!
    this.#release(false)
    this.tries--
    node.takeBack()
    this.state = CONNECTING
    // Each look costs a connection; a thousand waiting clients must not take the processor with them.
    this.#looksAgainMs = Math.min(MOST_FULL_QUEUE_MS, this.#looksAgainMs * 2 + Math.random() * 10)
    this.#wait = setTimeout(
      () => guard('full queue', this.connection, () => this.#lookAgain(node)),
      this.#looksAgainMs,
    )
  }

  // Another node may have room meanwhile: it is a new pick.
  #lookAgain(node: Node): void {
    this.#wait = null
    const next = this.#choice.pickAgain(this.world.wheel.now, this.#tried) ?? node
    if (next === FULL) this.#enqueue()
    else this.#sendAgain(next, false)
  }

  /**
   * @param same the same node again
   * @param costs the node may have worked on the request: the budget bounds how often that is doubled
   */
  #again(same: boolean, costs: boolean): void {
    this.#release(false)
    if (!same) {
      this.#tried ??= []
      this.#tried.push(this.node!)
    }
    const node =
      same && this.node!.isReachable ? this.node : this.#choice.pickAgain(this.world.wheel.now, this.#tried)
    if (node === null || this.tries >= MOST_TRIES || (costs && !this.world.budget.spend())) {
      return this.fail(this.#failure)
    }
    this.#connectBy = 0
    if (node === FULL) this.#enqueue()
    else this.#sendAgain(node, same)
  }

  // --- waiting for a node with room

  // What the client sends meanwhile is held, as while connecting; its time-outs stand still.
  #enqueue(): void {
    const { world } = this
    const backend = this.#choice.backend!
    this.#cause = 'every node has as many exchanges in hand as it may'
    this.#tried = null // by the time there is room again, each may be well
    this.#connectBy = 0
    if (!world.queues.join(backend, this, world.exactNow)) return this.#refuseFull()
    this.state = QUEUED
  }

  #refuseFull(): void {
    this.fail(503, retryAfter(this.world.queues.retryAfter(this.#choice.backend!)))
  }

  /** Its turn in the queue may have come. */
  pick(now: number): Node | typeof FULL | null {
    return this.#choice.pickAgain(now, null)
  }

  /** It left the queue. @param node null: all of them are gone */
  proceed(node: Node | null): void {
    this.connection.touch()
    if (node === null) this.fail(503)
    else this.#sendAgain(node, false)
  }

  /** It left the queue, as it waited too long. */
  giveUp(): void {
    this.#cause = 'waited too long for a node with room'
    this.#refuseFull()
  }

  /** A defect of ours met it in the queue. */
  abandon(): void {
    this.connection.abandon()
  }

  #sendAgain(node: Node, fresh: boolean): void {
    const bytes = Buffer.from(this.rawForNodes, 'latin1')
    AGAIN.parse(bytes, 0, bytes.length)
    this.#try(AGAIN, bytes, node, fresh)
    if (this.state === WAITING) this.connection.nodeReady()
  }

  // Where there are no tunnels the node answers a plain request. The client may have sent the first bytes of its tunnel
  // all the same: they must not become a request.
  #askForTunnel(): void {
    this.isUpgrade = this.running.picture.websockets
    if (this.isUpgrade) this.#mayRepeat = false
    else this.connection.keep = false
  }

  // --- "Expect: 100-continue" (RFC 9110 section 10.1.1)

  #mayExpect(head: RequestHead, bytes: Buffer): boolean {
    const { manageExpect } = this.running.picture
    if (head.valueOf(bytes, head.expect).toLowerCase() !== '100-continue') {
      this.connection.keep = false
      this.fail(417)
      return false
    }
    if (this.connection.isBodyComplete) return true
    if (manageExpect > 1 && head.contentLength > manageExpect) {
      this.connection.keep = false
      this.fail(413)
      return false
    }
    this.#isExpecting = true
    return true
  }

  #sayContinue(): void {
    this.#isExpecting = false
    if (this.connection.minor === 1 && this.state === WAITING)
      this.connection.socket.writeText('HTTP/1.1 100 Continue\r\n\r\n')
  }

  // --- the end

  #welcome(head: RequestHead): void {
    const isRoot = head.pathEnd - head.pathStart <= 1
    if (!isRoot) return this.fail(404)
    this.#answer(WELCOME)
  }

  #answer(answer: OwnAnswer): void {
    const sent = this.passage === null ? answer : this.passage.judgeOwn(answer)
    if (sent === null) this.#sayNothing()
    else this.#send(sent)
  }

  #sayNothing(): void {
    this.connection.keep = false
    this.#over()
    this.connection.exchangeDone()
  }

  #send(answer: OwnAnswer): void {
    this.status = answer.status
    if (this.#saysUpgrade) this.connection.keep = false // what came behind it may be no request
    this.connection.answer(answer)
    this.#over()
    this.connection.exchangeDone()
  }

  // The answer is whole, the body that the node did not wait for will not be.
  #endEarly(): void {
    this.connection.keep = false
    this.#finish(false)
  }

  #finish(reusable: boolean): void {
    this.#release(reusable)
    this.#over()
    this.connection.exchangeDone()
  }

  #release(reusable: boolean): void {
    const upstream = this.upstream
    this.upstream = null
    this.#headText = ''
    this.state = IDLE
    if (this.#wait !== null) {
      clearTimeout(this.#wait)
      this.#wait = null
    }
    if (this.waitsSince >= 0) this.#choice.backend!.queue!.leave(this)
    if (upstream !== null) {
      upstream.idleSince = Math.trunc(this.world.wheel.now)
      upstream.release(reusable)
    }
    this.#stint.end(upstream === null ? 0 : upstream.received)
  }

  #report(status: number): void {
    const node = this.node?.name ?? '-'
    const cause = this.#cause
    this.world.troubles.report(`${status} ${node} ${cause}`, this.world.wheel.now, 'answered with an error', {
      status,
      id: this.requestId(),
      node,
      cause,
      tries: this.tries,
      // What uWSGI's buffer-size and max-vars bound: beyond them it closes without a word.
      ...(this.vars === 0 ? {} : { packetBytes: this.varBytes, packetVariables: this.vars }),
    })
  }

  #over(): void {
    this.world.counters.requests++
    this.passage?.finish()
    if (this.world.accessLog !== null && this.passage?.run.isLogged !== false) logExchange(this)
    this.raw = '' // a connection may stay idle for long
    this.passage?.forget()
    this.passage = null
  }
}

function retryAfter(seconds: number): string {
  return `Retry-After: ${seconds}\r\n`
}

// gateway/http1/connection.ts: one HTTP/1 client: its bytes become requests, one exchange at a time, and it is told the
// answers. What it may send ahead is held; what it sends wrongly ends the connection. Beyond 400 lines, as it is one
// machine: every method moves the state at its top, and halves of it in two files would have to share all of it.
import type { ListenerPicture, Picture } from '../../base/picture.ts'
import type { Waiting } from '../../base/wheel.ts'
import { answerText, errorAnswer, OPTIONS_ANSWER, type OwnAnswer, redirect } from '../answers.ts'
import { STOPPING_MS } from '../arrival.ts'
import { guard } from '../boundary.ts'
import { type Client, describeClient } from '../client.ts'
import { Exchange } from '../exchange.ts'
import { FRESH_MS, type Idle } from '../idle-queue.ts'
import { logRefusal } from '../log-exchange.ts'
import type { Pace, Paced } from '../pace.ts'
import type { Listed } from '../roster.ts'
import type { Socket, SocketOwner } from '../socket.ts'
import type { Running, World } from '../world.ts'
import { type BodyKind, CHUNKED, NO_BODY, SIZED, UNTIL_CLOSE } from './body-kind.ts'
import { Chunked } from './chunked.ts'
import { spendForward } from './max-forwards.ts'
import { CONNECT, HEAD as METHOD_HEAD, OPTIONS, RequestHead, TRACE } from './request-head.ts'

const MOST_AHEAD_BYTES = 65_536
/** Answers that the client has not taken yet: beyond this no further request of it is read. */
const MOST_UNSENT_BYTES = 65_536
/** Requests begun in one go: then other connections have their turn. */
const MOST_AT_ONCE = 32
const SMALL_HEAD_BYTES = 1_024
/** What a client takes within http-timeout at least. */
const PIECE_BYTES = 65_536
const LINGER_MS = 5_000
const MOST_LINGER_BYTES = 4 * 1024 * 1024

const READING = 0 // between requests, or inside a head
const BUSY = 1 // with an exchange
const LINGERING = 2 // answered for the last time; what still comes is thrown away, so that no RST overtakes the answer
const FLUSHING = 3 // the last bytes are leaving
const CLOSED = 4

const HEAD = new RequestHead()

/** Where a connection came in. The picture is the one in force: a reload puts another there. */
export interface Place {
  readonly picture: ListenerPicture
}

/** Called once when a connection is gone. */
export type OnGone = (connection: Http1Connection) => void

export class Http1Connection implements SocketOwner, Waiting, Idle, Paced, Listed<Http1Connection> {
  readonly socket: Socket
  readonly #place: Place
  readonly #world: World
  readonly #exchange: Exchange
  /** What admission wants to be told when it is gone; null: its socket's close tells. */
  readonly network: string | null
  readonly #onGone: OnGone
  #state = READING
  #held: Buffer | null = null // bytes not consumed yet
  #seen = 0 // how many of them were parsed in vain
  #isDraining = false // held bytes are being worked through
  #hasMore = false // among them are some behind the head in hand
  #hasEnded = false // the client sent FIN
  #hasNodeEnded = false // inside a tunnel
  #isPaused = false
  #client: Client | null = null
  #clientOf: Running | null = null
  #lingered = 0
  #requests = 0 // begun so far
  readonly #openedAt: number

  // --- of the request in hand
  minor = 1
  /** Whether the connection stays open for another request. */
  keep = true
  #mayGoOn = false // its client did not say that it is the last one
  bodyKind: BodyKind = NO_BODY
  bodyLeft = 0
  bodyBytes = 0
  #chunked: Chunked | null = null
  #isHead = false

  // --- the wheel's
  deadline = 0
  wheelTick = -1
  wheelNext: Waiting | null = null
  wheelPrevious: Waiting | null = null

  // --- the idle queue's
  isQueued = false
  idleNext: Idle | null = null
  idlePrevious: Idle | null = null

  // --- the paces'
  isWatched = false
  pace: Pace | null = null
  paceNext: Paced | null = null
  pacePrevious: Paced | null = null

  // --- the listener's roster's
  rosterNext: Http1Connection | null = null
  rosterPrevious: Http1Connection | null = null

  constructor(socket: Socket, world: World, place: Place, network: string | null, onGone: OnGone) {
    this.socket = socket
    this.#place = place
    this.#world = world
    this.network = network
    this.#onGone = onGone
    this.#exchange = new Exchange(world, this)
    world.wheel.arm(this, world.isStopping ? STOPPING_MS : world.running.picture.headersTimeoutMs)
    this.#openedAt = world.wheel.now
    world.admission.idle.add(this)
  }

  get listener(): ListenerPicture {
    return this.#place.picture
  }

  get isClosed(): boolean {
    return this.#state >= LINGERING
  }

  /** Whether both sides of a tunnel sent FIN. */
  get hasTunnelEnded(): boolean {
    return this.#hasEnded && this.#hasNodeEnded
  }

  /** Whether the request in hand is a HEAD, which no body answers. */
  get isHead(): boolean {
    return this.#isHead
  }

  get isBodyComplete(): boolean {
    return this.bodyKind === NO_BODY
  }

  // Bytes behind the request in hand, of it or of the next one.
  get #hasNext(): boolean {
    return this.#isDraining ? this.#hasMore : this.#held !== null
  }

  /** The client owes body bytes, and it is not us who keep it from sending them. */
  get isWaitingForBody(): boolean {
    return (this.bodyKind === SIZED || this.bodyKind === CHUNKED) && !this.#isPaused && this.#held === null
  }

  /** True between requests, with nothing of the next one here. */
  get isIdle(): boolean {
    return this.#state === READING && this.#held === null
  }

  get isFresh(): boolean {
    return this.#requests === 0 && this.#world.wheel.now - this.#openedAt < FRESH_MS
  }

  get isOwing(): boolean {
    return this.socket.pending > 0
  }

  // --- for min-rate

  get minRate(): number {
    return this.#pacePicture.minRate
  }

  get minRateAfterMs(): number {
    return this.#pacePicture.minRateAfterMs
  }

  // Heads are negative: a body and the head behind it are two things.
  get sending(): number {
    if (this.#state === READING)
      return this.#held === null || this.#seen === 0 || this.#isPaused ? 0 : -1 - this.#requests
    return this.#state === BUSY && this.isWaitingForBody && !this.#exchange.isExpecting ? this.#requests : 0
  }

  get sentBytes(): number {
    return this.#state === READING ? (this.#held?.length ?? 0) : this.bodyBytes
  }

  get taking(): number {
    const isOver = this.#state === LINGERING || this.#state === CLOSED // a lingering one has its own deadline
    return isOver || this.#exchange.isTunnel || this.socket.pending === 0 ? 0 : this.#requests
  }

  get takenBytes(): number {
    const { relay } = this.#exchange
    return relay.headBytes + relay.bodyBytes - this.socket.pending
  }

  get waitingBytes(): number {
    return this.socket.pending
  }

  // An answer belongs to the picture of its exchange until it is taken.
  get #pacePicture(): Picture {
    const isBetween = this.#state === READING && this.socket.pending === 0
    return (isBetween ? this.#world.running : this.#exchange.running).picture
  }

  sendsTooSlowly(): void {
    if (this.#state === READING) this.refuse(408)
    else this.#exchange.fail(408)
  }

  takesTooSlowly(): void {
    this.abort()
  }

  /** Who the client is under the picture of the request in hand. */
  get client(): Client {
    const { running } = this.#exchange
    if (this.#client === null || this.#clientOf !== running) {
      const { socket } = this
      const isTls = this.listener.tls !== null
      const certificate = isTls ? socket.clientCertificate() : null
      this.#client = describeClient(
        socket.remoteAddress,
        socket.remotePort,
        isTls,
        certificate,
        running.proxies,
        socket.isStranger,
      )
      this.#clientOf = running
    }
    return this.#client
  }

  // --- from the socket

  onOpen(): void {}

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#state >= LINGERING) return this.#throwAway(end - start)
    if (this.#exchange.isTunnel && this.#held === null) {
      this.touch()
      return this.#exchange.tunnelToNode(bytes, start, end)
    }
    if (this.#held === null) return this.#consume(bytes, start, end)
    const from = this.#held.length
    const all = Buffer.concat([this.#held, bytes.subarray(start, end)])
    this.#held = null
    // An unfinished head is parsed again only when a line has ended, or while it is short: linear for who drips bytes.
    const { maxHeadBytes } = this.#world.running.picture
    const isHeadUnfinished = this.#state === READING && this.#seen > 0
    if (
      isHeadUnfinished &&
      all.length > SMALL_HEAD_BYTES &&
      all.length < maxHeadBytes &&
      all.indexOf(10, from) < 0
    ) {
      this.#held = all
      return
    }
    this.#consume(all, 0, all.length)
  }

  onEnd(): void {
    this.#hasEnded = true
    if (this.#state === READING) {
      if (!this.#isPaused) this.#finish() // else whole requests wait for room: they were sent before the FIN
      return
    }
    if (this.#state >= LINGERING) return this.#flush() // it may still read our last answer
    const exchange = this.#exchange
    if (this.#held === null) this.keep = false // else the answer in hand is not the last one
    if (exchange.isTunnel || this.bodyKind === UNTIL_CLOSE) {
      exchange.clientEnded()
      if (this.#hasNodeEnded) exchange.leaveTunnel()
      return
    }
    if (!this.isBodyComplete && this.#held === null) return exchange.fail(400) // the body will never be whole
    // A half-close before the answer is a client that waits for it; one inside an answer without a known end has left.
    const hasLeft = exchange.hasAnswered && !exchange.relay.hasKnownEnd
    if (hasLeft || exchange.running.picture.abortOnClose) this.abort()
  }

  onClose(): void {
    if (this.#state === CLOSED) return
    this.#exchange.cancel()
    this.#gone()
  }

  onFlushed(): void {
    if (this.#state === FLUSHING && this.socket.pending === 0) return this.#close()
    if (this.#state >= LINGERING) return
    if (this.#state === READING) return this.#drainHeld() // it waited for room
    this.touch()
    this.#exchange.upstream?.socket.resume()
  }

  onDeadline(): void {
    guard('deadline', this, Http1Connection.#meetDeadline)
  }

  static #meetDeadline(connection: Http1Connection): void {
    if (connection.#state === BUSY) connection.#exchange.timedOut()
    else if (connection.#state === FLUSHING) connection.abort()
    else if (connection.#state === READING && connection.#held !== null && connection.socket.pending === 0) {
      connection.refuse(408)
    } else connection.#flush()
  }

  /** A defect of ours met this connection: nobody shall wait for it. */
  abandon(): void {
    this.socket.reset()
    this.onClose()
  }

  // --- from the exchange

  /** Something moved: the time-out starts anew. */
  touch(): void {
    this.#world.wheel.arm(this, this.#exchange.running.picture.timeoutMs)
  }

  /** The client has to take what waits for it: that shows only once all of it is gone, so more of it may take longer. */
  awaitTaking(): void {
    const { timeoutMs } = this.#exchange.running.picture
    this.#world.wheel.arm(this, timeoutMs * Math.max(1, Math.floor(this.socket.pending / PIECE_BYTES)))
  }

  /** The node can take the request: send what is here of it. */
  nodeReady(): void {
    this.resumeBody()
    if (this.#state !== BUSY) return
    this.#exchange.sendHead()
    if (this.#hasEnded && this.bodyKind === UNTIL_CLOSE) this.#exchange.clientEnded()
  }

  /** Every byte from here on belongs to this request (http-raw-body). */
  makeRaw(): void {
    this.bodyKind = UNTIL_CLOSE
    this.keep = false
    if (this.#held !== null) this.pauseBody() // nodeReady hands over what a paused connection holds
  }

  /**
   * The answer's head is about to be sent: others took over from this process, so it is the last one on this connection.
   * Not while something of a next request is here: that is answered, too.
   */
  retire(): void {
    if (!this.#hasNext) this.keep = false
  }

  /** Undoes it for a node of another kind; nothing of the body has left yet. */
  makeFramed(head: RequestHead): void {
    if (this.bodyKind !== UNTIL_CLOSE) return
    this.bodyKind = head.isChunked ? CHUNKED : head.contentLength > 0 ? SIZED : NO_BODY
  }

  /** The node takes no more just now. */
  pauseBody(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.socket.pause()
  }

  /** The node takes more again, or there is no node any more. */
  resumeBody(): void {
    if (!this.#isPaused || this.isClosed) return
    this.#isPaused = false
    const held = this.#held
    if (held !== null && this.bodyKind !== NO_BODY) {
      this.#held = null
      this.#consume(held, 0, held.length) // may pause again
    }
    if (!this.#isPaused && !this.isClosed) this.socket.resume()
  }

  /** Sends an answer of our own. */
  answer(answer: OwnAnswer): void {
    if (!this.isBodyComplete) this.keep = false
    else if (this.#world.isRetiring) this.retire()
    const keepsOld = this.keep && this.minor === 0
    const text = answerText(answer, this.#world.date, this.#isHead, !this.keep, keepsOld)
    this.#exchange.relay.ownAnswer(text, this.#isHead ? '' : answer.body)
    this.socket.writeText(text)
  }

  /** The exchange is over, its answer handed to the socket. */
  exchangeDone(): void {
    if (this.#state !== BUSY) return
    if (!this.keep || this.#world.isStopping || (this.#hasEnded && !this.#hasNext)) return this.#finish()
    this.#state = READING
    this.#seen = 0
    if (this.#held === null) {
      this.#world.wheel.arm(this, this.#world.running.picture.keepaliveMs)
      this.#world.admission.idle.add(this)
      if (this.#isPaused) this.#resumeReading()
      return
    }
    this.#world.wheel.arm(this, this.#world.running.picture.headersTimeoutMs)
    if (this.#isDraining) return // the loop that called us goes on with them
    queueMicrotask(() => guard('held requests', this, Http1Connection.#drain))
  }

  /** Cuts the connection so that nobody takes the answer for whole. */
  abort(): void {
    this.#exchange.cancel()
    this.socket.reset()
    this.#gone()
  }

  /** 101 was sent: what the client sent behind its request goes through. */
  tunnelBegan(): void {
    const held = this.#held
    this.#held = null
    this.#mayGoOn = false
    if (held !== null) this.#exchange.tunnelToNode(held, 0, held.length)
    if (this.#hasEnded) this.#exchange.clientEnded()
    if (this.#isPaused && this.#exchange.upstream?.socket.pending === 0) this.#resumeReading()
    this.touch()
  }

  /** The node ended its side of a tunnel. */
  finishTunnel(): void {
    this.#hasNodeEnded = true
    this.socket.finish()
    if (this.#hasEnded) this.#exchange.leaveTunnel()
  }

  /** A side of the tunnel is gone. */
  endTunnel(): void {
    this.#exchange.tunnelEnded()
    this.#finish()
  }

  /** Refuses what cannot be a request, and closes. */
  refuse(status: number): void {
    const id = this.#world.nextRequestId()
    this.keep = false
    this.minor = 1
    this.#isHead = false
    const text = answerText(errorAnswer(status, id), this.#world.date, false, true, false)
    this.socket.writeText(text)
    this.#world.counters.requests++
    if (this.#world.accessLog !== null) logRefusal(this.#world, this.client.peer, status, id, text.length)
    this.#state = BUSY
    this.#linger()
  }

  /** The process ends: idle connections close now, busy ones after their answer. */
  stop(): void {
    this.keep = false
    if (this.isIdle) this.#flush()
  }

  /** Others need its place. */
  giveWay(): void {
    this.#flush()
  }

  /** The process ends now. */
  drop(): void {
    if (this.#state === CLOSED) return
    if (this.#exchange.hasAnswered || this.socket.pending > 0) return this.abort() // a FIN might look like the end
    this.#exchange.cancel()
    this.#close()
  }

  // --- bytes to requests

  #consume(bytes: Buffer, start: number, end: number): void {
    let p = start
    let begun = 0
    this.#isDraining = true
    while (p < end && this.#state <= BUSY) {
      let next: number
      if (this.#state === READING) {
        if (this.socket.pending > MOST_UNSENT_BYTES || begun++ === MOST_AT_ONCE) break
        next = this.#readHead(bytes, p, end)
      } else if (this.#exchange.isTunnel) {
        this.#exchange.tunnelToNode(bytes, p, end)
        next = end
      } else next = this.#readBody(bytes, p, end)
      if (next === p) break
      p = next
    }
    this.#isDraining = false
    if (this.#state > BUSY) return
    if (p < end) {
      this.#world.admission.idle.remove(this)
      this.#held = p === 0 && end === bytes.length ? bytes : bytes.subarray(p, end)
      if (this.#state === READING) this.#waitForRoom(begun > MOST_AT_ONCE)
      else if (this.#held.length >= MOST_AHEAD_BYTES || this.bodyKind !== NO_BODY) this.pauseBody()
    }
    // A head whose body bytes did not come with it leaves alone.
    if (this.#state === BUSY) this.#exchange.sendHead()
    if (!this.#hasEnded) return
    if (this.#state === READING) {
      if (!this.#isPaused) this.#finish() // what is left is no whole head, and never will be
    } else if (this.#held === null && !this.isBodyComplete) this.#endBody()
  }

  // The FIN came while the last bytes before it were held; what is missing behind them will never come.
  #endBody(): void {
    if (this.bodyKind === UNTIL_CLOSE) this.#exchange.clientEnded()
    else this.#exchange.fail(400)
  }

  /** @returns where the head ends, or `p` when it is not whole */
  #readHead(bytes: Buffer, p: number, end: number): number {
    const { picture } = this.#world.running
    HEAD.fieldLimit = picture.maxHeadFields
    HEAD.targetLimit = picture.maxTargetBytes
    if (this.#seen === 0) this.#world.wheel.arm(this, picture.headersTimeoutMs) // absolute: not moved by more bytes
    const behind = HEAD.parse(bytes, p, Math.min(end, p + picture.maxHeadBytes))
    if (behind <= 0) {
      if (behind < 0) this.refuse(-behind)
      else if (end - p >= picture.maxHeadBytes) this.refuse(431)
      else {
        this.#seen = end - p
        if (picture.minRate > 0) this.#world.paces.watch(this)
      }
      return p
    }
    this.#seen = 0
    this.#hasMore = behind < end
    this.#beginExchange(bytes)
    return behind
  }

  #beginExchange(bytes: Buffer): void {
    const { picture } = this.#world.running
    const { minor } = HEAD
    this.#state = BUSY
    this.#requests++
    this.#world.admission.idle.remove(this)
    if (picture.minRate > 0) this.#world.paces.watch(this)
    this.minor = minor
    this.#isHead = HEAD.method === METHOD_HEAD
    this.#mayGoOn = !HEAD.saysClose && (minor === 1 || HEAD.saysKeepAlive)
    this.keep =
      this.#mayGoOn &&
      picture.keepaliveMs > 0 &&
      !this.#world.isStopping &&
      (!this.#hasEnded || this.#hasMore)
    this.bodyBytes = 0
    this.bodyLeft = HEAD.contentLength
    if (HEAD.isChunked) {
      this.bodyKind = CHUNKED
      this.#chunked ??= new Chunked()
      this.#chunked.reset()
    } else this.bodyKind = HEAD.contentLength > 0 ? SIZED : NO_BODY
    this.#world.wheel.arm(this, picture.timeoutMs)
    if (HEAD.method === CONNECT) this.keep = false // what follows was meant for the tunnel
    if (HEAD.method === CONNECT || HEAD.method === TRACE) return this.#exchange.refuse(HEAD, bytes, 405)
    if (HEAD.method === OPTIONS) {
      const status = spendForward(HEAD, bytes)
      if (status === 200) return this.#exchange.answerSelf(HEAD, bytes, OPTIONS_ANSWER)
      if (status === 400) {
        this.keep = false
        return this.#exchange.refuse(HEAD, bytes, 400)
      }
    }
    if (picture.maxBodyBytes > 0 && HEAD.contentLength > picture.maxBodyBytes)
      return this.#exchange.refuse(HEAD, bytes, 413)
    if (this.listener.toHttps !== null) return this.#redirect(bytes)
    this.#exchange.begin(HEAD, bytes)
  }

  #redirect(bytes: Buffer): void {
    const host = HEAD.hostOf(bytes).replace(/:\d*$/, '')
    if (host === '') return this.#exchange.refuse(HEAD, bytes, 400)
    const { port } = this.listener.toHttps!
    const path = bytes.toString('latin1', HEAD.pathStart, HEAD.targetEnd)
    const target = path.startsWith('/') ? path : `/${path === '*' ? '' : path}`
    this.#exchange.answerSelf(
      HEAD,
      bytes,
      redirect(`https://${host}${port === '' ? '' : `:${port}`}${target}`),
    )
  }

  /** @returns how far the bytes were taken; `p` when the node cannot take them yet */
  #readBody(bytes: Buffer, p: number, end: number): number {
    const exchange = this.#exchange
    if (this.bodyKind === NO_BODY || !exchange.takesBody || this.#isPaused) return p
    let stop = end
    if (this.bodyKind === SIZED) {
      stop = Math.min(end, p + this.bodyLeft)
      this.bodyLeft -= stop - p
      if (this.bodyLeft === 0) this.bodyKind = NO_BODY
    } else if (this.bodyKind === CHUNKED) {
      stop = this.#chunked!.advance(bytes, p, end)
      if (stop < 0) {
        this.keep = false
        exchange.fail(400)
        return p
      }
      const { maxBodyBytes } = exchange.running.picture
      if (maxBodyBytes > 0 && this.#chunked!.dataBytes > maxBodyBytes) {
        this.keep = false
        exchange.fail(413)
        return p
      }
      if (this.#chunked!.isDone) this.bodyKind = NO_BODY
    }
    this.#hasMore = stop < end
    this.bodyBytes += stop - p
    this.touch()
    exchange.sendBody(bytes, p, stop)
    if (this.bodyKind === NO_BODY) exchange.bodyDone()
    return stop
  }

  // A client that sends requests and takes no answers would fill our memory with them.
  #waitForRoom(wasLong: boolean): void {
    if (this.#isPaused) return
    const isFull = this.socket.pending > MOST_UNSENT_BYTES
    if (!isFull && !wasLong) return
    this.pauseBody()
    if (isFull) this.socket.tellFlushed()
    else setImmediate(guard, 'held requests', this, Http1Connection.#drain)
  }

  static #drain(connection: Http1Connection): void {
    connection.#drainHeld()
  }

  // Reading goes on first: a body among the held bytes needs it, and what is too much pauses it again.
  #drainHeld(): void {
    const held = this.#held
    if (held === null || this.#state !== READING) return
    this.#held = null
    if (this.#isPaused) this.#resumeReading()
    this.#consume(held, 0, held.length)
  }

  #resumeReading(): void {
    this.#isPaused = false
    this.socket.resume()
  }

  // --- the end

  // Bytes that come before our close and are not read, or come behind it, turn it into a reset, and the kernel throws
  // away what the client has not taken yet. Who may send a next request must have seen first that there is none.
  #finish(): void {
    if (!this.isBodyComplete || this.#held !== null || this.#mayGoOn) this.#linger()
    else this.#flush()
  }

  // Closes once the last bytes have left.
  #flush(): void {
    if (this.socket.pending === 0) return this.#close()
    if (this.#state === FLUSHING) return
    this.#state = FLUSHING
    this.#world.admission.idle.remove(this)
    this.awaitTaking()
    this.socket.tellFlushed(true)
  }

  #linger(): void {
    this.#held = null
    if (this.#hasEnded) return this.#flush()
    this.#state = LINGERING
    this.#world.admission.idle.remove(this)
    this.socket.finish()
    this.#world.wheel.arm(this, this.#world.isStopping ? STOPPING_MS : LINGER_MS)
    if (this.#isPaused) this.#resumeReading()
  }

  #throwAway(count: number): void {
    this.#lingered += count
    // Closing now would reset a client that has not read its answer yet; held up, it reads, until the time is over.
    if (this.#lingered > MOST_LINGER_BYTES) this.socket.pause()
  }

  #close(): void {
    if (this.#state === CLOSED) return
    this.socket.destroy()
    this.#gone()
  }

  #gone(): void {
    if (this.#state === CLOSED) return
    this.#state = CLOSED
    this.#held = null
    this.#world.wheel.remove(this)
    this.#world.admission.idle.remove(this)
    this.#world.paces.forget(this)
    this.#onGone(this)
  }
}

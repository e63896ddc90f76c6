// gateway/http1/relay.ts: an answer's way from the node to an HTTP/1 client: read its head, decide how its end is
// marked towards the client, pass its body on. Head and first body bytes leave in one write.
import { latin1, writeLatin1 } from '../../base/latin1.ts'
import { isBodiless } from '../../base/status-text.ts'
import { PASS } from '../../routing/decision.ts'
import type { Exchange } from '../exchange.ts'
import type { Passage } from '../rules/passage.ts'
import type { UpstreamConnection } from '../upstream/connection.ts'
import { type BodyKind, CHUNKED, NO_BODY, SIZED, UNTIL_CLOSE } from './body-kind.ts'
import { Chunked } from './chunked.ts'
import type { Http1Connection } from './connection.ts'
import { FRAMING, ID } from './field-names.ts'
import { hold } from './hold.ts'
import { ResponseHead } from './response-head.ts'
import { interimText, isPassable, responseText, switchingText } from './response-text.ts'
import { namesWebSocket } from './upgrade.ts'

const MOST_HEAD_BYTES = 65_536
const MOST_FIELDS = 512
const MOST_INTERIM = 16
/** Of a body with a longer rest larger pieces are read. */
const LONG_BYTES = 262_144
/** A head and the body bytes behind it are joined as text up to this size when they cannot stand side by side. */
const JOINED_BYTES = 16_384

// How body bytes reach the client.
const AS_IS = 0
const CHUNK = 1 // a body that ends with its connection, for a client that keeps its own
const UNCHUNK = 2 // a chunked body for an HTTP/1.0 client

const HEAD = new ResponseHead()
HEAD.fieldLimit = MOST_FIELDS

export class Relay {
  readonly #exchange: Exchange
  readonly #connection: Http1Connection
  #kind: BodyKind = NO_BODY
  #way = AS_IS
  #left = 0
  #chunked: Chunked | null = null
  #hasHead = false
  /** Status of an answer of which nothing was sent yet: it can still become a 502. 0 from then on. */
  #unsent = 0
  #nodeKeeps = false
  #interim = 0
  #part: Buffer | null = null // beginning of a head that is not whole yet
  #partAt = 0 // where its bytes were last looked at
  /** An answer without framing, held for a moment: its end often follows at once, and then its length is known. */
  #held = ''
  #heldHead = '' // its head, up to where the framing line goes

  // --- for the access log
  headBytes = 0
  bodyBytes = 0
  fields = 0

  constructor(exchange: Exchange, connection: Http1Connection) {
    this.#exchange = exchange
    this.#connection = connection
  }

  /** Before each request. */
  reset(): void {
    this.#hasHead = this.#nodeKeeps = false
    this.#unsent = 0
    this.#kind = NO_BODY
    this.#way = AS_IS
    this.#interim = 0
    this.#part = null
    this.#heldHead = this.#held = ''
    this.headBytes = this.bodyBytes = 0
    this.fields = -1
  }

  /** Whether the end of the answer in hand is marked by its length, so that a client may have closed its side. */
  get hasKnownEnd(): boolean {
    return this.#kind === SIZED || this.#kind === NO_BODY
  }

  /** Bytes of the node: bytes[start, end), valid during the call. */
  feed(upstream: UpstreamConnection, bytes: Buffer, start: number, end: number): void {
    if (this.#exchange.isTunnel) return this.#pass(upstream, bytes, start, end)
    if (this.#hasHead) return this.#body(upstream, bytes, start, end)
    let from = start
    let chunk = bytes
    let stop = end
    if (this.#part !== null) {
      chunk = Buffer.concat([this.#part, bytes.subarray(start, end)])
      this.#part = null
      from = 0
      stop = chunk.length
      // Parse again only when a line has ended, so that a node that drips costs little.
      if (stop > 1024 && stop < MOST_HEAD_BYTES && chunk.indexOf(10, this.#partAt) < 0)
        return this.#keepPart(chunk, 0, stop)
    }
    while (!this.#hasHead) {
      const behind = HEAD.parse(
        chunk,
        from,
        Math.min(stop, from + MOST_HEAD_BYTES),
        upstream.node.proto === 'uwsgi',
      )
      if (behind < 0 || (behind === 0 && stop - from >= MOST_HEAD_BYTES)) return this.#exchange.answerIsBad()
      if (behind === 0) return this.#keepPart(chunk, from, stop)
      if (HEAD.code >= 200) return this.#begin(upstream, chunk, from, behind, stop)
      if (HEAD.code === 101) return this.#switch(upstream, chunk, behind, stop)
      if (++this.#interim > MOST_INTERIM) return this.#exchange.answerIsBad()
      this.#tellInterim(chunk)
      from = behind
      if (from === stop) return
    }
  }

  /** An answer of our own was sent instead. */
  ownAnswer(text: string, body: string): void {
    this.#heldHead = this.#held = ''
    this.bodyBytes = body.length
    this.headBytes = text.length - body.length
  }

  /** The node ended its side. */
  ended(): void {
    if (!this.#hasHead) return this.#exchange.answerIsBad()
    if (this.#kind !== UNTIL_CLOSE) return this.#exchange.answerIsBad()
    if (this.#heldHead !== '') {
      this.#sendHeld(`Content-Length: ${this.#held.length}\r\n`, this.#held)
    } else if (this.#way === CHUNK) {
      this.#connection.socket.writeText('0\r\n\r\n')
      this.bodyBytes += 5
    }
    this.#exchange.answerDone(false)
  }

  /** The moment of holding is over: the answer leaves in chunks. Called by {@link hold}. */
  letGo(): void {
    if (this.#heldHead === '' || this.#connection.isClosed) return
    const body = this.#held
    this.#way = CHUNK
    this.#sendHeld(
      'Transfer-Encoding: chunked\r\n',
      body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`,
    )
    this.#slowDown(this.#exchange.upstream)
  }

  /** A defect of ours met the answer. */
  abandon(): void {
    this.#connection.abandon()
  }

  #keepPart(bytes: Buffer, from: number, end: number): void {
    this.#part = Buffer.from(bytes.subarray(from, end))
    this.#partAt = end - from
  }

  #tellInterim(bytes: Buffer): void {
    const isExpected = HEAD.code !== 100 || this.#exchange.nodeSaidContinue()
    if (isExpected && this.#connection.minor === 1)
      this.#connection.socket.writeText(interimText(HEAD, bytes))
  }

  #switch(upstream: UpstreamConnection, bytes: Buffer, behind: number, end: number): void {
    const exchange = this.#exchange
    if (!exchange.isUpgrade || !namesWebSocket(HEAD, bytes)) return exchange.answerIsBad()
    if (exchange.passage !== null) {
      const decision = exchange.passage.judge(HEAD, bytes)
      if (decision !== PASS) return exchange.answerInstead(decision, HEAD.code)
    }
    const added = exchange.cookieLine(HEAD, bytes) + (exchange.passage?.added ?? '')
    const text = switchingText(HEAD, bytes, added, exchange.passage?.removed)
    this.headBytes = text.length
    this.fields = HEAD.count
    this.#connection.socket.writeText(text)
    this.#exchange.tunnelBegan()
    if (behind < end) this.#pass(upstream, bytes, behind, end)
    this.#connection.tunnelBegan()
  }

  // bytes[from, behind) is the head, bytes[behind, end) what followed it.
  #begin(upstream: UpstreamConnection, bytes: Buffer, from: number, behind: number, end: number): void {
    const connection = this.#connection
    const exchange = this.#exchange
    const { code, contentLength } = HEAD
    const { passage } = exchange
    if (passage !== null) {
      const decision = passage.judge(HEAD, bytes)
      if (decision !== PASS) return exchange.answerInstead(decision, code)
    }
    this.#hasHead = true
    this.fields = HEAD.count
    this.#kind = this.#kindOf(code, contentLength)
    this.#left = contentLength
    this.#nodeKeeps =
      upstream.node.proto === 'http' &&
      this.#kind !== UNTIL_CLOSE &&
      !(code === 204 && (contentLength > 0 || HEAD.isChunked)) && // the body it must not have may follow
      (HEAD.minor === 1 ? !HEAD.saysClose : HEAD.saysKeepAlive)
    if (this.#nodeKeeps && !upstream.isReused) learnTimeout(exchange, bytes)
    if (this.#kind === CHUNKED) {
      this.#chunked ??= new Chunked()
      this.#chunked.reset()
    }
    if (exchange.isUpgrade) {
      connection.keep = false // bytes may have come behind the upgrade that are no request
      this.#nodeKeeps = false // and some nodes take what comes next for the tunnel all the same
    }
    if (exchange.world.isRetiring) connection.retire()
    const { minor } = connection
    if (minor === 0 && (this.#kind === UNTIL_CLOSE || this.#kind === CHUNKED)) {
      connection.keep = false
      if (this.#kind === CHUNKED) this.#way = UNCHUNK
    }
    if (passage !== null && (passage.hasAnswerEdits || exchange.hasOtherBody))
      return this.#beginEdited(upstream, passage, bytes, behind, end)
    const addsFraming = this.#kind === UNTIL_CLOSE
    this.#unsent = code
    const added = exchange.isSticky ? exchange.cookieLine(HEAD, bytes) : ''
    if (added === '' && isPassable(HEAD, connection.keep, minor, addsFraming)) {
      this.headBytes = behind - from
      return this.#send(upstream, bytes, from, behind, end, '')
    }
    const dropsFraming = (code === 204 && (HEAD.classes & FRAMING) !== 0) || this.#way === UNCHUNK
    const { date } = exchange.world
    if (addsFraming && minor === 1) {
      const text = responseText(HEAD, bytes, connection.keep, minor, added, false, date)
      return this.#holdOrChunk(upstream, text.slice(0, -2), bytes, behind, end)
    }
    const text = responseText(HEAD, bytes, connection.keep, minor, added, dropsFraming, date)
    this.headBytes = text.length
    if (text.length > behind) return this.#send(upstream, bytes, behind, behind, end, text)
    // Right before the body: one write, and the body is not moved.
    writeLatin1(bytes, text, behind - text.length)
    this.#send(upstream, bytes, behind - text.length, behind, end, '')
  }

  // The same with what route rules want of it. Another status may want another body: then there is none.
  #beginEdited(
    upstream: UpstreamConnection,
    passage: Passage,
    bytes: Buffer,
    behind: number,
    end: number,
  ): void {
    const connection = this.#connection
    const exchange = this.#exchange
    const { minor } = connection
    const code = passage.status || HEAD.code
    const lacksBody =
      isBodiless(code) !== isBodiless(HEAD.code) || (exchange.hasOtherBody && !connection.isHead)
    if (lacksBody || exchange.hasOtherBody) {
      this.#nodeKeeps &&= this.#kind === NO_BODY && !exchange.hasOtherBody
      this.#kind = NO_BODY
      this.#way = AS_IS
    }
    this.#unsent = code
    const addsFraming = this.#kind === UNTIL_CLOSE
    let added = (exchange.isSticky ? exchange.cookieLine(HEAD, bytes) : '') + passage.added
    if (lacksBody && code !== 204 && code !== 304) added += 'Content-Length: 0\r\n'
    const edits = {
      status: passage.status,
      reason: passage.run.reason,
      removed: passage.removed,
      dropsFields: passage.run.dropsFields,
    }
    const dropsFraming =
      lacksBody || (code === 204 && (HEAD.classes & FRAMING) !== 0) || this.#way === UNCHUNK
    const text = responseText(
      HEAD,
      bytes,
      connection.keep,
      minor,
      added,
      dropsFraming,
      exchange.world.date,
      edits,
    )
    if (addsFraming && minor === 1) return this.#holdOrChunk(upstream, text.slice(0, -2), bytes, behind, end)
    this.headBytes = text.length
    this.#send(upstream, bytes, behind, behind, end, text)
  }

  // From the first byte on a fault can only cut the answer.
  #begins(): void {
    const code = this.#unsent
    this.#unsent = 0
    this.#exchange.answerBegan(code)
  }

  #kindOf(code: number, contentLength: number): BodyKind {
    if (this.#exchange.isHead || code === 204 || code === 304) return NO_BODY
    if (HEAD.isChunked) return CHUNKED
    if (contentLength < 0) return UNTIL_CLOSE
    return contentLength === 0 ? NO_BODY : SIZED
  }

  // uWSGI writes its answer and closes: mostly the end is there two turns of the loop later, and spares the chunks.
  #holdOrChunk(upstream: UpstreamConnection, head: string, bytes: Buffer, behind: number, end: number): void {
    this.#heldHead = head
    this.#held = latin1(bytes, behind, end)
    if (upstream.node.proto === 'uwsgi' && this.#held.length <= JOINED_BYTES) hold(this)
    else this.letGo()
  }

  #sendHeld(framing: string, body: string): void {
    this.#begins()
    const text = `${this.#heldHead + framing}\r\n`
    this.headBytes = text.length
    this.bodyBytes = body.length
    this.#heldHead = this.#held = ''
    this.#connection.socket.writeText(text + body)
  }

  #body(upstream: UpstreamConnection, bytes: Buffer, start: number, end: number): void {
    if (this.#heldHead !== '') {
      this.#held += latin1(bytes, start, end)
      if (this.#held.length > JOINED_BYTES) this.letGo()
      return
    }
    this.#send(upstream, bytes, start, start, end, '')
  }

  /**
   * Sends a head and the body bytes behind it: `text`, or bytes[headStart, start), and then bytes[start, end) as far as
   * they belong to the answer.
   */
  #send(
    upstream: UpstreamConnection,
    bytes: Buffer,
    headStart: number,
    start: number,
    end: number,
    text: string,
  ): void {
    if (this.#way === UNCHUNK) return this.#sendUnchunked(upstream, bytes, headStart, start, end, text)
    if (this.#way === CHUNK) return this.#sendChunk(upstream, bytes, start, end)
    let stop = end
    let isDone = false
    if (this.#kind === SIZED) {
      if (end - start >= this.#left) {
        stop = start + this.#left
        isDone = true
      }
      this.#left -= stop - start
    } else if (this.#kind === CHUNKED) {
      stop = this.#chunked!.advance(bytes, start, end)
      if (stop < 0) return this.#exchange.answerIsBad()
      isDone = this.#chunked!.isDone
    } else if (this.#kind === NO_BODY) {
      stop = start
      isDone = true
    }
    if (this.#unsent !== 0) this.#begins()
    this.bodyBytes += stop - start
    const { socket } = this.#connection
    if (text !== '') writeBoth(socket, text, bytes, start, stop)
    else if (stop > headStart) socket.write(bytes.subarray(headStart, stop))
    if (!isDone) {
      if (this.#kind === SIZED && this.#left > LONG_BYTES && socket.pending === 0)
        upstream.socket.expectLong()
      return this.#slowDown(upstream)
    }
    if (stop < end) this.#nodeKeeps = false // bytes after the answer: this connection cannot be trusted again
    if (socket.isBorrowing) upstream.socket.keepBytes(socket)
    else upstream.socket.expectShort()
    this.#exchange.answerDone(this.#nodeKeeps)
  }

  // The size goes right before the bytes and the line end right behind them, where upstream reads leave room.
  #sendChunk(upstream: UpstreamConnection, bytes: Buffer, start: number, end: number): void {
    if (start === end) return
    const size = `${(end - start).toString(16)}\r\n`
    const { socket } = this.#connection
    if (start >= size.length && end + 2 <= bytes.length) {
      writeLatin1(bytes, size, start - size.length)
      bytes[end] = 13
      bytes[end + 1] = 10
      socket.write(bytes.subarray(start - size.length, end + 2))
    } else socket.writeText(`${size + latin1(bytes, start, end)}\r\n`)
    this.bodyBytes += end - start + size.length + 2
    this.#slowDown(upstream)
  }

  #sendUnchunked(
    upstream: UpstreamConnection,
    bytes: Buffer,
    headStart: number,
    start: number,
    end: number,
    text: string,
  ): void {
    const { socket } = this.#connection
    if (this.#unsent !== 0) this.#begins()
    if (text !== '') socket.writeText(text)
    else if (start > headStart) socket.writeText(latin1(bytes, headStart, start))
    const stop = this.#chunked!.advance(bytes, start, end, (from, to) => {
      this.bodyBytes += to - from
      socket.writeText(latin1(bytes, from, to))
    })
    if (stop < 0) return this.#exchange.answerIsBad()
    if (this.#chunked!.isDone) this.#exchange.answerDone(this.#nodeKeeps && stop === end)
    else this.#slowDown(upstream)
  }

  #pass(upstream: UpstreamConnection, bytes: Buffer, start: number, end: number): void {
    this.bodyBytes += end - start
    this.#connection.socket.write(bytes.subarray(start, end))
    this.#slowDown(upstream)
  }

  // The client takes less than the node gives: no more is read until all has left, and the read buffer rests with it.
  #slowDown(upstream: UpstreamConnection | null): void {
    const { socket } = this.#connection
    if (upstream === null || socket.pending === 0) return
    upstream.socket.pause()
    socket.tellFlushed()
    this.#connection.awaitTaking()
  }
}

function writeBoth(
  socket: Http1Connection['socket'],
  text: string,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (text.length + end - start <= JOINED_BYTES) socket.writeText(text + latin1(bytes, start, end))
  else {
    socket.writeText(text)
    socket.write(bytes.subarray(start, end))
  }
}

// "Keep-Alive: timeout=5": such a node closes idle connections after five seconds. Read once a connection.
function learnTimeout(exchange: Exchange, bytes: Buffer): void {
  for (let i = 0; i < HEAD.count; i++) {
    if (HEAD.ids[i] !== ID['keep-alive']) continue
    const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(HEAD.valueOf(bytes, i))
    if (seconds !== null) exchange.world.pools.of(exchange.node!).learnTimeout(Number(seconds[1]))
  }
}

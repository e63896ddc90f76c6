// gateway/asks/mirror.ts: copies of requests for other nodes (mirror:). Nobody waits for a copy, and none costs the request it was
// made of more than the making: they have connections of their own, their number and their bytes are bounded, and what cannot be
// sent is dropped.
import type { Waiting } from '../../base/wheel.ts'
import { type Backend, FULL } from '../../routing/backend.ts'
import type { Node } from '../../routing/node.ts'
import { reportDefect } from '../boundary.ts'
import { Encoder } from '../encoder.ts'
import type { Exchange } from '../exchange.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { Stint } from '../stint.ts'
import type { UpstreamConnection, UpstreamUser } from '../upstream/connection.ts'
import type { World } from '../world.ts'

/** Copies that are sent, or wait for their answer. */
const MOST_IN_HAND = 128
const LONGEST_BODY = 65_536
/** Bodies that are not whole yet, of all requests. */
const MOST_BODY_BYTES = 8 * 1024 * 1024
/** For all of it: a copy is not worth more. */
const MOST_MS = 10_000
/** Of an answer that nobody reads. */
const MOST_ANSWER = 1_048_576

const DROPPED = 'mirror: a copy of a request was dropped'
/** Until a target that stays away is told again. */
const QUIET_MS = 60_000

const NO_BODY: Buffer = Buffer.alloc(0)

/** Where one copy goes, and what it begins with. */
interface Target {
  readonly node: Node
  readonly backend: Backend
  readonly text: string
}

/** All mirrors of a gateway. */
export class Mirrors {
  readonly #world: World
  inHand = 0
  bodyBytes = 0

  constructor(world: World) {
    this.#world = world
  }

  /**
   * Makes copies of a request that is about to be sent.
   *
   * @param head of `bytes`, as nodes get it; both hold during the call only
   * @param keys of the table
   * @returns what takes the request's body; null when there is none to come
   */
  begin(exchange: Exchange, head: RequestHead, bytes: Buffer, keys: readonly string[]): Body | null {
    const length = Math.max(0, head.contentLength)
    const why = head.isChunked || length > LONGEST_BODY ? 'long body' : head.saysUpgrade ? 'upgrade' : ''
    const isOut = this.inHand + keys.length > MOST_IN_HAND || this.bodyBytes + length > MOST_BODY_BYTES
    if (why !== '' || isOut) {
      this.#skipped(keys[0]!, why || 'too many copies in hand')
      return null
    }
    const targets = keys.flatMap(key => this.#target(exchange, head, bytes, key) ?? [])
    if (targets.length === 0) return null
    if (length > 0) return new Body(this, targets, length)
    this.launch(targets, NO_BODY)
    return null
  }

  /** Behind what is in hand: the request itself goes first. */
  launch(targets: readonly Target[], body: Buffer): void {
    for (const target of targets) {
      if (this.inHand >= MOST_IN_HAND) {
        this.#skipped(target.backend.key, 'too many copies in hand') // many bodies may be whole at once
        continue
      }
      this.inHand++
      setImmediate(() => this.#send(target, body))
    }
  }

  /** A target did not take a copy: told once a minute, whatever its nodes do. @param node null: none could be picked */
  failed(key: string, node: Node | null, cause: string): void {
    const { troubles, wheel } = this.#world
    const fields = node === null ? { to: key, cause } : { to: key, node: node.name, cause }
    troubles.report(`mirror ${key}`, wheel.now, DROPPED, fields, QUIET_MS)
  }

  #send(target: Target, body: Buffer): void {
    try {
      new Copy(this.#world, this, target, body).start()
    } catch (error) {
      this.inHand--
      reportDefect('mirror', error)
    }
  }

  #target(exchange: Exchange, head: RequestHead, bytes: Buffer, key: string): Target | null {
    const { directory, wheel, running } = this.#world
    const backend = directory.table.findKey(key, wheel.now)
    const node = backend?.pickFor(wheel.now, null, '') ?? null
    if (backend === null || node === null || node === FULL) {
      this.failed(key, null, 'no node is free')
      return null
    }
    if (node.proto === 'uwsgi' && running.picture.rawBody) return null // its framing would be the request's, too
    const { vars, varBytes } = exchange
    const encoder = new Encoder(exchange)
    const refusal = encoder.encode(head, bytes, node)
    exchange.vars = vars
    exchange.varBytes = varBytes
    if (refusal > 0) {
      this.#skipped(key, 'its head cannot be said to that node')
      return null
    }
    return { node, backend, text: node.proto === 'http' ? closing(encoder.text) : encoder.text }
  }

  // For what the request is, or for how many there are.
  #skipped(to: string, cause: string): void {
    const { troubles, wheel } = this.#world
    troubles.report(`mirror ${to} ${cause}`, wheel.now, DROPPED, { to, cause })
  }
}

// The end of the answer is that of the connection: nobody needs to understand it.
function closing(text: string): string {
  const end = text.indexOf('\r\n') + 2
  return `${text.slice(0, end)}Connection: close\r\n${text.slice(end)}`
}

/** Takes the body of a request as it goes to its node. Copies leave once it is whole, and are dropped when it never is. */
export class Body {
  readonly #mirrors: Mirrors
  readonly #targets: readonly Target[]
  readonly #bytes: Buffer
  #length = 0
  #isOver = false

  constructor(mirrors: Mirrors, targets: readonly Target[], length: number) {
    this.#mirrors = mirrors
    this.#targets = targets
    this.#bytes = Buffer.allocUnsafeSlow(length)
    mirrors.bodyBytes += length
  }

  /** bytes[start, end) hold during the call only. */
  take(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return
    this.#length += bytes.copy(this.#bytes, this.#length, start, end)
    if (this.#length < this.#bytes.length) return
    this.over()
    this.#mirrors.launch(this.#targets, this.#bytes)
  }

  /** No more of it comes. */
  over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#mirrors.bodyBytes -= this.#bytes.length
  }
}

class Copy implements UpstreamUser, Waiting {
  readonly #world: World
  readonly #mirrors: Mirrors
  readonly #target: Target
  readonly #body: Buffer
  readonly #stint: Stint
  #upstream: UpstreamConnection | null = null
  #hasAnswered = false

  // --- the wheel's
  deadline = 0
  wheelTick = -1
  wheelNext: Waiting | null = null
  wheelPrevious: Waiting | null = null

  constructor(world: World, mirrors: Mirrors, target: Target, body: Buffer) {
    this.#world = world
    this.#mirrors = mirrors
    this.#target = target
    this.#body = body
    this.#stint = new Stint(world)
  }

  start(): void {
    const { node, backend } = this.#target
    const { wheel, running } = this.#world
    this.#stint.begin(node, backend)
    this.#upstream = this.#world.pools.of(node).take(this, wheel.now, false, true)
    if (this.#upstream === null) return this.#end('no descriptor is free')
    wheel.arm(this, Math.min(MOST_MS, running.picture.timeoutMs))
  }

  upstreamOpened(): void {
    const { socket } = this.#upstream!
    socket.outliveWrites()
    const { text } = this.#target
    this.#stint.sentBytes = text.length + this.#body.length
    if (this.#body.length === 0) socket.writeText(text)
    else socket.give(text, this.#body, 0, this.#body.length)
  }

  upstreamData(bytes: Buffer, start: number, end: number): void {
    if (!this.#hasAnswered) {
      this.#hasAnswered = true
      this.#stint.answered(end - start > 9 && bytes[start + 9] === 0x35) // "HTTP/1.1 5"
    }
    if (this.#upstream!.received > MOST_ANSWER) this.#end('')
  }

  upstreamEnded(): void {
    this.#end(this.#hasAnswered ? '' : 'closed before its answer')
  }

  upstreamLost(code: string): void {
    const upstream = this.#upstream!
    if (!upstream.isOpen) this.#stint.connectFailed(upstream.address, code, false)
    this.#end(this.#hasAnswered ? '' : code || 'closed before its answer')
  }

  upstreamFlushed(): void {}

  onDeadline(): void {
    const upstream = this.#upstream!
    if (!upstream.isOpen) this.#stint.connectFailed(upstream.address, 'no connection in time', true)
    else if (!this.#hasAnswered) this.#stint.timedOut('no answer in time')
    this.#end(this.#hasAnswered ? '' : 'no answer in time')
  }

  // @param cause '': all went well
  #end(cause: string): void {
    const upstream = this.#upstream
    this.#upstream = null
    this.#world.wheel.remove(this)
    upstream?.release(false)
    this.#stint.end(upstream?.received ?? 0)
    this.#mirrors.inHand--
    const { node, backend } = this.#target
    if (cause !== '') this.#mirrors.failed(backend.key, node, cause)
  }
}

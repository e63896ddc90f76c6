// gateway/stint.ts: one try of an exchange, as the node has it: that it has it in hand, how long its answer took, what went
// over, and what the outcome says of the node's health. Each exchange has one, used again for each try.
import type { Backend } from '../routing/backend.ts'
import type { Node } from '../routing/node.ts'
import type { World } from './world.ts'

export class Stint {
  readonly #world: World
  /** To which the try counts; null: there is none in hand. */
  #node: Node | null = null
  #backend: Backend | null = null
  #begunAt = 0 // when, where it matters
  #tookMs = -1 // until its answer began or failed to; -1: says nothing of the node
  /** To the node, in this try. */
  sentBytes = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Each try begins here and ends in {@link Stint.end}, whatever comes between. */
  begin(node: Node, backend: Backend): void {
    this.#world.counters.note(node)
    this.#node = node
    this.#backend = backend
    this.#tookMs = -1
    this.sentBytes = 0
    this.#begunAt = !backend.isPlain && backend.rules.policy === 'ewma' ? this.#world.preciseNow() : 0
    node.begin()
  }

  /** Harmless when there is none. @param received bytes from the node */
  end(received: number): void {
    const node = this.#node
    if (node === null) return
    this.#node = null
    node.rx += this.sentBytes
    node.tx += received
    node.end(this.#tookMs, this.#world.wheel.now)
    const backend = this.#backend!
    if (backend.queue !== null && backend.queue.length > 0) this.#world.serve(backend)
  }

  /** The head of its answer came. */
  answered(isServerError: boolean): void {
    const node = this.#node!
    this.#tellTime()
    node.answered(!isServerError)
    if (node.health.answered(isServerError, this.#world.wheel.now) || (isServerError && node.isOnTrial))
      this.#eject('too many of its answers are 5xx')
  }

  /** No answer that could be passed on: as bad as a 5xx. @param cause in words */
  answeredBadly(cause: string): void {
    const node = this.#node!
    if (node.health.answered(true, this.#world.wheel.now) || node.isOnTrial) this.#eject(cause)
  }

  /** No answer in time. */
  timedOut(cause: string): void {
    this.#node!.failures++
    this.#tellTime()
    this.#eject(cause)
  }

  /** @param address that was connected to. @returns whether the node has another one worth a try at once */
  connectFailed(address: string, cause: string, isTimeOut: boolean): boolean {
    const node = this.#node!
    const { graceMs, mostGraceMs } = this.#world.running.picture
    const hadState = node.state
    node.cause = cause
    const hasAnother = node.connectFailed(address, this.#world.wheel.now, graceMs, mostGraceMs)
    if (isTimeOut && !hasAnother) node.needsTrial()
    if (node.state !== hadState) this.#tellRest(cause)
    return hasAnother
  }

  #tellTime(): void {
    if (this.#begunAt > 0 && this.#tookMs < 0) this.#tookMs = this.#world.preciseNow() - this.#begunAt
  }

  #eject(cause: string): void {
    const node = this.#node!
    const { graceMs, mostGraceMs } = this.#world.running.picture
    if (!this.#backend!.eject(node, this.#world.wheel.now, graceMs, mostGraceMs)) return
    node.cause = cause
    this.#tellRest(cause)
  }

  #tellRest(cause: string): void {
    const { name, restsUntil } = this.#node!
    const restMs = Math.round(restsUntil - this.#world.wheel.now)
    this.#world.tell('warn', 'node rests', { node: name, cause, restMs })
  }
}

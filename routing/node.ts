// routing/node.ts: one address that serves a backend, with what this gateway knows of its health.
import type { NodeEndpoint, NodePicture } from '../base/picture.ts'
import { Health } from './health.ts'
import { Latency } from './latency.ts'
import { move, type NodeState } from './node-state.ts'

/** Share of its traffic that a node gets when its slow start begins. */
const FIRST_SHARE = 0.1

/** Whoever picks among nodes, and so keeps them in an order. A node has one: the last backend that took it. */
export interface NodeWatcher {
  /** Its state changed, or the end of its rest. */
  nodeChanged(): void
  /** An exchange began or ended, see {@link Node.tellsLoad}. */
  loadChanged(): void
  /** Another one took the node: nothing more is told. */
  nodeTaken(): void
}

export class Node {
  readonly name: string
  /** Taken anew from each picture, down to the modifiers, as is the limit: names may resolve elsewhere, weights may change. */
  endpoint: NodeEndpoint
  /** At least 1. */
  weight = 1
  backup = 0
  modifier1 = 0
  modifier2 = 0

  // --- what every exchange touches stands together: of ten thousand nodes, the next one is in no cache

  readonly proto: 'http' | 'uwsgi'
  state: NodeState = 'up'
  limit = 0
  /** Exchanges that it has now, and those it was given since it was last announced. */
  inHand = 0
  served = 0
  /** Since the counters were last told: exchanges sent to it; failed connects, bad answers and answers that never came. */
  requests = 0
  failures = 0
  /** Likewise: bytes from it, and to it, of exchanges that ended. */
  tx = 0
  rx = 0
  /** The counters look at it. */
  isOnNews = false
  /** Whoever picks goes by what it has in hand, and is told. Of a node with a limit, or on trial, it is told in any case. */
  tellsLoad = false
  /** Length of the ramp from a tenth of its traffic to all of it; 0: none. Begins with {@link startSlowly} and after rests. */
  slowStartMs = 0
  /** What carries exchanges to it: whose it is put it here, as a map of thousands of nodes is slower. */
  connections: object | null = null
  readonly health: Health
  #failed = 0 // addresses in a row that could not be connected to
  #isOnTrial = false
  #inHandBefore = 0 // of those that it has, so many began before the trial

  // --- what few do

  watcher: NodeWatcher | null = null
  /** End of the rest, in the clock of the caller; meaningful while resting. */
  restsUntil = 0
  /** Why it rests, in words for people. */
  cause = ''
  /** What the counters were told of last: the end of its rest, 0 for none, and what it has in hand. */
  restTold = 0
  inHandTold = 0
  readonly latency = new Latency()
  #turn = 0 // which of the addresses is tried
  #isEjected = false
  #isUnwell = false
  #ownLimit = 0
  #sharedLimit = 0
  #needsTrial = false // when its rest is over
  #freshSince = Number.NEGATIVE_INFINITY

  /** @param health that of an earlier record of the same name, so that coming back forgives nothing */
  constructor(picture: NodePicture, health = new Health()) {
    this.name = picture.name
    this.proto = picture.proto
    this.endpoint = picture.endpoint
    this.health = health
    this.update(picture)
  }

  /** What a newer picture says of the node of this name. `proto` is part of the name. */
  update(picture: NodePicture): void {
    this.modifier1 = picture.modifier1
    this.modifier2 = picture.modifier2
    this.endpoint = picture.endpoint
    this.weight = picture.weight
    this.backup = picture.backup ?? 0
    this.#ownLimit = picture.limit ?? 0
    this.limit = this.#ownLimit || this.#sharedLimit
  }

  /** The limit of nodes that have none of their own. */
  shareLimit(limit: number): void {
    this.#sharedLimit = limit
    this.limit = this.#ownLimit || limit
  }

  /** Whether the ordinary turn may fall on it. A rest that is over ends here. @param now milliseconds */
  isAvailable(now: number): boolean {
    if (this.state === 'resting' && now >= this.outUntil) {
      if (this.slowStartMs > 0) this.#freshSince = this.restsUntil
      const needsTrial = this.#needsTrial
      this.recovered()
      if (needsTrial) this.#beginTrial()
    }
    return this.state === 'up' && this.isReachable && !this.isTried
  }

  /** The end of its rest; Infinity while a check finds it unwell. */
  get outUntil(): number {
    return this.#isUnwell ? Number.POSITIVE_INFINITY : this.restsUntil
  }

  /** Its rest is over, but until an exchange was answered well it is given one at a time. */
  get isOnTrial(): boolean {
    return this.#isOnTrial
  }

  /** It is on trial and has the one exchange that this allows. */
  get isTried(): boolean {
    return this.#isOnTrial && this.inHand > this.#inHandBefore
  }

  /** False while its name resolves to nothing. */
  get isReachable(): boolean {
    return this.endpoint.kind === 'unix' || this.endpoint.addresses.length > 0
  }

  /** It has as many exchanges in hand as it may. */
  get isFull(): boolean {
    return this.limit > 0 && this.inHand >= this.limit
  }

  /** The address to connect to; '' for a UNIX path. */
  get address(): string {
    const endpoint = this.endpoint
    if (endpoint.kind === 'unix') return ''
    return endpoint.addresses[this.#turn % endpoint.addresses.length] ?? ''
  }

  /** An exchange was given to it. */
  begin(): void {
    this.inHand++
    this.served++
    this.requests++
    this.#tellLoad()
  }

  /** An exchange that ended was never sent to it: it does not count. */
  takeBack(): void {
    this.served--
    this.requests--
  }

  /** An exchange is over, however. @param tookMs until its answer began or failed to; -1: says nothing of the node */
  end(tookMs: number, now: number): void {
    this.inHand--
    if (this.inHand < this.#inHandBefore) this.#inHandBefore = this.inHand
    if (tookMs >= 0) this.latency.observe(tookMs, now)
    this.#tellLoad()
    if (this.state === 'draining' && this.inHand === 0) this.leave()
  }

  /** It announced itself again. */
  announced(): void {
    this.served = 0
    this.#tellLoad()
  }

  /** It is new among others that serve already. */
  startSlowly(now: number): void {
    this.#freshSince = now
  }

  /** The share of its traffic that it gets now: 1, or less while it starts slowly. */
  shareAt(now: number): number {
    const age = now - this.#freshSince
    return age >= this.slowStartMs ? 1 : Math.max(FIRST_SHARE, age / this.slowStartMs)
  }

  /**
   * A connect failed: the next try takes the next address; once all had their turn, the node rests.
   *
   * @param address the one that failed: of many connects that fail at once only the first moves on
   * @param graceMs the rest
   * @param mostMs the longest it grows to while the node keeps failing
   * @returns whether the node has another address worth a try at once
   */
  connectFailed(address: string, now: number, graceMs: number, mostMs = graceMs): boolean {
    this.failures++
    if (address !== this.address) return this.state !== 'resting'
    const addresses = this.endpoint.kind === 'unix' ? 1 : this.endpoint.addresses.length
    this.#turn++
    if (++this.#failed < addresses) return true
    this.#failed = 0
    this.restUntil(now + this.health.nextRestMs(now, graceMs, mostMs))
    return false
  }

  /** Others found out that it fails, or this gateway did. */
  restUntil(end: number): void {
    this.restsUntil = end
    if (this.#isOnTrial) this.#needsTrial = true // it did not pass
    this.#isOnTrial = false
    this.#move('resting')
  }

  /** Whether it rests, without ending a rest that is over. */
  restsAt(now: number): boolean {
    return this.state === 'resting' && now < this.restsUntil
  }

  /** It answers, but badly or late: no answer ends this rest, as it may be one more of those. A trial follows. */
  ejectUntil(end: number): void {
    this.#isEjected = true
    this.#needsTrial = true
    this.restUntil(end)
  }

  /** Whether it rests, or rested last, by {@link ejectUntil}. */
  get isEjected(): boolean {
    return this.#isEjected
  }

  /** It rests for connects that were not even refused: each cost its time-out, so when the rest is over one goes first. */
  needsTrial(): void {
    this.#needsTrial = true
  }

  /** It answers: that it could not be connected to is over. @param isWell false: with a failure of its own */
  answered(isWell: boolean): void {
    this.#failed = 0
    const endsTrial = isWell && this.#isOnTrial
    if (endsTrial) this.#isOnTrial = false
    if (this.state === 'resting' && !this.#isEjected && !this.#isUnwell) {
      this.#needsTrial = false
      this.#move('up')
    } else if (endsTrial) this.watcher?.nodeChanged()
  }

  /** What a check found, where it found otherwise before. An unwell node is not picked while there is a better one. */
  judge(isWell: boolean): void {
    if (this.#isUnwell === !isWell) return
    this.#isUnwell = !isWell
    if (isWell) this.recovered()
    else if (this.state === 'up') this.restUntil(0)
    else this.watcher?.nodeChanged()
  }

  /** A check found it well, or its rest is over: whatever was held against it is over. */
  recovered(): void {
    this.#failed = 0
    this.#isEjected = this.#needsTrial = this.#isOnTrial = false
    if (this.state === 'resting') this.#move('up')
  }

  /** It is given nothing more; once what it has in hand is over, it is gone. */
  drain(): void {
    this.#move('draining')
    if (this.inHand === 0) this.leave()
  }

  /** It is no longer there. An address that comes back is a new node. */
  leave(): void {
    this.#move('gone')
  }

  #tellLoad(): void {
    if (this.tellsLoad || this.limit > 0 || this.#isOnTrial) this.watcher?.loadChanged()
  }

  #beginTrial(): void {
    this.#isOnTrial = true
    this.#inHandBefore = this.inHand
  }

  // Told even when there is no such move: the end of a rest may have changed.
  #move(to: NodeState): void {
    move(this, to)
    this.watcher?.nodeChanged()
  }
}

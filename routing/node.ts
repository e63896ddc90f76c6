// routing/node.ts: one address that serves a backend, with what this gateway knows of its health.
import type { NodeEndpoint, NodePicture } from '../base/picture.ts'
import { move, type NodeState } from './node-state.ts'

export class Node {
  readonly name: string
  readonly proto: 'http' | 'uwsgi'
  /** Taken anew from each picture, down to the weight: names may resolve elsewhere, weights may change. */
  modifier1: number
  modifier2: number
  endpoint: NodeEndpoint
  weight: number
  state: NodeState = 'up'
  /** End of the rest, in the clock of the caller; meaningful while resting. */
  restsUntil = 0
  /** Since the counters were last told: exchanges sent to it; failed connects, bad answers and answers that never came. */
  requests = 0
  failures = 0
  /** The end of the rest that the counters were told of; 0: that it does not rest. */
  restTold = 0
  #turn = 0 // which of the addresses is tried
  #failed = 0 // how many of them in a row

  constructor(picture: NodePicture) {
    this.name = picture.name
    this.proto = picture.proto
    this.modifier1 = picture.modifier1
    this.modifier2 = picture.modifier2
    this.endpoint = picture.endpoint
    this.weight = picture.weight
  }

  /** Whether the ordinary turn may fall on it. A rest that is over ends here. @param now milliseconds */
  isAvailable(now: number): boolean {
    if (this.state === 'resting' && now >= this.restsUntil) move(this, 'up')
    return this.state === 'up' && this.isReachable
  }

  /** False while its name resolves to nothing. */
  get isReachable(): boolean {
    return this.endpoint.kind === 'unix' || this.endpoint.addresses.length > 0
  }

  /** The address to connect to; '' for a UNIX path. */
  get address(): string {
    const endpoint = this.endpoint
    if (endpoint.kind === 'unix') return ''
    return endpoint.addresses[this.#turn % endpoint.addresses.length] ?? ''
  }

  /**
   * A connect failed: the next try takes the next address; once all had their turn, the node rests.
   *
   * @param address the one that failed: of many connects that fail at once only the first moves on
   * @returns whether the node has another address worth a try at once
   */
  connectFailed(address: string, now: number, graceMs: number): boolean {
    this.failures++
    if (address !== this.address) return this.state !== 'resting'
    const addresses = this.endpoint.kind === 'unix' ? 1 : this.endpoint.addresses.length
    this.#turn++
    if (++this.#failed < addresses) return true
    this.#failed = 0
    this.restUntil(now + graceMs)
    return false
  }

  /** Others found out that it fails, or this gateway did. */
  restUntil(end: number): void {
    this.restsUntil = end
    move(this, 'resting')
  }

  /** Whether it rests, without ending a rest that is over. */
  restsAt(now: number): boolean {
    return this.state === 'resting' && now < this.restsUntil
  }

  /** It answers: whatever was held against it is over. */
  answered(): void {
    this.#failed = 0
    if (this.state === 'resting') move(this, 'up')
  }
}

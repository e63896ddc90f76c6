// subscription/failing.ts: which nodes fail, by what connects, checks and gateways say of them: one that fails is not kept
// once it is unheard.
import type { Change, Membership } from './membership.ts'
import { idOfName } from './node-picture.ts'

interface Said {
  connectFails: boolean
  checkFails: boolean
  /** By gateway: whether the node rests there. Only those that spoke of it. */
  readonly rests: Map<number, boolean>
  isFailing: boolean
}

export class Failing {
  readonly #membership: Membership
  readonly #said = new Map<string, Said>()
  readonly #end: () => void

  constructor(membership: Membership) {
    this.#membership = membership
    this.#end = membership.follow(change => this.#follow(change))
  }

  /** A first connect to a node was tried. */
  tried(id: string, isFailing: boolean): void {
    const said = isFailing ? this.#at(id) : this.#said.get(id) // most do well, and nothing is to be kept of them
    if (said === null || said === undefined) return
    said.connectFails = isFailing
    this.#judge(id, said)
  }

  /** Checks found a node well or not. */
  checked(id: string, isWell: boolean): void {
    const said = this.#at(id)
    if (said === null) return
    said.checkFails = !isWell
    if (isWell) said.connectFails = false
    this.#judge(id, said)
  }

  /**
   * What a gateway counted.
   *
   * @param gateway its pid. @param name the node's, as in its picture. @param restsMs 0: it does not rest there
   */
  heard(gateway: number, name: string, restsMs: number): void {
    const id = idOfName(name)
    const said = id === null ? null : this.#at(id)
    if (said === null) return
    said.rests.set(gateway, restsMs > 0)
    this.#judge(id!, said)
  }

  /** A gateway ended: what it said counts no more. */
  gone(gateway: number): void {
    for (const [id, said] of this.#said) if (said.rests.delete(gateway)) this.#judge(id, said)
  }

  stop(): void {
    this.#end()
  }

  // What is not there may still be spoken of: a gateway has exchanges with it in hand.
  #at(id: string): Said | null {
    const known = this.#said.get(id)
    if (known !== undefined) return known
    if (!this.#membership.has(id)) return null
    const said = { connectFails: false, checkFails: false, rests: new Map(), isFailing: false }
    this.#said.set(id, said)
    return said
  }

  #judge(id: string, said: Said): void {
    const restsEverywhere = said.rests.size > 0 && [...said.rests.values()].every(rests => rests)
    const isFailing = said.connectFails || said.checkFails || restsEverywhere
    if (isFailing === said.isFailing) return
    said.isFailing = isFailing
    this.#membership.setFailing(id, isFailing)
  }

  #follow(change: Change): void {
    if (change.kind === 'removed') this.#said.delete(change.record.id)
    if (change.kind !== 'snapshot') return
    const ids = new Set(change.records.map(({ id }) => id))
    for (const id of this.#said.keys()) if (!ids.has(id)) this.#said.delete(id)
  }
}

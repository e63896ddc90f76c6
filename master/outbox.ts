// master/outbox.ts: what one gateway is told of nodes. A gateway that does not read costs no more memory than there are
// nodes: what it did not take is merged, and it gets the last word on each when it reads again.
import type { ToGateway, Verdict } from '../base/messages.ts'
import type { KeyPicture } from '../base/picture.ts'
import { inMessages, KeyChanges } from '../subscription/key-changes.ts'

/**
 * Sends to the gateway.
 *
 * @param taken called once it is written, or never will be
 * @returns false: what was sent before is not written yet, so wait for `taken`
 */
export type Send = (message: ToGateway, taken: () => void) => boolean

export class Outbox {
  readonly #send: Send
  readonly #told = new Set<string>() // names of nodes that it was sent
  readonly #changes = new KeyChanges()
  readonly #verdicts = new Map<string, boolean>()
  #isFull = false

  constructor(send: Send) {
    this.#send = send
  }

  /** All that a gateway which starts must know before its first picture: nothing of it waits. */
  begin(table: Iterable<readonly KeyPicture[]>, verdicts: readonly Verdict[]): void {
    for (const keys of table) this.#sendTable(keys)
    if (verdicts.length > 0) this.#write({ kind: 'verdicts', verdicts })
  }

  /** Changes of the table, in order. */
  table(keys: readonly KeyPicture[]): void {
    if (this.#isFull) for (const change of keys) this.#merge(change)
    else this.#sendTable(keys)
  }

  verdicts(verdicts: readonly Verdict[]): void {
    if (!this.#isFull) this.#write({ kind: 'verdicts', verdicts })
    else for (const { name, isWell } of verdicts) this.#verdicts.set(name, isWell)
  }

  #merge({ key, algo, gone, nodes }: KeyPicture): void {
    for (const name of gone) this.#changes.leave(key, algo, name, this.#told.has(name))
    for (const node of nodes) this.#changes.join(key, algo, node)
  }

  #sendTable(keys: readonly KeyPicture[]): void {
    for (const { gone, nodes } of keys) {
      for (const name of gone) this.#told.delete(name)
      for (const { name } of nodes) this.#told.add(name)
    }
    this.#write({ kind: 'table', keys })
  }

  #write(message: ToGateway): void {
    let isTaken = false
    const isRoom = this.#send(message, () => {
      isTaken = true
      if (this.#isFull) this.#goOn()
    })
    this.#isFull = !isRoom && !isTaken
  }

  // What is sent last is written last: as long as that is not, more would pile up.
  #goOn(): void {
    this.#isFull = false
    const waiting = this.#changes.takeAll()
    const messages = inMessages(waiting)
    for (const keys of messages) {
      if (this.#isFull) for (const change of keys) this.#merge(change)
      else this.#sendTable(keys)
    }
    const verdicts = [...this.#verdicts].map(([name, isWell]): Verdict => ({ name, isWell }))
    this.#verdicts.clear()
    if (verdicts.length > 0) this.verdicts(verdicts)
  }
}

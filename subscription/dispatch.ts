// subscription/dispatch.ts: when gateways are told of a change: soon, but a large key not too often.
import type { KeyPicture, NodePicture } from '../base/picture.ts'
import { inMessages, KeyChanges } from './key-changes.ts'

export interface DispatchOptions {
  readonly publish: (keys: readonly KeyPicture[]) => void
  /** Milliseconds of a clock that only rises. */
  readonly now: () => number
  /** For how long new nodes are gathered. Those that leave are told at the end of the turn. */
  readonly gatherMs: number
}

// A change of a key costs each gateway a step for all nodes of that key: 10,000 take it 2 to 5 ms. So a large key is told
// of at most every n/100 ms, which is some 4 % of a gateway's time at worst. A first change is told without that wait.
const NODES_PER_MS = 100
const LONGEST_PAUSE_MS = 80
const SMALL = 100

interface Due {
  dueMs: number
  /** Nodes of the key. */
  size: number
}

export class Dispatch {
  readonly #publish: (keys: readonly KeyPicture[]) => void
  readonly #now: () => number
  readonly #gatherMs: number
  readonly #pending = new KeyChanges()
  readonly #told = new Set<string>() // names that gateways know
  readonly #due = new Map<string, Due>() // of each pending key
  readonly #restUntilMs = new Map<string, number>() // of large keys that were told of lately
  #wakeMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #immediate: NodeJS.Immediate | null = null

  constructor({ publish, now, gatherMs }: DispatchOptions) {
    this.#publish = publish
    this.#now = now
    this.#gatherMs = gatherMs
  }

  /** A node came or changed. @param size how many nodes the key has with it */
  join(key: string, algo: string, node: NodePicture, size: number): void {
    this.#pending.join(key, algo, node)
    this.#plan(key, size, this.#gatherMs)
  }

  /** @param size how many nodes the key has left */
  leave(key: string, algo: string, name: string, size: number): void {
    this.#pending.leave(key, algo, name, this.#told.has(name))
    this.#plan(key, size, 0)
  }

  /** Tells all there is to tell. */
  sendAll(): void {
    this.#send([...this.#due.keys()])
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#immediate !== null) clearImmediate(this.#immediate)
    this.#wakeMs = Number.NEGATIVE_INFINITY // nothing wakes it any more
  }

  #plan(key: string, size: number, waitMs: number): void {
    const now = this.#now()
    const dueMs = Math.max(now + waitMs, this.#restUntilMs.get(key) ?? 0)
    const due = this.#due.get(key)
    if (due === undefined) this.#due.set(key, { dueMs, size })
    else {
      due.dueMs = Math.min(due.dueMs, dueMs)
      due.size = size
    }
    this.#wakeAt(dueMs, now)
  }

  #wakeAt(dueMs: number, now: number): void {
    if (dueMs >= this.#wakeMs) return
    this.#wakeMs = dueMs
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (dueMs <= now) this.#immediate ??= setImmediate(() => this.#flush())
    else this.#timer = setTimeout(() => this.#flush(), Math.ceil(dueMs - now))
  }

  #flush(): void {
    const now = this.#now()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = this.#immediate = null
    this.#wakeMs = Number.POSITIVE_INFINITY
    for (const [key, untilMs] of this.#restUntilMs) if (untilMs <= now) this.#restUntilMs.delete(key)
    this.#send([...this.#due].flatMap(([key, { dueMs }]) => (dueMs <= now ? [key] : [])))
    for (const { dueMs } of this.#due.values()) this.#wakeAt(dueMs, now)
  }

  #send(keys: readonly string[]): void {
    const now = this.#now()
    const changes: KeyPicture[] = []
    for (const key of keys) {
      const { size } = this.#due.get(key)!
      this.#due.delete(key)
      if (size > SMALL) {
        this.#restUntilMs.set(key, now + Math.min(size / NODES_PER_MS, LONGEST_PAUSE_MS))
      }
      const change = this.#pending.take(key)
      if (change === null) continue
      changes.push(change)
      for (const name of change.gone) this.#told.delete(name)
      for (const { name } of change.nodes) this.#told.add(name)
    }
    for (const message of inMessages(changes)) this.#publish(message)
  }
}

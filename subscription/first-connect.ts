// subscription/first-connect.ts: connects to new nodes until it succeeds, so that one which announces itself before its
// application listens costs nobody a request.
import { connects, tryPlaces } from './connect.ts'
import type { NodeRecord } from './membership.ts'
import { type Addresses, endpointOf } from './node-picture.ts'
import type { Proof } from './proof.ts'
import { Slots } from './slots.ts'

export interface FirstConnectOptions {
  readonly addresses: Addresses
  /** Told of each try: whether the node fails. */
  readonly onTry?: (id: string, isFailing: boolean) => void
  /** Of one try. */
  readonly limitMs?: number
  /** Between tries; doubles up to the longest. */
  readonly firstPauseMs?: number
  readonly mostPauseMs?: number
  readonly mostAtOnce?: number
  readonly random?: () => number
}

interface Sought {
  record: NodeRecord
  readonly proven: () => void
  pauseMs: number
  timer: NodeJS.Timeout | null
  isTrying: boolean
  /** It changed while it was being tried: the next try comes at once. */
  isNew: boolean
  why: string
}

const LIMIT_MS = 1000
const FIRST_PAUSE_MS = 100
const MOST_PAUSE_MS = 5000
const MOST_AT_ONCE = 200
// However many there are, it comes to some 500 tries a second: those that never answer must not cost the others.
const MS_PER_NODE = 2
/** Of a pause: up to this share of it is cut, so that nodes which fail together are not tried together. */
const JITTER = 0.25

export class FirstConnects implements Proof {
  readonly #options: Required<Omit<FirstConnectOptions, 'mostAtOnce'>>
  readonly #slots: Slots
  readonly #sought = new Map<string, Sought>()

  constructor({
    addresses,
    onTry = () => {},
    limitMs = LIMIT_MS,
    firstPauseMs = FIRST_PAUSE_MS,
    mostPauseMs = MOST_PAUSE_MS,
    mostAtOnce = MOST_AT_ONCE,
    random = Math.random,
  }: FirstConnectOptions) {
    this.#options = { addresses, onTry, limitMs, firstPauseMs, mostPauseMs, random }
    this.#slots = new Slots(mostAtOnce)
  }

  seek(record: NodeRecord, proven: () => void): void {
    this.forget(record.id)
    const { firstPauseMs: pauseMs } = this.#options
    const sought = { record, proven, pauseMs, timer: null, isTrying: false, isNew: false, why: '' }
    this.#sought.set(record.id, sought)
    this.#try(sought)
  }

  hurry(record: NodeRecord): void {
    const sought = this.#sought.get(record.id)
    if (sought === undefined) return
    sought.record = record
    sought.pauseMs = this.#options.firstPauseMs
    if (sought.isTrying) sought.isNew = true
    else this.#try(sought)
  }

  forget(id: string): void {
    const sought = this.#sought.get(id)
    if (sought === undefined) return
    this.#sought.delete(id)
    this.#slots.forget(sought)
    if (sought.timer !== null) clearTimeout(sought.timer)
  }

  why(id: string): string {
    return this.#sought.get(id)?.why ?? ''
  }

  stop(): void {
    for (const id of this.#sought.keys()) this.forget(id)
  }

  #try(sought: Sought): void {
    if (sought.timer !== null) clearTimeout(sought.timer)
    sought.timer = null
    sought.isTrying = true
    this.#slots.run(sought, () => this.#connect(sought))
  }

  async #connect(sought: Sought): Promise<void> {
    sought.isNew = false
    const { addresses, limitMs, onTry } = this.#options
    const wrong = await tryPlaces(endpointOf(sought.record, addresses), limitMs, connects)
    const { id } = sought.record
    if (this.#sought.get(id) !== sought) return
    sought.isTrying = false
    onTry(id, wrong !== null)
    if (wrong === null) {
      this.#sought.delete(id)
      sought.proven()
      return
    }
    sought.why = wrong
    if (sought.isNew) this.#try(sought)
    else this.#tryLater(sought)
  }

  #tryLater(sought: Sought): void {
    const { mostPauseMs, random } = this.#options
    const leastMs = this.#sought.size * MS_PER_NODE
    const pauseMs = Math.max(sought.pauseMs, leastMs) * (1 - JITTER * random())
    sought.pauseMs = Math.min(sought.pauseMs * 2, mostPauseMs)
    sought.timer = setTimeout(() => this.#try(sought), pauseMs)
  }
}

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
  /** Tries that run, but for those that were silent so long already: while these wait, others have their turn. */
  readonly mostAtOnce?: number
  readonly quietMs?: number
  /** From so many on, silent ones count too. */
  readonly mostOpen?: number
  readonly random?: () => number
}

/** One address, and the nodes that wait for a connect to it: an instance that serves many keys is as many nodes. */
interface Sought {
  /** See {@link addressOf}. */
  readonly address: string
  /** Any of its nodes. */
  record: NodeRecord
  /** By id: who is told when it is proven. */
  readonly nodes: Map<string, () => void>
  pauseMs: number
  timer: NodeJS.Timeout | null
  isTrying: boolean
  /** A node of it came or changed while it was being tried: the next try comes at once. */
  isNew: boolean
  why: string
}

const LIMIT_MS = 1000
const FIRST_PAUSE_MS = 100
const MOST_PAUSE_MS = 5000
const MOST_AT_ONCE = 200
const QUIET_MS = 50
const MOST_OPEN = 1000
// However many there are, it comes to some 500 tries a second: those that never answer must not cost the others.
const MS_PER_ADDRESS = 2
/** Of a pause: up to this share of it is cut, so that those which fail together are not tried together. */
const JITTER = 0.25

export class FirstConnects implements Proof {
  readonly #options: Required<Omit<FirstConnectOptions, 'mostAtOnce'>>
  readonly #slots: Slots
  readonly #sought = new Map<string, Sought>() // by address
  readonly #byId = new Map<string, Sought>()
  #open = 0 // tries that run

  constructor({
    addresses,
    onTry = () => {},
    limitMs = LIMIT_MS,
    firstPauseMs = FIRST_PAUSE_MS,
    mostPauseMs = MOST_PAUSE_MS,
    mostAtOnce = MOST_AT_ONCE,
    quietMs = QUIET_MS,
    mostOpen = MOST_OPEN,
    random = Math.random,
  }: FirstConnectOptions) {
    this.#options = { addresses, onTry, limitMs, firstPauseMs, mostPauseMs, quietMs, mostOpen, random }
    this.#slots = new Slots(mostAtOnce)
  }

  seek(record: NodeRecord, proven: () => void): void {
    this.forget(record.id)
    const sought = this.#at(record)
    sought.nodes.set(record.id, proven)
    this.#byId.set(record.id, sought)
    this.#tryNow(sought, record)
  }

  hurry(record: NodeRecord): void {
    const sought = this.#byId.get(record.id)
    if (sought === undefined) return
    if (sought.address === addressOf(record)) this.#tryNow(sought, record)
    else this.seek(record, sought.nodes.get(record.id)!)
  }

  forget(id: string): void {
    const sought = this.#byId.get(id)
    if (sought === undefined) return
    this.#byId.delete(id)
    sought.nodes.delete(id)
    if (sought.nodes.size === 0) this.#end(sought)
  }

  why(id: string): string {
    return this.#byId.get(id)?.why ?? ''
  }

  stop(): void {
    for (const id of this.#byId.keys()) this.forget(id)
  }

  #at(record: NodeRecord): Sought {
    const address = addressOf(record)
    const known = this.#sought.get(address)
    if (known !== undefined) return known
    const rest = { pauseMs: 0, timer: null, isTrying: false, isNew: false, why: '' }
    const sought: Sought = { address, record, nodes: new Map(), ...rest }
    this.#sought.set(address, sought)
    return sought
  }

  #end(sought: Sought): void {
    if (this.#sought.get(sought.address) === sought) this.#sought.delete(sought.address)
    this.#slots.forget(sought)
    if (sought.timer !== null) clearTimeout(sought.timer)
  }

  #tryNow(sought: Sought, record: NodeRecord): void {
    sought.record = record
    sought.pauseMs = this.#options.firstPauseMs
    if (sought.isTrying) sought.isNew = true
    else this.#try(sought)
  }

  #try(sought: Sought): void {
    if (sought.timer !== null) clearTimeout(sought.timer)
    sought.timer = null
    sought.isTrying = true
    this.#slots.run(sought, () => this.#untilAnswered(sought))
  }

  // A machine that is gone answers nothing: hundreds of its addresses must not keep those of the others waiting, least of
  // all after a restart, when requests do.
  async #untilAnswered(sought: Sought): Promise<void> {
    const { quietMs, mostOpen } = this.#options
    this.#open++
    const over = this.#connect(sought).finally(() => this.#open--)
    const quiet = Promise.withResolvers<void>()
    const timer = setTimeout(quiet.resolve, quietMs)
    await Promise.race([over, quiet.promise])
    clearTimeout(timer)
    if (this.#open >= mostOpen) await over
  }

  async #connect(sought: Sought): Promise<void> {
    sought.isNew = false
    const { addresses, limitMs, onTry } = this.#options
    const wrong = await tryPlaces(endpointOf(sought.record, addresses), limitMs, connects)
    if (this.#sought.get(sought.address) !== sought) return
    sought.isTrying = false
    for (const id of sought.nodes.keys()) onTry(id, wrong !== null)
    if (wrong === null) return this.#prove(sought)
    sought.why = wrong
    if (sought.isNew) this.#try(sought)
    else this.#tryLater(sought)
  }

  #prove(sought: Sought): void {
    this.#end(sought)
    for (const [id, proven] of sought.nodes) {
      this.#byId.delete(id)
      proven()
    }
  }

  #tryLater(sought: Sought): void {
    const { mostPauseMs, random } = this.#options
    const leastMs = this.#sought.size * MS_PER_ADDRESS
    const pauseMs = Math.max(sought.pauseMs, leastMs) * (1 - JITTER * random())
    sought.pauseMs = Math.min(sought.pauseMs * 2, mostPauseMs)
    sought.timer = setTimeout(() => this.#try(sought), pauseMs)
  }
}

// Two nodes with the same text have the same endpoint: a stranger's host name may not lead everywhere, see endpointOf.
function addressOf({ node: { place }, isLocal, isStatic }: NodeRecord): string {
  return isLocal || isStatic ? place : `${place} of a stranger`
}

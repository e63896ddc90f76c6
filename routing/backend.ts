// routing/backend.ts: the group of nodes that serves one key, and which of them is next.

import type { HashOn } from '../base/picture.ts'
import type { Policy } from '../base/policy.ts'
import type { Balance } from './balance/balance.ts'
import { lots } from './balance/lots.ts'
import { goesByLoad, makeBalance } from './balance/policies.ts'
import type { Node } from './node.ts'
import type { WaitingQueue } from './queue.ts'
import { type Bench, Seat, type Standing } from './seat.ts'
import { SeatHeap } from './seat-heap.ts'

/** Somebody serves the key, but all who may be picked have as many exchanges in hand as they may. */
export const FULL = 'full'

export interface BackendRules {
  readonly policy: Policy
  /** From 0 up to, not including, 1; gateways should not draw alike (p2c, ewma). */
  readonly random: () => number
  /** No node is ejected while this share of those that can be connected to is already. */
  readonly mostEjectedShare: number
  /** In which a node that joins others, or rested, comes from a tenth of its traffic to all of it (smooth, p2c, ewma). */
  readonly slowStartMs: number
  /** Most exchanges in hand of a node that has no limit of its own; 0: no limit. */
  readonly limit: number
  /** What the text is made of that the policy 'hash' goes by. */
  readonly on: HashOn
  /** Name of the cookie that keeps a client at its node; '': none. */
  readonly sticky: string
  /** Exchanges that may wait for a node with room, and how long. */
  readonly queueLength: number
  readonly queueMs: number
}

export const DEFAULT_RULES: BackendRules = {
  policy: 'smooth',
  random: lots(1),
  mostEjectedShare: 0.5,
  slowStartMs: 0,
  limit: 0,
  on: { kind: 'address' },
  sticky: '',
  queueLength: 0,
  queueMs: 0,
}

// The nodes of one backup level. Level 0 serves; each other one only while none below it has a node in service.
interface Level {
  readonly rank: number
  readonly seats: Seat[]
  balance: Balance | null
  open: number
  full: number
}

/**
 * Live: a table that was replaced leads to the same backends, so an exchange that began with it retries among the nodes
 * of today. A node belongs to the backend that took it last.
 */
export class Backend implements Bench {
  nodes: readonly Node[] = []
  fallback: readonly Node[] = []
  readonly key: string
  /** Look-ups that found it since the counters were last told, and whether they look at it. */
  hits = 0
  isOnNews = false
  /** Those that wait for room, once somebody had to. */
  queue: WaitingQueue | null = null
  /** What {@link pickFor} needs as its key. */
  keyKind: 'none' | 'address' | 'text' = 'none'
  /** A pick needs nothing of the request, and tells nothing to the answer. */
  isPlain = true
  #rules: BackendRules
  #levels: Level[] = []
  #seats: readonly Seat[] = []
  #seatOf = new Map<Node, Seat>()
  #levelOf: Level[] = [] // levelOf[i] is that of seats[i]
  readonly #resting = new SeatHeap() // by the end of the rest
  #isSeating = false
  #isStale = false // another backend took nodes from here: their changes are not told any more

  /**
   * @param fallback nodes tried once none of `nodes` is left
   * @param key what it serves; '': all that has no key
   */
  constructor(
    nodes: readonly Node[],
    fallback: readonly Node[],
    rules: BackendRules = DEFAULT_RULES,
    key = '',
  ) {
    this.key = key
    this.#rules = rules
    this.renew(nodes, fallback, rules)
  }

  /**
   * Other nodes, or the same with other weights, limits or levels. Those that stay keep their turns. Costs a step or a few
   * for each node, so gather changes before.
   *
   * @param nodes in order of announcement
   */
  renew(nodes: readonly Node[], fallback: readonly Node[], rules = this.#rules): void {
    const goesOn = rules.policy === this.#rules.policy
    const before = goesOn ? this.#levels : []
    this.nodes = nodes
    this.fallback = fallback
    this.#rules = rules
    this.keyKind = keyKindOf(rules.policy)
    this.isPlain = this.keyKind === 'none' && rules.sticky === '' && rules.policy !== 'ewma'
    this.#isSeating = true
    this.#seat(goesOn)
    this.#isSeating = this.#isStale = false
    for (const level of this.#levels) {
      const { balance = null } = before.find(({ rank }) => rank === level.rank) ?? {}
      level.balance = makeBalance(rules, level.seats, this.#seats, balance)
    }
  }

  /**
   * Picks the node for one try: of the lowest level that has one in service; when none has, of the resting ones that
   * whose rest ends first. The last is why a backend of one node serves again as soon as that node does.
   *
   * @param now milliseconds, in the clock that nodes rest by
   * @param tried nodes that this exchange tried already, null for none
   * @param key what the policy hashes: the client's address (iphash), any text (hash); '' for the others
   * @returns null when nothing is left to try; {@link FULL} when it is worth waiting
   */
  pickFor(now: number, tried: readonly Node[] | null, key: string): Node | typeof FULL | null {
    this.#wake(now)
    if (tried !== null) this.#setAside(tried)
    const picked = this.#pickServing(now, tried, key)
    if (tried !== null) this.#bringBack(tried)
    return picked ?? this.#resting.firstWithout(tried)?.node ?? null
  }

  get rules(): BackendRules {
    return this.#rules
  }

  /** Whether one of its nodes may be picked, whosever turn it is. */
  isOpen(node: Node, now: number): boolean {
    this.#wake(now)
    return this.#seatOf.get(node)?.standing === 'open'
  }

  /** Whether some node is in service: open or full. Resting ones are not, though one may be picked as the last resort. */
  isServing(now: number): boolean {
    this.#wake(now)
    for (const level of this.#levels) if (level.open + level.full > 0) return true
    return false
  }

  /**
   * Lets a node rest that answers, but badly or late. The share is one of those that can be connected to, and counts the
   * ejected ones: a node that refuses connections rests without asking here, and must not keep one that hangs in service.
   * One may always be ejected. Nor does one on trial ask, which was ejected before.
   *
   * @param restMs the first rest; it grows up to `mostMs`
   * @returns false, and the node stays: it is not in service, or the last that is, or too many rest already
   */
  eject(node: Node, now: number, restMs: number, mostMs: number): boolean {
    this.#wake(now)
    const seat = this.#seatOf.get(node)
    if (seat === undefined) return false
    if (node.isOnTrial) {
      node.ejectUntil(now + node.health.nextRestMs(now, restMs, mostMs))
      return true
    }
    if (seat.standing !== 'open' && seat.standing !== 'full') return false
    let serving = 0
    for (const level of this.#levels) serving += level.open + level.full
    let ejected = 0
    if (this.#resting.size > 0)
      for (const each of this.#seats) if (each.standing === 'resting' && each.node.isEjected) ejected++
    const most = Math.max(1, Math.floor((serving + ejected) * this.#rules.mostEjectedShare))
    if (serving === 1 || ejected >= most) return false
    node.ejectUntil(now + node.health.nextRestMs(now, restMs, mostMs))
    return true
  }

  seatChanged(seat: Seat): void {
    if (!this.#isSeating) this.#settle(seat)
  }

  loadChanged(seat: Seat): void {
    if (this.#isSeating) return
    if (seat.node.limit > 0 || seat.node.isOnTrial) this.#settle(seat)
    this.#levelOf[seat.order]!.balance!.loaded(seat)
  }

  seatLost(): void {
    if (!this.#isSeating) this.#isStale = true
  }

  #seat(keepsTurns: boolean): void {
    const known = this.#seatOf
    const levels = new Map<number, Level>()
    this.#seatOf = new Map()
    this.#resting.clear()
    for (const node of this.nodes) this.#seatIn(levelAt(levels, node.backup), node, known)
    for (const node of this.fallback) this.#seatIn(levelAt(levels, Number.POSITIVE_INFINITY), node, known)
    for (const [node, seat] of known)
      if (!this.#seatOf.has(node) && node.watcher === seat) node.watcher = null
    this.#levels = [...levels.values()].sort((a, b) => a.rank - b.rank)
    this.#seats = [...this.#seatOf.values()]
    this.#levelOf = new Array(this.#seats.length)
    for (const level of this.#levels) for (const seat of level.seats) this.#levelOf[seat.order] = level
    if (keepsTurns) return
    for (const seat of this.#seats) {
      seat.turn = 0
      seat.credit = 0
    }
  }

  // A node that is named twice has the first of its places.
  #seatIn(level: Level, node: Node, known: ReadonlyMap<Node, Seat>): void {
    if (this.#seatOf.has(node)) return
    const old = known.get(node)
    const seat = old !== undefined && node.watcher === old ? old : new Seat(node, this)
    node.slowStartMs = this.#rules.slowStartMs
    node.tellsLoad = goesByLoad(this.#rules.policy)
    node.shareLimit(this.#rules.limit)
    seat.order = this.#seatOf.size
    seat.place = level.seats.length
    seat.standing = seat.currentStanding()
    count(level, seat.standing, 1)
    if (seat.standing === 'resting') this.#resting.add(seat, seat.restKey)
    level.seats.push(seat)
    this.#seatOf.set(node, seat)
  }

  #settle(seat: Seat): void {
    const { standing } = seat
    const next = seat.currentStanding()
    if (standing === next && next !== 'resting') return
    const level = this.#levelOf[seat.order]!
    count(level, standing, -1)
    if (standing === 'open') level.balance!.remove(seat)
    else if (standing === 'resting') this.#resting.remove(seat)
    seat.standing = next
    count(level, next, 1)
    if (next === 'open') level.balance!.add(seat)
    else if (next === 'resting') this.#resting.add(seat, seat.restKey)
  }

  #wake(now: number): void {
    if (this.#isStale) for (const seat of this.#seats) this.#settle(seat)
    while (this.#resting.topKey <= now) {
      const seat = this.#resting.top!
      seat.node.isAvailable(now) // ends the rest
      this.#settle(seat)
    }
  }

  #pickServing(now: number, tried: readonly Node[] | null, key: string): Node | typeof FULL | null {
    const levels = this.#levels
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!
      if (level.open > 0) return level.balance!.pick(now, tried, key)
      if (level.full > 0) return FULL
    }
    return null
  }

  // Those that were tried are closed for the length of one pick, so that no policy has to look for them.
  #setAside(tried: readonly Node[]): void {
    for (const node of tried) {
      const seat = this.#seatOf.get(node)
      if (seat === undefined || seat.isSetAside) continue
      const level = this.#levelOf[seat.order]!
      seat.isSetAside = true
      count(level, seat.standing, -1)
      if (seat.standing === 'open') level.balance!.remove(seat)
    }
  }

  #bringBack(tried: readonly Node[]): void {
    for (const node of tried) {
      const seat = this.#seatOf.get(node)
      if (seat === undefined || !seat.isSetAside) continue
      const level = this.#levelOf[seat.order]!
      seat.isSetAside = false
      count(level, seat.standing, 1)
      if (seat.standing === 'open') level.balance!.add(seat)
    }
  }
}

function keyKindOf(policy: Policy): Backend['keyKind'] {
  if (policy === 'hash') return 'text'
  return policy === 'iphash' ? 'address' : 'none'
}

function count(level: Level, standing: Standing, by: number): void {
  if (standing === 'open') level.open += by
  else if (standing === 'full') level.full += by
}

function levelAt(levels: Map<number, Level>, rank: number): Level {
  const known = levels.get(rank)
  if (known !== undefined) return known
  const level: Level = { rank, seats: [], balance: null, open: 0, full: 0 }
  levels.set(rank, level)
  return level
}

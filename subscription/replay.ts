// subscription/replay.ts: no signed packet counts twice. The command of a packet is not signed, and its time is all that
// is fresh in it: so of each key and address only what was signed later than the last is taken, whatever it commands.

/** Takes a clock that is wrong by a minute, and an unsubscribe of it. */
export const DEFAULT_SKEW_S = 90
/** Some 20 MB when they are all used. */
export const DEFAULT_MOST_MARKS = 100_000

export interface ReplayLimits {
  /** Oldest that is taken, in seconds (subscriptions-sign-check-tolerance). */
  readonly toleranceS: number
  /** How far ahead a sender's clock may be; at least 1, as an unsubscribe says the next second. */
  readonly skewS: number
  /** Nothing signed before is taken, unix seconds: the start, when marks of an earlier run are lost. 0: no such bound. */
  readonly notBeforeS: number
  /** Most pairs remembered in all. */
  readonly mostMarks: number
}

/**
 * The last accepted second of each key and address, grouped by owner: the public key's file. A group that is full forgets
 * what it took longest ago, and from then on takes from pairs it does not know only what is newer than that (`floorS`). So
 * memory is bounded, no replay slips through, and who fills it harms only his own key.
 */
interface Group {
  floorS: number
  readonly marks: Map<string, number> // "key address" -> unix; in the order of acceptance
}

/** As JSON has it: [owner, floor, [[pair, unix], …]]. */
export type ReplayState = readonly (readonly [string, number, readonly (readonly [string, number])[]])[]

export class ReplayGuard {
  #limits: ReplayLimits
  readonly #groups = new Map<string, Group>()
  #size = 0

  constructor(limits: ReplayLimits) {
    this.#limits = limits
  }

  /** A reload may have changed them. */
  setLimits(limits: ReplayLimits): void {
    this.#limits = limits
  }

  /** Pairs remembered. */
  get size(): number {
    return this.#size
  }

  /**
   * Whether a packet's time is right; changes nothing, so that it may be asked before the dear check of the signature.
   *
   * @param owner name of the public key's file
   * @param key canonical
   * @param address as sent
   * @returns why not; null: right
   */
  refusal(
    owner: string,
    key: string,
    address: string,
    unix: number,
    nowS: number,
  ): 'too-new' | 'too-old' | 'before-start' | 'replayed' | null {
    const { toleranceS, skewS, notBeforeS } = this.#limits
    if (unix > nowS + skewS) return 'too-new'
    if (unix < nowS - toleranceS) return 'too-old'
    if (unix < notBeforeS) return 'before-start'
    const group = this.#groups.get(owner)
    if (group === undefined) return null
    return unix > (group.marks.get(pairOf(key, address)) ?? group.floorS) ? null : 'replayed'
  }

  /** Remembers a packet whose time was right and whose signature was, too. */
  accept(owner: string, key: string, address: string, unix: number): void {
    const group = this.#group(owner)
    const pair = pairOf(key, address)
    const before = group.marks.get(pair)
    if (before === undefined) this.#size++
    else group.marks.delete(pair) // to the end: it was accepted last
    group.marks.set(pair, Math.max(unix, before ?? 0))
    if (this.#size > this.#limits.mostMarks) this.#forgetOne()
  }

  /** Drops what is too old to be taken again in any case; now and then. */
  forget(nowS: number): void {
    const oldest = nowS - this.#limits.toleranceS
    for (const [owner, { floorS, marks }] of this.#groups) {
      for (const [pair, unix] of marks) if (unix < oldest && marks.delete(pair)) this.#size--
      if (marks.size === 0 && floorS < oldest) this.#groups.delete(owner)
    }
  }

  /** Everything that a later run must know. */
  exportState(): ReplayState {
    return [...this.#groups].map(([owner, { floorS, marks }]) => [owner, floorS, [...marks]])
  }

  /**
   * Takes over what an earlier run exported, beside what is known already.
   *
   * @param state parsed JSON of any shape
   * @returns false, changing nothing, when it is no such state
   */
  importState(state: unknown): boolean {
    if (!isReplayState(state)) return false
    for (const [owner, floorS, marks] of state) {
      const group = this.#group(owner)
      group.floorS = Math.max(group.floorS, floorS)
      for (const [pair, unix] of marks) {
        const [key = '', address = ''] = pair.split(' ')
        this.accept(owner, key, address, unix)
      }
    }
    return true
  }

  #group(owner: string): Group {
    const known = this.#groups.get(owner)
    if (known !== undefined) return known
    const group: Group = { floorS: 0, marks: new Map() }
    this.#groups.set(owner, group)
    return group
  }

  // Of the largest group: an owner with few nodes loses none to one who announces thousands.
  #forgetOne(): void {
    let largest: Group | null = null
    for (const group of this.#groups.values())
      if (largest === null || group.marks.size > largest.marks.size) largest = group
    for (const [pair, unix] of largest?.marks ?? []) {
      largest!.floorS = Math.max(largest!.floorS, unix)
      largest!.marks.delete(pair)
      this.#size--
      return
    }
  }
}

// Neither has blanks in it, as the reader of packets sees to.
function pairOf(key: string, address: string): string {
  return `${key} ${address}`
}

function isReplayState(state: unknown): state is ReplayState {
  return (
    Array.isArray(state) &&
    state.every(
      group =>
        Array.isArray(group) &&
        typeof group[0] === 'string' &&
        isSecond(group[1]) &&
        Array.isArray(group[2]) &&
        group[2].every(
          (mark: unknown) =>
            Array.isArray(mark) &&
            typeof mark[0] === 'string' &&
            /^[!-~]+ [!-~]+$/.test(mark[0]) &&
            isSecond(mark[1]),
        ),
    )
  )
}

function isSecond(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

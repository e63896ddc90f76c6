// gateway/roster.ts: who is here just now. Linked through the members themselves: joining and leaving allocate nothing.
// Not a Set: it makes a new table whenever the old one is full of those who left, and each table leads to the next. So one
// that has grown old keeps all later ones, and whoever stood in them, until a full collection: 100 MB at 15,000
// connections a second.

/** What can be on one roster at a time. Both fields belong to it. */
export interface Listed<T> {
  rosterNext: T | null
  rosterPrevious: T | null
}

export class Roster<T extends Listed<T>> {
  #first: T | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @param member on no roster */
  add(member: T): void {
    const first = this.#first
    member.rosterNext = first
    if (first !== null) first.rosterPrevious = member
    this.#first = member
    this.#size++
  }

  /** Harmless when it is not here. */
  remove(member: T): void {
    const { rosterNext, rosterPrevious } = member
    if (rosterPrevious !== null) rosterPrevious.rosterNext = rosterNext
    else if (this.#first === member) this.#first = rosterNext
    else return
    if (rosterNext !== null) rosterNext.rosterPrevious = rosterPrevious
    member.rosterNext = member.rosterPrevious = null
    this.#size--
  }

  /** All of them as of now: they may leave while the caller goes through them. */
  members(): T[] {
    const all: T[] = []
    for (let member = this.#first; member !== null; member = member.rosterNext) all.push(member)
    return all
  }
}

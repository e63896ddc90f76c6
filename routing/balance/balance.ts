// routing/balance/balance.ts: what every way to balance does: keep the seats of one level that are open, and pick one.
import type { Node } from '../node.ts'
import type { Seat } from '../seat.ts'

/** Made from the seats of a level as they stand; told of each change from then on. */
export interface Balance {
  /** The seat opened: its node may be picked. */
  add(seat: Seat): void
  /** The seat is open no more. */
  remove(seat: Seat): void
  /** The node of the seat, open or not, has more or fewer exchanges in hand. Told where the policy goes by that. */
  loaded(seat: Seat): void
  /**
   * Once per try; allocates nothing.
   *
   * @param now milliseconds, in the clock that nodes rest by
   * @param tried nodes not to pick again, null for none; their seats were removed for the length of this pick
   * @param key what the exchange is hashed by: the client's address (iphash), any text (hash); else not looked at
   * @returns null when no seat is open
   */
  pick(now: number, tried: readonly Node[] | null, key: string): Node | null
}

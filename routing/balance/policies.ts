// routing/balance/policies.ts: the ways to balance, by the names they have in configs and packets.
import type { Policy } from '../../base/policy.ts'
import type { Seat } from '../seat.ts'
import type { Balance } from './balance.ts'
import { HashRing } from './hash-ring.ts'
import { IpHash } from './ip-hash.ts'
import { LeastRequests } from './least-requests.ts'
import { RoundRobin } from './round-robin.ts'
import { TurnHeap } from './turn-heap.ts'
import { TwoChoices } from './two-choices.ts'
import { Wrr } from './wrr.ts'

/** Up to here looking at every node costs no more than a heap does, and gives turns to a node that rested at once. */
const FEW = 16

/** What a level is balanced by. */
export interface BalanceNeeds {
  readonly policy: Policy
  /** From 0 up to, not including, 1 (p2c, ewma). */
  readonly random: () => number
}

/** Whether its balances have to be told of {@link Balance.loaded}; those of the others ask, or do not care. */
export function goesByLoad(policy: Policy): boolean {
  return policy === 'lrc' || policy === 'wlrc' || policy === 'hash'
}

/**
 * @param seats of one level, `place` and `standing` set
 * @param all of every level, in order of announcement
 * @param before what balanced the level until now, so that turns go on; null for none
 */
export function makeBalance(
  needs: BalanceNeeds,
  seats: readonly Seat[],
  all: readonly Seat[],
  before: Balance | null,
): Balance {
  switch (needs.policy) {
    case 'smooth':
      return smoothTurns(seats, before)
    case 'wrr':
      return new Wrr(seats, all)
    case 'lrc':
    case 'wlrc':
      return new LeastRequests(seats, needs.policy === 'wlrc')
    case 'iphash':
      return new IpHash(seats)
    case 'p2c':
    case 'ewma':
      return new TwoChoices(seats, needs.policy === 'ewma', needs.random)
    case 'hash':
      return new HashRing(seats)
  }
}

function smoothTurns(seats: readonly Seat[], before: Balance | null): Balance {
  if (seats.length > FEW) return new TurnHeap(seats, before instanceof TurnHeap ? before : null)
  return new RoundRobin(
    seats.map(seat => seat.node),
    before instanceof RoundRobin ? before : null,
  )
}

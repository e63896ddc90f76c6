// routing/rules/ask.ts: what a rule wants to know of the world before it can go on. The gateway fulfils it, and the chain is
// resumed with the answer.
import type { Run } from './run.ts'

/** What a rule's action tells the chain. */
export type Code = typeof NEXT | typeof LAST | typeof BREAK | typeof JUMP | typeof ASK
export const NEXT = 0 // on with the following rule
export const LAST = 1 // this chain is over, the request goes on
export const BREAK = 2 // the request is answered by what was produced, or by nothing
export const JUMP = 3 // on with the rule run.jump
export const ASK = 4 // run.ask says what for

/** What a rule's test tells the chain: besides these, {@link BREAK} (it cannot be told) and {@link ASK}. */
export type Found = typeof MISS | typeof HIT | typeof BREAK | typeof ASK
export const MISS = 0
export const HIT = 5

export interface Ask {
  /** Who fulfils it: see gateway/asks/. */
  readonly kind: 'file' | 'password' | 'auth' | 'js'
  /** For those who do. */
  readonly data: unknown
  /** Goes on with their answer; it must bear any. @returns a Code for an action's ask, what it found for a test's */
  settle(run: Run, answer: unknown): Code | typeof HIT
}

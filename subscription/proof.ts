// subscription/proof.ts: what has to be shown of a new node before it gets traffic: that it can be connected to, or that
// it passes its checks.
import type { NodeRecord } from './membership.ts'

export interface Proof {
  /** @param proven called once it is shown, never before this returns, nor after {@link Proof.forget} */
  seek(record: NodeRecord, proven: () => void): void
  /** There is something new about a node that is sought: it is tried again at once. Harmless for others. */
  hurry(record: NodeRecord): void
  /** It need not be shown any more. */
  forget(id: string): void
  /** Why it is not shown yet, in words; '' when nothing was tried. */
  why(id: string): string
}

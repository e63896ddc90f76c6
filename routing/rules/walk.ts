// routing/rules/walk.ts: which rules of a long chain are worth a try.
import type { ChainPicture } from '../../base/rules-picture.ts'
import type { Run } from './run.ts'

export interface Walk {
  /** Forgets the request before. */
  begin(): void
  /** First rule from there on that may act, or cannot be told; the length of the chain: none. */
  next(run: Run, from: number): number
}

export function walkOf(_picture: ChainPicture): Walk | null {
  return null
}

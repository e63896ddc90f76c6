// bench/gate.ts: whether Sluice became dearer than the committed figures, beyond the noise they were measured with.
import type { Figures, PeerFigures } from './figures.ts'
import type { PeerResult, RowResult } from './result.ts'
import type { Spread } from './spread.ts'

const GUARDED = 'sluice'
/** Two runs on one quiet machine differ by as much. */
const LEAST_NOISE = 0.03
/** A system call more in every fifth request is no chance. */
const MORE_CALLS = 0.2

/**
 * A row fails when its median lies above the committed one by more than the span of that one's quartiles, or 3 % when
 * that is more: ratios where CPU time counts, as they travel between machines, else bytes. System calls are compared
 * where both have them.
 *
 * @returns a line for each row: what was compared, and whether it failed
 */
export function judge(
  figures: Figures,
  results: readonly RowResult[],
): { readonly line: string; readonly failed: boolean }[] {
  return results.flatMap(result => {
    const then = figures.rows[result.row]?.peers[GUARDED]
    const now = result.peers.find(({ name }) => name === GUARDED)
    if (now === undefined) return []
    if (then === undefined) return [{ line: `${result.row}: no figures to compare with`, failed: true }]
    return [...judgeCost(result, then, now), ...judgeCalls(result.row, then, now)]
  })
}

function judgeCost(result: RowResult, then: PeerFigures, now: PeerResult) {
  const isMemory = result.unit === 'bytes'
  const [before, after] = isMemory ? [then.cost, now.cost] : [then.ratio, now.ratio]
  if (before === null || after === null)
    return [{ line: `${result.row}: ${result.comparedWith} was not measured`, failed: true }]
  const limit = before.median + noise(before)
  const failed = after.median > limit
  const text = (value: number) => (isMemory ? value.toFixed(0) : value.toFixed(3))
  const verdict = failed ? 'DEARER' : 'ok'
  const line = `${result.row}: ${text(after.median)}, was ${text(before.median)}, limit ${text(limit)}: ${verdict}`
  return [{ line, failed }]
}

function noise({ low, median, high }: Spread): number {
  return Math.max(high - low, LEAST_NOISE * median)
}

function judgeCalls(row: string, then: PeerFigures, now: PeerResult) {
  const before = then.systemCalls
  const after = now.systemCalls?.perRequest
  if (before === null || after === undefined) return []
  const failed = after > before + MORE_CALLS
  const verdict = failed ? 'MORE' : 'ok'
  const line = `${row}: ${after.toFixed(2)} system calls a request, was ${before.toFixed(2)}: ${verdict}`
  return [{ line, failed }]
}

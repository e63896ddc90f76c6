// base/nearest.ts: the name that a wrong one was probably meant to be.

/** @returns null when nothing is near */
export function nearestOf(written: string, names: Iterable<string>): string | null {
  const name = written.toLowerCase().replaceAll('_', '-')
  let best: string | null = null
  let bestCost = Math.min(3, Math.ceil(name.length / 3)) + 0.5
  for (const known of names) {
    const cost = distance(name, known, bestCost)
    if (cost >= bestCost) continue
    best = known
    bestCost = cost
  }
  return best
}

/**
 * Insertions, deletions, replacements, and neighbours swapped ("wrokers"), each at cost 1.
 *
 * @param limit beyond which any number does
 */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY
  let twoAbove: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, twoAbove[j - 2]! + 1)
      }
    }
    twoAbove = above
    above = row
  }
  return above[b.length]!
}

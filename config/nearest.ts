// config/nearest.ts: the known name that a wrong one was probably meant to be.
import { allNames } from './table.ts'

/** A remedy for an unknown name. @param dashes what stands before names where it was written: "--" or "" */
export function didYouMean(written: string, dashes: '--' | '' = ''): string {
  const nearest = nearestName(written)
  if (nearest !== null) return `Did you mean "${dashes}${nearest}"?`
  return 'See "sluice --help" for all options'
}

/** @returns null when nothing is near; among equals, names that Sluice supports come first */
export function nearestName(written: string): string | null {
  const name = written.toLowerCase().replaceAll('_', '-')
  let best: string | null = null
  let bestCost = Math.min(3, Math.ceil(name.length / 3)) + 0.5
  for (const known of allNames()) {
    const penalty = known.ours === null ? 0.5 : 0
    const cost = distance(name, known.name, bestCost) + penalty
    if (cost < bestCost) {
      best = known.name
      bestCost = cost
    }
  }
  return best
}

// Insertions, deletions, replacements, and neighbours swapped ("wrokers"), each at cost 1.
function distance(a: string, b: string, limit: number): number {
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

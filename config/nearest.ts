// config/nearest.ts: the known name that a wrong one was probably meant to be.
import { distance } from '../base/nearest.ts'
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

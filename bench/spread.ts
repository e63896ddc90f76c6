// bench/spread.ts: what many rounds say together: the median, and the quartiles for how sure it is.

export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** Median and quartiles. @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => {
    const place = (sorted.length - 1) * part
    const below = sorted[Math.floor(place)]!
    return below + (sorted[Math.ceil(place)]! - below) * (place % 1)
  }
  return { low: at(0.25), median: at(0.5), high: at(0.75) }
}

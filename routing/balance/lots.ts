// routing/balance/lots.ts: numbers as good as random for drawing lots, the same again for the same seed.
import { mixed } from './text-hash.ts'

/** The golden ratio of 2^32: steps of it come by every number before one comes again. */
const STEP = 0x9e3779b9

/**
 * @param seed a whole number; gateways should differ in theirs, or they draw alike
 * @returns draws from 0 up to, not including, 1
 */
export function lots(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + STEP) | 0
    return mixed(state) / 2 ** 32
  }
}

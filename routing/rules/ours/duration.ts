// routing/rules/ours/duration.ts: times as rules of ours spell them.
import { WrongRule } from '../action.ts'

/** "50ms", "2s". @returns milliseconds, from 1 to `most` */
export function readDuration(text: string, most: number): number {
  const [, count, unit] = /^(\d{1,6})(ms|s)$/.exec(text) ?? []
  const ms = Number(count) * (unit === 's' ? 1_000 : 1)
  if (count === undefined || ms < 1 || ms > most) {
    throw new WrongRule(`"${text}" is no time`, `Write one such as 50ms or 2s, at most ${most / 1_000}s`)
  }
  return ms
}

// gateway/boundary.ts: the error boundary around each entry from the event loop. A defect of ours ends the one connection
// it happened on, is counted, and is told once a minute per place; the process goes on.

/** A defect met: `place` is the entry it happened under. `stack` goes to the event log, never to a client. */
export type DefectListener = (place: string, error: unknown, count: number) => void

const QUIET_MS = 60_000
const counts = new Map<string, number>()
const toldAt = new Map<string, number>()
let listener: DefectListener = () => {}

export function onDefect(tell: DefectListener): void {
  listener = tell
}

/** Calls fn(target, argument); when it throws, abandons `target`. No closure, so that it costs nothing when all is well. */
export function guard<T extends { abandon(): void }, A>(
  place: string,
  target: T,
  fn: (target: T, argument: A) => void,
  argument?: A,
): void {
  try {
    fn(target, argument as A)
  } catch (error) {
    reportDefect(place, error)
    try {
      target.abandon()
    } catch (another) {
      reportDefect(`${place}, abandoning`, another)
    }
  }
}

export function reportDefect(place: string, error: unknown): void {
  const count = (counts.get(place) ?? 0) + 1
  counts.set(place, count)
  const now = Date.now()
  if (now - (toldAt.get(place) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
  toldAt.set(place, now)
  listener(place, error, count)
}

// test/long/rule-load.ts: `npm run long:rule-load`: 10 MB of route rules are loaded, and others put in force ten times while
// requests come. Prints how long that takes, how long a request waits at most, and the memory; it fails only far from what is
// promised, as machines differ. Take a quiet one for figures to keep.
//
//   BYTES=1e6 MIX=rich RELOADS=3 npm run long:rule-load
import t from 'tap'
import type { Mix } from '../support/many-rules.ts'
import { loadRules } from '../support/rule-load.ts'

const BYTES = Number(process.env.BYTES ?? 1e7)
const MIX = (process.env.MIX ?? 'both') as Mix
const RELOADS = Number(process.env.RELOADS ?? 10)
const MOST_START_MS = 20_000
const MOST_WAIT_MS = 500
/** Between the third reload and the last one. */
const MOST_GROWTH = 1.5

t.setTimeout(600_000)

t.test(`${BYTES / 1e6} MB of rules, ${MIX}`, async t => {
  const { rules, startMs, emptyStartMs, reloads } = await loadRules(t, BYTES, MIX, RELOADS)
  t.comment(`${rules} rules; start ${startMs.toFixed()} ms, without rules ${emptyStartMs.toFixed()} ms`)
  for (const { tookMs, longestMs, masterMs, master, gateway } of reloads) {
    t.comment(
      `reload ${tookMs.toFixed()} ms; longest wait for an answer ${longestMs.toFixed(1)} ms, for the master ${masterMs.toFixed()} ms; ` +
        `master ${megabytes(master)} MB, gateway ${megabytes(gateway)} MB`,
    )
  }
  t.ok(startMs < MOST_START_MS, 'it starts')
  t.ok(Math.max(...reloads.map(({ longestMs }) => longestMs)) < MOST_WAIT_MS, 'no request waits for long')
  const [early, last] = [reloads[2], reloads.at(-1)]
  if (early !== undefined && last !== undefined && reloads.length > 5) {
    t.ok(last.gateway < early.gateway * MOST_GROWTH, 'the gateway forgets old rules')
    t.ok(last.master < early.master * MOST_GROWTH, 'so does the master')
  }
})

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed()
}

// test/master/rule-load.test.ts: a megabyte of rules is put in force under traffic: the short form of `npm run long:rule-load`.
import t from 'tap'
import { loadRules } from '../support/rule-load.ts'

t.test('a megabyte of rules is loaded and replaced, and requests go on meanwhile', async t => {
  const { rules, startMs, reloads } = await loadRules(t, 1e6, 'both', 2)
  t.ok(rules > 15_000)
  t.ok(startMs < 15_000)
  for (const { longestMs } of reloads) t.ok(longestMs < 1_000, `a request waited ${longestMs} ms`)
})

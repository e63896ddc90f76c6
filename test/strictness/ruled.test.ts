// test/strictness/ruled.test.ts: malformed and ambiguous messages where route rules write into every request and every
// answer: what they write changes no verdict.
import t from 'tap'
import { runCases } from './suite.ts'

t.setTimeout(60_000)

const RULES = [
  'route-run = set-header:X-Rule: 1',
  'route-run = addvar:HTTP_X_RULED_TOO=2',
  'add-header = X-Ruled: 1',
]

t.test('each case before an http node', t => runCases(t, 'http', RULES))
t.test('each case before a uwsgi node', t => runCases(t, 'uwsgi', RULES))

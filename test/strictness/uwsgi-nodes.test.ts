// test/strictness/uwsgi-nodes.test.ts: malformed and ambiguous messages before a node that speaks uwsgi.
import t from 'tap'
import { runCases } from './suite.ts'

t.setTimeout(60_000)

t.test('each case before a gateway', t => runCases(t, 'uwsgi'))

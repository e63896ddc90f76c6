// test/strictness/http-nodes.test.ts: malformed and ambiguous messages before a node that speaks HTTP; and the tables.
import t from 'tap'
import { CASES, isRequestCase, nameOf } from './cases.ts'
import { runCases } from './suite.ts'
import { TOPICS } from './topics.ts'

t.setTimeout(60_000)

t.test('the tables have many cases, each once', async t => {
  const names = CASES.map(nameOf)
  t.ok(CASES.filter(isRequestCase).length >= 250, 'requests')
  t.ok(CASES.filter(one => !isRequestCase(one)).length >= 150, 'answers')
  t.same(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  )
  t.same(
    [...new Set(CASES.map(({ topic }) => topic))],
    Object.keys(TOPICS),
    'every topic is explained, in the order of its cases',
  )
})

t.test('each case before a gateway', t => runCases(t, 'http'))

// bench/rows/rules.ts: rows with route rules, against locations of nginx and ACLs of HAProxy.
import { type Row, requests, USUAL } from '../row.ts'
import { pathFor, type RuleSet } from '../rule-set.ts'

/** µs that 5,000 rules with a literal in them may add to a request. */
const INDEXED_GOAL = 1.5

export const RULE_ROWS: readonly Row[] = [
  ...[10, 100, 1_000, 5_000].map(count =>
    row(`rules-${count}`, `the last of ${count} regular expressions on the path matches`, paths(count), {
      ...(count === 5_000 ? { rulesGoal: INDEXED_GOAL } : {}),
    }),
  ),
  row('rules-none', 'none of 5,000 regular expressions on the path matches', paths(5_000, false), {
    rulesGoal: INDEXED_GOAL,
  }),
  row('rules-hosts', '1,000 rules on the host, of which the last one matches', {
    kind: 'hosts',
    count: 1_000,
  }),
  row('rules-settings', '50 rules set a variable or a field of the answer before one matches', {
    kind: 'settings',
    count: 50,
  }),
  row(
    'rules-unindexable',
    '50 regular expressions without a text that every match has; the last one matches',
    {
      kind: 'paths',
      count: 50,
      isIndexable: false,
      hits: true,
    },
    { goal: 1 },
  ),
]

function paths(count: number, hits = true): RuleSet {
  return { kind: 'paths', count, isIndexable: true, hits }
}

function row(name: string, about: string, rules: RuleSet, goals: Pick<Row, 'goal' | 'rulesGoal'> = {}): Row {
  return { ...USUAL, name, about, load: requests({ path: pathFor(rules) }), rules, ...goals }
}

// test/routing/rules/grammar.test.ts: how the line of a rule is taken apart.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import t from 'tap'
import type { Form } from '../../../config/route-families.ts'
import { WrongRule } from '../../../routing/rules/action.ts'
import { splitRule } from '../../../routing/rules/grammar.ts'

type SplitForm = Exclude<Form, 'label'>

for (const [behaviour, form, text, head, action] of [
  [
    'the first blank ends the pattern',
    'regex',
    '^/a send:b c: d',
    { kind: 'regex', pattern: '^/a' },
    { name: 'send', args: 'b c: d' },
  ],
  [
    'the first colon ends the name of the action',
    'regex',
    '^/a redirect:http://b/',
    { kind: 'regex', pattern: '^/a' },
    { name: 'redirect', args: 'http://b/' },
  ],
  [
    'colons in a pattern mean nothing',
    'regex',
    '^(?:a|b)$ last:',
    { kind: 'regex', pattern: '^(?:a|b)$' },
    { name: 'last', args: '' },
  ],
  [
    'quotes mean nothing',
    'regex',
    '"^/a" last:',
    { kind: 'regex', pattern: '"^/a"' },
    { name: 'last', args: '' },
  ],
  ['blanks in arguments stay', 'action', 'send:  a  b', { kind: 'action' }, { name: 'send', args: '  a  b' }],
  [
    'a rule that always acts is an action alone',
    'action',
    'addheader:X: y z',
    { kind: 'action' },
    { name: 'addheader', args: 'X: y z' },
  ],
  [
    'a condition has a name and arguments',
    'condition',
    'equal:${A:B};c:d last:',
    { kind: 'condition', name: 'equal', args: '${A:B};c:d' },
    { name: 'last', args: '' },
  ],
  [
    'a condition may have no arguments',
    'condition',
    'empty: last:',
    { kind: 'condition', name: 'empty', args: '' },
    { name: 'last', args: '' },
  ],
  [
    'a status is a number',
    'status',
    '502 redirect:/sorry',
    { kind: 'status', status: 502 },
    { name: 'redirect', args: '/sorry' },
  ],
  [
    'a name stands before the pattern',
    'named',
    'X-Beta ^yes$ key:beta',
    { kind: 'named', name: 'X-Beta', pattern: '^yes$' },
    { name: 'key', args: 'beta' },
  ],
  ['actions may be signs', 'regex', 'a +:N,2', { kind: 'regex', pattern: 'a' }, { name: '+', args: 'N,2' }],
] as const) {
  t.test(behaviour, async t => t.same(splitRule(form, text), [head, action]))
}

for (const [behaviour, form, text, problem, remedy] of [
  ['a pattern alone is no rule', 'regex', '^/a', 'the action is missing', 'Write REGEX ACTION:ARGS'],
  [
    'a second blank would be part of the name',
    'regex',
    '^/a  last:',
    'more than one blank stands before the action',
    'Write one: the second one counts as part of its name',
  ],
  [
    'a tab separates nothing',
    'regex',
    '^/a\tlast:',
    'a tab does not separate the action from what is before it',
    'Write one blank in its place',
  ],
  [
    'a blank inside a pattern ends it',
    'regex',
    '^/a b last:',
    'the name of the action would be "b last"',
    'A blank ends the pattern: write \\s or \\x20 for one inside it, and one blank before the action',
  ],
  [
    'the colon is mandatory',
    'regex',
    '^/a last',
    'the action "last" has no colon',
    'Write last: and its arguments, if it has any',
  ],
  [
    'the colon is mandatory without a pattern, too',
    'action',
    'last',
    'the action "last" has no colon',
    'Write last: and its arguments, if it has any',
  ],
  [
    'an action has a name',
    'action',
    ':a',
    'the name of the action is missing',
    'Write the action behind one blank, with its colon: last:',
  ],
  [
    'a condition has a colon',
    'condition',
    'empty last:',
    'the condition "empty" has no colon',
    'Write empty: and its arguments',
  ],
  [
    'a condition has a name',
    'condition',
    ':a last:',
    'the name of the condition is missing',
    'Write CONDITION:ARGS ACTION:ARGS',
  ],
  [
    'a status has three digits',
    'status',
    '5xx last:',
    '"5xx" is no status',
    'Write a number from 100 to 599',
  ],
  [
    'a named subject needs a pattern',
    'named',
    'X-Beta last:',
    'the action is missing',
    'Write NAME REGEX ACTION:ARGS',
  ],
  ['nothing is no rule', 'regex', ' ', 'the action is missing', 'Write REGEX ACTION:ARGS'],
] as const) {
  t.test(behaviour, async t => {
    const wrong = wrongOf(() => splitRule(form as SplitForm, text))
    t.type(wrong, WrongRule)
    t.match(wrong, { message: problem, remedy })
  })
}

function wrongOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

// test/config/routes.test.ts: route rules and header edits as options: their order, their texts, and what is wrong at sight.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import t from 'tap'
import { ruleOption } from '../../config/route-lines.ts'
import { configOf, folderOf, placeText, problemsOf, warningsOf } from './folder.ts'

t.test('rules of all options stand in the order of their lines, wherever they were written', async t => {
  const folder = folderOf(t, {
    'a.ini':
      '[sluice]\nhttp = :0\nroute-host = ^a$ last:\ninclude = %dmore.ini\nroute = ^/c last:\nerror-route-status = 502 last:\n',
    'more.ini':
      '[other]\nroute = no last:\n[sluice]\nroute-run = log:b\nfinal-route-if-not = empty:${X} donotlog:\n',
  })
  const { rules } = configOf(folder.load('--route-label', 'FIRST', 'a.ini'))
  t.same(
    rules.map(rule => [
      ruleOption(rule),
      rule.chain,
      rule.family,
      rule.value,
      placeText(rule.place).replace(/.*\//, ''),
    ]),
    [
      ['route-label', 'request', 'label', 'FIRST', 'command line'],
      ['route-host', 'request', 'host', '^a$ last:', 'a.ini:3'],
      ['route-run', 'request', 'run', 'log:b', 'more.ini:4'],
      ['final-route-if-not', 'final', 'if-not', 'empty:${X} donotlog:', 'more.ini:5'],
      ['route', 'request', 'path', '^/c last:', 'a.ini:5'],
      ['error-route-status', 'error', 'status', '502 last:', 'a.ini:6'],
    ],
  )
})

t.test('blanks inside a rule stay as they are, and a doubled percent sign is one', async t => {
  const folder = folderOf(t, {
    'a.ini':
      '[sluice]\nhttp = :0\nset-ph = where=/new\nroute =  ^/a%%20b$  send:  a  b  \nroute = ^/x redirect:%(where)\n',
  })
  const { rules } = configOf(folder.load('a.ini'))
  t.same(
    rules.map(({ value }) => value),
    ['^/a%20b$  send:  a  b', '^/x redirect:/new'],
  )
})

t.test('header edits keep the order of their lines, too', async t => {
  const folder = folderOf(t, {
    'a.ini':
      '[sluice]\nhttp = :0\nadd-header = A: 1\ndel-header = Server\nresponse-header-collect = X-User USER\nadd-header = B: 2\npull-header = X-File FILE\n',
  })
  t.same(
    configOf(folder.load('a.ini')).headers.map(({ kind, value }) => [kind, value]),
    [
      ['add', 'A: 1'],
      ['remove', 'Server'],
      ['collect', 'X-User USER'],
      ['add', 'B: 2'],
      ['pull', 'X-File FILE'],
    ],
  )
})

for (const [line, problem] of [
  [
    'route =',
    'option "route" cannot be "": it has no value. Write REGEX ACTION:ARGS, such as ^/old redirect-permanent:/new.',
  ],
  [
    'add-header = Server',
    'option "add-header" cannot be "Server": it has no colon. Write a whole header line, such as X-Frame-Options: DENY.',
  ],
  [
    'add-header = A b: c',
    'option "add-header" cannot be "A b: c": what stands before the colon is no name of a header. Write a whole header line, such as X-Frame-Options: DENY.',
  ],
  [
    'rem-header = A:',
    'option "rem-header" cannot be "A:": it is no name of a header. Write the name alone, such as Server.',
  ],
  [
    'collect-header = A',
    'option "collect-header" cannot be "A": it is not the name of a header and that of a variable. Write both with a blank between them, such as X-User APP_USER.',
  ],
  [
    'metric = a b',
    'option "metric" cannot be "a b": "a b" is no name: only letters, digits, ".", "_" and "-". Write a name, or name=shop.orders,oid=100.1.',
  ],
  [
    'metric = name=a,collector=file',
    'option "metric" cannot be "name=a,collector=file": collector=: metrics that are collected belong to a later version. Leave it out.',
  ],
  [
    'escaped-slash = no',
    'option "escaped-slash" cannot be "no": it is none of the words allowed here. Write decode, keep or reject.',
  ],
  [
    'route-status = 502 last:',
    'option "route-status" is unknown. A request has no status: use error-route-status or response-route-status.',
  ],
  ['route-query-string = a last:', 'option "route-query-string" is unknown. Use route-qs.'],
] as const) {
  t.test(`wrong: ${line}`, async t => {
    const folder = folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\n${line}\n` })
    const [found, ...others] = problemsOf(folder.load('a.ini'))
    t.equal(found?.replace(/^\S*a\.ini:3: /, ''), problem)
    t.same(others, [])
  })
}

t.test('an unknown rule stops the start even where unknown options do not', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\nhttp = :0\nstrict = false\nroute-cookies = a return:403\nno-such = 1\n',
  })
  const loaded = folder.load('a.ini')
  t.match(problemsOf(loaded), [/a\.ini:4: option "route-cookies" is unknown/])
  t.match(warningsOf(loaded), [/a\.ini:5: warning: option "no-such" is unknown/])
})

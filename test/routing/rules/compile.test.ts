// test/routing/rules/compile.test.ts: lines of a configuration become rules, or all that is wrong with them is told.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import t from 'tap'
import { problemText } from '../../../config/config.ts'
import { routeLines } from '../../../config/route-lines.ts'
import { compileRules } from '../../../routing/rules/compile.ts'
import { ENDING, TOUCHING_NOTHING } from '../../../routing/rules/flow.ts'
import { ACTIONS, CONDITIONS } from '../../../routing/rules/kinds.ts'
import { matcherOf } from '../../../routing/rules/pattern.ts'
import { REFUSED_ACTIONS, REFUSED_CONDITIONS } from '../../../routing/rules/refused-kinds.ts'

const NO_FILES = {
  path: (file: string) => file,
  trouble: () => '',
  nets: (file: string) => file,
  js: (file: string) => ({ file, stamp: '' }),
}

interface Beside {
  readonly metrics?: readonly string[]
  readonly upstreams?: readonly string[]
  readonly backends?: readonly string[]
  readonly learnsKeys?: boolean
}

/** @param text lines of a file a.ini, "NAME = VALUE" */
function compile(
  text: string,
  { metrics = [], upstreams = [], backends = [], learnsKeys = true }: Beside = {},
) {
  const pairs = text.split('\n').map((line, i) => {
    const [, name, value] = /^([a-z-]+) = (.*)$/s.exec(line)!
    return { name: name!, value: value!, place: { file: 'a.ini', line: i + 1 } }
  })
  const place = { file: 'a.ini', line: 99 }
  const compiled = compileRules({
    ...routeLines(pairs),
    metrics,
    upstreams: upstreams.map(each => ({ text: each, place })),
    backends: new Set(backends),
    learnsKeys,
    files: NO_FILES,
  })
  return {
    ...compiled,
    problems: compiled.problems.map(problem => problemText(problem)),
    warnings: compiled.warnings.map(problem => problemText(problem, 'warning')),
  }
}

t.test('nothing makes no rules', async t =>
  t.equal(
    compileRules({
      rules: [],
      headers: [],
      metrics: [],
      upstreams: [],
      backends: new Set(),
      learnsKeys: true,
      files: NO_FILES,
    }).picture,
    null,
  ),
)

t.test('a pattern for hosts matches them however it spells them', async t => {
  const matches = (pattern: string, host: string): boolean => {
    const [rule] = compile(`route-host = ${pattern} last:`).picture!.chains.request!.rules
    return matcherOf((rule!.test as { pattern: unknown }).pattern).test(host)
  }
  t.ok(matches('^Shop\\.Example$', 'shop.example'))
  t.ok(matches('^(?P<name>SHOP)', 'shop.example'))
  t.ok(matches('(*trusted)^SHOP', 'shop.example'))
  t.ok(matches('^\\S+\\.example$', 'shop.example'), 'the capital of a class is none')
  t.notOk(matches('^\\S+\\.example$', 'a shop.example'))
})

t.test('each chain has its rules, in the order of the lines, with their places', async t => {
  const { picture, problems } = compile(
    [
      'route-host = ^a$ last:',
      'error-route-status = 502 redirect:/sorry',
      'route-if-not = empty:${REMOTE_USER} return:403',
      'route-header = X-Beta ^yes$ goto:END',
      'route-cookie = Beta ^yes$ log:a b',
      'route-label = END',
      'route-run = addvar:A=b',
    ].join('\n'),
  )
  t.same(problems, [])
  t.match(picture?.chains.request?.rules, [
    { place: 'a.ini:1', test: { kind: 'match', subject: { kind: 'host' } }, action: { name: 'last' } },
    {
      place: 'a.ini:3',
      test: { kind: 'condition', name: 'empty', isNegated: true },
      action: { name: 'return' },
    },
    {
      test: { kind: 'match', subject: { kind: 'header', name: 'x-beta' } },
      action: { name: 'goto', data: { number: 4 } },
    },
    { test: { kind: 'match', subject: { kind: 'cookie', name: 'Beta' } } },
    { place: 'a.ini:6', test: { kind: 'label', label: 'END' } },
    { test: { kind: 'always' }, action: { name: 'addvar' } },
  ])
  t.match(picture?.chains.error?.rules, [
    { test: { kind: 'status', status: 502 }, action: { name: 'redirect' } },
  ])
  t.same(Object.keys(picture!.chains), ['request', 'error'])
})

t.test('header edits are read as they are written, in bytes', async t => {
  const { picture } = compile(
    'add-header = X-A: é\nrem-header = Server\npull-header = X-User \t USER\ncollect-header = X-B B',
  )
  t.same(picture?.headers, [
    { kind: 'add', line: 'X-A: Ã©' },
    { kind: 'remove', name: 'server' },
    { kind: 'pull', name: 'x-user', variable: 'USER' },
    { kind: 'collect', name: 'x-b', variable: 'B' },
  ])
})

for (const [behaviour, text, ...problems] of [
  [
    'all that is wrong is told, not the first thing only',
    'route = ^/a\nroute-run = last:\nroute = ^/b nosuch:',
    'a.ini:1: option "route": the action is missing. Write REGEX ACTION:ARGS.',
    'a.ini:3: option "route": route action "nosuch" is unknown. docs/routing.md lists all there are.',
  ],
  [
    'an unknown action has a neighbour',
    'route-run = redirct:/a',
    'a.ini:1: option "route-run": route action "redirct" is unknown. Did you mean "redirect:"?',
  ],
  [
    'an unknown condition too',
    'route-if = equals:a;b last:',
    'a.ini:1: option "route-if": route condition "equals" is unknown. Did you mean "equal:"?',
  ],
  [
    'what a worker would do',
    'route-run = chdir:/tmp',
    'a.ini:1: option "route-run": route action "chdir" needs a worker process and is not available in the gateway: it changes the worker that serves the request. Take it out, or leave it to the node.',
  ],
  [
    'what belongs to a later version',
    'route = ^/s static:/srv',
    'a.ini:1: option "route": route action "static" belongs to a later version, which serves files. Send such requests to a node that serves files: key: or http:.',
  ],
  [
    'what is left to others',
    'route-run = redis:addr=a,key=b',
    'a.ini:1: option "route-run": route action "redis" is not supported: rules do not wait for another server. Ask Redis in the application.',
  ],
  [
    'a condition that is refused',
    'route-if = lord:a last:',
    'a.ini:1: option "route-if": route condition "lord" needs a worker process and is not available in the gateway: there are no legions. Take the rule out.',
  ],
  [
    'an action of another chain',
    'final-route-run = http:127.0.0.1:1',
    'a.ini:1: option "final-route-run": the action "http" can do nothing in this chain. Use it with route.',
  ],
  [
    'a label that is not there',
    'route = ^/ goto:END',
    'a.ini:1: option "route": no route-label "END" in this chain. Add it, below this rule.',
  ],
  [
    'a label that stands above',
    'route-label = END\nroute = ^/ goto:END',
    'a.ini:2: option "route": "END" stands above this rule. Jump forward: there are no loops.',
  ],
  [
    'a label of another chain',
    'error-route-label = END\nroute = ^/ goto:END',
    'a.ini:2: option "route": no route-label "END" in this chain. Add it, below this rule.',
  ],
  [
    'a label twice',
    'route-if = empty: goto:END\nroute-label = END\nroute-label = END',
    'a.ini:3: option "route-label": the label "END" stands at a.ini:2 already. Give each label of a chain a name of its own.',
  ],
  ['a pattern', 'route = ^/(a last:', /^a\.ini:1: option "route": .*\(a/],
  ['a pattern without a bound', 'route = ^(a+)\\1 last:', /^a\.ini:1: .*put \(\*trusted\) before it/],
  ['a long pattern', `route = ^/(${'a'.repeat(1_000)} last:`, /^a\.ini:1: .{1,250}$/],
  ['a pattern of a condition', 'route-if = regexp:${A};^/(a last:', /^a\.ini:1: option "route-if": .*\(a/],
  [
    'a condition without its second operand',
    'route-if = equal:${A} last:',
    'a.ini:1: option "route-if": "${A}" has no second operand. Write two, with ";" between them.',
  ],
  [
    'a status out of bounds',
    'route-run = return:99',
    'a.ini:1: option "route-run": "99" is no status code. Give a number from 200 to 599.',
  ],
  [
    'a break of one digit',
    'route-run = break:4',
    'a.ini:1: option "route-run": "4" is no status code. Give a number from 200 to 599.',
  ],
  [
    'a hash that nobody knows',
    'route-run = hash:key=a,var=V,items=a;b,algo=md5',
    /^a\.ini:1: option "route-run": .*md5/,
  ],
  ['a method that is none', 'route-run = setmethod:', /^a\.ini:1: option "route-run": "" is no method\./],
  ['a metric that is not declared', 'route-run = metricinc:a', /^a\.ini:1: option "route-run": .*"a"/],
  [
    'an address that is none',
    'route-run = http:127.0.0.1',
    /^a\.ini:1: option "route-run": "127\.0\.0\.1" has no port/,
  ],
  [
    'a name of a header that is none',
    'route-header = X(a) b last:',
    'a.ini:1: option "route-header": "X(a)" is no name of a header. Write the name of the header, then the pattern.',
  ],
  [
    'upstreams that clients would choose',
    'route-run = http:${HTTP_X}',
    /^a\.ini:1: option "route-run": .*would let a client choose any address\. Say which it may choose among: route-upstream = ADDRESS\.$/,
  ],
] as const) {
  t.test(`wrong: ${behaviour}`, async t => {
    const found = compile(text)
    t.equal(found.problems.length, problems.length)
    for (const [i, problem] of problems.entries()) {
      if (typeof problem === 'string') t.equal(found.problems[i], problem)
      else t.match(found.problems[i], problem)
    }
  })
}

t.test('all that is refused says why, and none of it is there', async t => {
  for (const [kinds, known, line] of [
    [REFUSED_ACTIONS, ACTIONS, (name: string) => `route-run = ${name}:a`],
    [REFUSED_CONDITIONS, CONDITIONS, (name: string) => `route-if = ${name}:a last:`],
  ] as const) {
    for (const name of kinds.flatMap(({ names }) => names)) {
      t.notOk(known.has(name), name)
      t.match(compile(line(name)).problems, [
        /^a\.ini:1: option "route-(run|if)": route (action|condition) ".*" (needs a worker process and is not available in the gateway|belongs to a later version|is not supported)\b.*\. [A-Z].*\.$/,
      ])
    }
  }
})

t.test('a node that a rule names becomes a backend of its own, once', async t => {
  const { upstreams, picture, problems } = compile(
    'route = ^/a http:127.0.0.1:3000\nroute = ^/b http:127.0.0.1:3000,shop.example\nroute = ^/c uwsgi:127.0.0.1:3000,0,0\nroute = ^/d http:shop.example',
    {
      backends: ['shop.example'],
    },
  )
  t.same(problems, [])
  t.match(upstreams, [
    { key: 'rule http://127.0.0.1:3000', address: { proto: 'http', port: 3000 } },
    { key: 'rule uwsgi://127.0.0.1:3000', address: { proto: 'uwsgi', port: 3000 } },
  ])
  t.equal(upstreams.length, 2)
  t.match(picture?.chains.request?.rules[3], { action: { data: { to: { key: 'shop.example' } } } })
})

t.test('what a client may choose among is what route-upstream names', async t => {
  const { upstreams, picture, problems } = compile('route-run = http:${cookie[node]}', {
    upstreams: ['http://10.0.0.7:80', '/run/a.sock', 'shop.example'],
    backends: ['shop.example'],
  })
  t.same(problems, [])
  t.same(
    upstreams.map(({ key }) => key),
    ['rule http://10.0.0.7:80', 'rule http:///run/a.sock'],
  )
  t.match(picture?.chains.request?.rules, [
    {
      action: {
        data: {
          to: {
            allowed: {
              '10.0.0.7:80': 'rule http://10.0.0.7:80',
              '/run/a.sock': 'rule http:///run/a.sock',
              'shop.example': 'shop.example',
            },
          },
        },
      },
    },
  ])
  t.match(compile('route-run = last:', { upstreams: ['nowhere'] }).problems, [
    /^a\.ini:99: option "route-upstream": "nowhere" has no port/,
  ])
})

for (const [behaviour, text, ...warnings] of [
  [
    'behind an end for all',
    'route-run = last:\nroute = ^/a log:a\nroute = ^/b log:b',
    'a.ini:2: warning: option "route": this rule and the one behind it can never run: the one at a.ini:1 ends the chain for every request. Move it up, or take it out.',
  ],
  [
    'behind a pattern that any path matches',
    'route = .* redirect:/\nroute = ^/a log:a',
    'a.ini:2: warning: option "route": this rule can never run: the one at a.ini:1 ends the chain for every request. Move it up, or take it out.',
  ],
  ['not behind a pattern of a header, which may be absent', 'route-user-agent = .* last:\nroute = ^/a log:a'],
  [
    'over what a jump leads',
    'route-run = goto:END\nroute = ^/a log:a\nroute-label = END',
    'a.ini:2: warning: option "route": this rule can never run: the one at a.ini:1 ends the chain for every request. Move it up, or take it out.',
  ],
  [
    'the same for many, of which some are named',
    `route-run = log:a\n${Array.from({ length: 25 }, (_, i) => `route-label = L${i}`).join('\n')}`,
    ...Array.from(
      { length: 20 },
      (_, i) =>
        `a.ini:${i + 2}: warning: option "route-label": no rule jumps to the label "L${i}". Take it out, or correct the goto.`,
    ),
    'a.ini:22: warning: and 5 more like the 20 before, from here on. Take it out, or correct the goto.',
  ],
  [
    'labels for nobody',
    'route-run = log:a\nroute-label = END',
    'a.ini:2: warning: option "route-label": no rule jumps to the label "END". Take it out, or correct the goto.',
  ],
  ['not where a jump is chosen by the request', 'route-run = goto:${cookie[a]}\nroute-label = END'],
  [
    'a pattern that ended the chain above',
    'route = ^/a last:\nroute = ^/b log:x\nroute = ^/a return:403',
    'a.ini:3: warning: option "route": this rule can never run: the one at a.ini:1 tests the same and ends the chain. Take one of them out.',
  ],
  [
    'not when the path was rewritten between',
    'route = ^/a last:\nroute = ^/b rewrite:/a\nroute = ^/a return:403',
  ],
  ['not when it is another subject', 'route = ^/a last:\nroute-uri = ^/a return:403'],
  ['not when it is about another header', 'route-header = A x last:\nroute-header = B x return:403'],
  [
    'not when the condition looks at a file, or at the clock',
    'route-if = exists:/a last:\nroute-if = exists:/a log:x\nroute-if = equal:${time[unix]};1 last:\nroute-if = equal:${time[unix]};1 log:x',
  ],
] as const) {
  t.test(`can never run: ${behaviour}`, async t => {
    const found = compile(text)
    t.same(found.problems, [])
    t.same(found.warnings, warnings)
  })
}

t.test('what is said of the flow of actions is said of actions that there are', async t => {
  for (const name of ENDING) t.ok(ACTIONS.has(name), name)
  for (const name of TOUCHING_NOTHING) t.ok(ACTIONS.has(name), name)
})

t.test('a pattern that counts so far that long texts get 400 is worth a warning', async t => {
  const { problems, warnings } = compile('route = ^/a.{1500}b$ log:a\nroute = ^/a.{9}b$ log:a')
  t.same(problems, [])
  t.equal(warnings.length, 1)
  t.match(warnings[0], /^a\.ini:1: warning: .* text of more than \d+ bytes gets 400\. Count less in it\.$/)
})

t.test('limits of one name have one rate', async t => {
  const lines = [
    'route = ^/a limit:rate=60/m,burst=2,name=one',
    'route = ^/b limit:rate=1/s,burst=2,name=one,key=${HTTP_X},status=503',
    'route = ^/c limit:rate=2/s,burst=2,name=one',
    'route = ^/d limit:rate=1/s,burst=3,name=one',
    'route = ^/e limit:rate=3/s',
    'route = ^/f limit:rate=4/s',
  ]
  const told = (line: number) =>
    `a.ini:${line}: option "route": the limit of that name has another rate or burst at a.ini:1. Give both the same, or each a name of its own.`
  t.same(compile(lines.join('\n')).problems, [told(3), told(4)])
})

t.test('a key that nothing can serve is told, and nothing else is', async t => {
  const backends = ['shop.example', '.wiki.example', 'news.example/blog']
  const lines = [
    'nowhere.example',
    'shop.example',
    'SHOP.example:8080',
    'a.wiki.example',
    'news.example/blog/x',
  ]
    .map(key => `route-run = key:${key}`)
    .concat('route-run = key:${HTTP_X_KEY}', 'route-run = mirror:nowhere.example')
    .concat('route-run = split:keys=shop.example*9;nowhere.example*1;gone.example*0')
    .join('\n')
  const wrong = [1, 7, 8].map(
    line =>
      `a.ini:${line}: warning: option "route-run": nothing serves the key "nowhere.example": no backend has it, and no node can announce it. Add a line "backend = key=…,address=…" for it, or correct the key.`,
  )
  t.same(compile(lines, { backends, learnsKeys: false }).warnings, wrong)
  t.same(compile(lines, { backends, learnsKeys: true }).warnings, [])
})

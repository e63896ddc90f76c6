// test/bin/explain.test.ts: `sluice explain`: what the rules of a configuration do with a request.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import t, { type Test } from 'tap'
import { freshDirectory, runSluice } from '../support/sluice.ts'

t.jobs = 3

const RULES = `[sluice]
http = :0
http-to = http://127.0.0.1:3000
backend = key=shop.example,address=http://10.0.0.1:80
backend = key=beta.example,address=http://10.0.0.2:80
add-header = X-Frame-Options: DENY
route = ^/old/(.*)$ redirect-permanent:/new/$1
route-cookie = beta ^yes$ addvar:BETA=$0
route-if = equal:\${BETA};yes key:beta.example
route = ^/admin basicauth:Realm,joe:secret
route = ^/closed break:
route = ^/api http:127.0.0.1:4000
route-if-not = exists:/nowhere/at/all log:open \${REMOTE_ADDR}
response-route-status = 404 addheader:X-Miss: yes
`

const TRACES = `[sluice]
http = :0
backend = key=main.example,address=http://10.0.0.1:80
backend = key=copy.example,address=http://10.0.0.2:80
add-header = X-A: of all
rem-header = Server
route-run = addheader:X-Path: \${PATH_INFO}
route-run = delheader:X-Powered-By
route-run = set-response-header:X-A: of this
route-run = split:keys=main.example*1,cookie=arm
route-run = mirror:copy.example
route-run = mirror:http://127.0.0.1:4000
route-run = logvar:who=\${REMOTE_ADDR}
route = ^/quiet donotlog:
`

function explain(t: Test, ...args: string[]) {
  return runSluice(t, {
    args: ['explain', 'rules.ini', ...args],
    cwd: freshDirectory(t, { 'rules.ini': RULES }),
  })
}

async function outcome(t: Test, ...args: string[]) {
  const { stdout, stderr, code } = await explain(t, ...args, '--json')
  t.same([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

t.test(
  'each rule that is tried, whether it acts and on what, what it writes, and where the request goes',
  async t => {
    const { stdout, stderr, code } = await explain(
      t,
      'GET',
      'https://shop.example//a/../b?x=1',
      '-H',
      'Cookie: beta=yes',
      '--from',
      '10.9.8.7',
    )
    t.same([code, stderr], [0, ''])
    t.equal(
      stdout.replace(/ \/\S*rules\.ini/g, ' rules.ini'),
      `GET https://shop.example//a/../b?x=1

request rules
  rules.ini:7  route = ^/old/(.*)$ redirect-permanent:/new/$1
      does not act on "/b"
  rules.ini:8  route-cookie = beta ^yes$ addvar:BETA=$0
      acts on "yes"
      BETA = "yes"
  rules.ini:9  route-if = equal:\${BETA};yes key:beta.example
      acts
  rules.ini:10  route = ^/admin basicauth:Realm,joe:secret
      does not act on "/b"
  rules.ini:11  route = ^/closed break:
      does not act on "/b"
  rules.ini:12  route = ^/api http:127.0.0.1:4000
      does not act on "/b"
  rules.ini:13  route-if-not = exists:/nowhere/at/all log:open \${REMOTE_ADDR}
      acts

event log
  open 10.9.8.7

outcome: to key beta.example
  target: /b?x=1
  node: http://10.0.0.2:80
  answer gets: X-Frame-Options: DENY
`,
    )
  },
)

t.test('an answer of the rules', async t => {
  const { steps, outcome: end } = await outcome(t, 'GET', 'http://shop.example/old/x')
  t.match(steps, [
    { chain: 'request', option: 'route', matched: true, subject: '/old/x' },
    { chain: 'response', matched: false },
  ])
  t.match(end, { kind: 'answer', status: 301, reason: 'Moved Permanently' })
  t.ok(end.fields.includes('Location: /new/x'))
  t.ok(end.fields.includes('X-Frame-Options: DENY'))
})

t.test('what a rule would ask of others is assumed, and said', async t => {
  const credentials = `Authorization: Basic ${Buffer.from('joe:x').toString('base64')}`
  const passed = await outcome(t, 'GET', '/admin', '-H', credentials)
  t.match(passed.outcome, { kind: 'node', key: '', nodes: ['http://127.0.0.1:3000'] })
  t.match(passed.steps[3], { matched: true, asked: 'the password would be checked; assumed: it is right' })
  const failed = await outcome(t, 'GET', '/admin', '-H', credentials, '--assume-fails')
  t.match(failed.outcome, { kind: 'answer', status: 401 })
})

t.test('a node that a rule names; the answer rules, for a status that is given', async t => {
  const { outcome: end } = await outcome(t, 'GET', '/api/x', '--status', '404')
  t.match(end, {
    kind: 'node',
    key: 'rule http://127.0.0.1:4000',
    nodes: ['http://127.0.0.1:4000'],
    added: ['X-Frame-Options: DENY', 'X-Miss: yes'],
  })
})

t.test(
  'what a request that goes to a node leaves: copies, values for the logs, fields of the answer',
  async t => {
    const cwd = freshDirectory(t, { 'traces.ini': TRACES })
    const args = ['explain', 'traces.ini', 'GET', '/quiet', '--from', '10.9.8.7']
    const { stdout } = await runSluice(t, { args, cwd })
    const end = stdout.slice(stdout.indexOf('\naccess log'))
    t.equal(
      end.replace(/arm=\w+/, 'arm=ID'),
      `
access log
  who = "10.9.8.7"
  no line

outcome: to key main.example
  target: /quiet
  node: http://10.0.0.1:80
  copy: to key copy.example
    node: http://10.0.0.2:80
  copy: to key rule http://127.0.0.1:4000
    node: http://127.0.0.1:4000
  answer gets: X-Path: /quiet
  answer gets: X-A: of this
  answer gets: Set-Cookie: arm=ID; Path=/; HttpOnly; SameSite=Lax
  answer loses: x-powered-by
  answer loses: x-a
  answer loses: server
`,
    )
    for (const more of [[], ['--status', '200']]) {
      const told = JSON.parse((await runSluice(t, { args: [...args, ...more, '--json'], cwd })).stdout)
      t.match(told, { logVariables: { who: '10.9.8.7' }, isLogged: false })
      t.match(told.outcome.mirrors, [
        { key: 'copy.example', nodes: ['http://10.0.0.2:80'] },
        { key: 'rule http://127.0.0.1:4000', nodes: ['http://127.0.0.1:4000'] },
      ])
      t.match(told.outcome.added, ['X-Path: /quiet', 'X-A: of this', /^Set-Cookie: arm=/])
      t.same(told.outcome.removed, ['x-powered-by', 'x-a', 'server'])
    }
  },
)

t.test('a backslash in disguise is the slash that rules see', async t => {
  const { steps, outcome: end } = await outcome(t, 'GET', '/x%5c..%5Cold%5cy')
  t.match(steps[0], { matched: true, subject: '/old/y' })
  t.match(end, { kind: 'answer', status: 301 })
})

t.test('a connection that closes, and a request that no gateway takes', async t => {
  t.match((await outcome(t, 'GET', '/closed')).outcome, { kind: 'closed' })
  t.match((await outcome(t, 'GET', '/a%zz')).outcome, { kind: 'refused', status: 400 })
})

for (const [behaviour, args, problem] of [
  [
    'no request',
    ['GET'],
    'sluice explain: no request is given. Write "sluice explain FILE METHOD URL", or see "sluice explain --help".\n',
  ],
  [
    'a header without a colon',
    ['GET', '/', '-H', 'Cookie'],
    'sluice explain: "Cookie" is no header line. Write "sluice explain FILE METHOD URL", or see "sluice explain --help".\n',
  ],
] as const) {
  t.test(`wrong: ${behaviour}`, async t => {
    const { code, stdout, stderr } = await explain(t, ...args)
    t.same([code, stdout, stderr], [1, '', problem])
  })
}

t.test('rules that are wrong are told as at a start', async t => {
  const cwd = freshDirectory(t, { 'a.ini': '[sluice]\nhttp = :0\nroute = ^/ nosuch:\nroute = ^/b\n' })
  const { code, stderr } = await runSluice(t, { args: ['explain', 'a.ini', 'GET', '/'], cwd })
  t.equal(code, 1)
  t.match(
    stderr,
    /a\.ini:3: option "route": route action "nosuch" is unknown\. .*\n.*a\.ini:4: option "route": the action is missing/,
  )
})

// test/routing/rules/actions.test.ts: what each action does to the request, and what it refuses at load.
import t from 'tap'
import { ANSWER, ASKS, PASS, SILENCE } from '../../../routing/decision.ts'
import type { Reading } from '../../../routing/rules/action.ts'
import { type Asked, answerOf, FakeWorld, readRules, refusalOf, runRules } from '../../support/rules.ts'

// Rules, the request, and variables as they are afterwards.
const VARIABLES: readonly (readonly [string[], Asked, Readonly<Record<string, string | undefined>>])[] = [
  [['addvar:A=1=2'], {}, { A: '1=2' }],
  [['addvar:A=1', 'addvar:A=${A}2'], {}, { A: '12' }],
  [['setpathinfo:/p/%41'], {}, { PATH_INFO: '/p/%41', REQUEST_URI: '/' }],
  [['seturi:/u?x'], {}, { REQUEST_URI: '/u?x', PATH_INFO: '/' }],
  [['setmethod:PUT'], {}, { REQUEST_METHOD: 'PUT' }],
  [['setscriptname:/app', 'fixpathinfo:'], { uri: '/app/x' }, { SCRIPT_NAME: '/app', PATH_INFO: '/x' }],
  [['setscriptname:/app', 'fixpathinfo:'], { uri: '/apple' }, { PATH_INFO: '/apple' }],
  [['setscriptname:/app', 'fixpathinfo:'], { uri: '/app' }, { PATH_INFO: '' }],
  [['fixpathinfo:'], { uri: '/app' }, { PATH_INFO: '/app' }],
  [['setremoteaddr:10.0.0.1'], {}, { REMOTE_ADDR: '10.0.0.1' }],
  [['setuser:a:b'], {}, { REMOTE_USER: 'a' }],
  [
    ['setscheme:https', 'setdocroot:/www', 'setapp:x'],
    {},
    { UWSGI_SCHEME: 'https', DOCUMENT_ROOT: '/www', UWSGI_APPID: 'x' },
  ],
  [['addvar:N=6', '/:N,3', '+:N', '*:N,5', '-:N,20'], {}, { N: '-5' }],
  [['addvar:N=7', '/:N,0'], {}, { N: '0' }],
  [['addvar:N=-7', '/:N,2'], {}, { N: '-3' }],
  [['addvar:N=9000000000000000000', '*:N,10'], {}, { N: '9200000000000000000' }],
  [
    ['rewrite:/new/%41?x=1'],
    { uri: '/w?q=2' },
    { PATH_INFO: '/new/A', QUERY_STRING: 'x=1&q=2', REQUEST_URI: '/w?q=2' },
  ],
  [['rewrite:/n'], { uri: '/w?q=2' }, { PATH_INFO: '/n', QUERY_STRING: 'q=2' }],
  [['rewrite:/n?x'], { uri: '/w' }, { QUERY_STRING: 'x' }],
  [['rewrite:/n#f?x'], { uri: '/w' }, { PATH_INFO: '/n', QUERY_STRING: '' }],
  [['rewrite:/a/../b/./c'], {}, { PATH_INFO: '/b/c' }],
  [['rewrite:/../../etc'], {}, { PATH_INFO: '/etc' }],
  [['rewrite:/x${PATH_INFO}'], { path: '/../%41?a#b' }, { PATH_INFO: '/%41?a#b' }],
  [['set-header:X-Name: v', 'addvar:OUT=${HTTP_X_NAME}'], {}, { OUT: 'v' }],
  [
    ['remove-header:X-Name', 'addvar:OUT=[${HTTP_X_NAME}]'],
    { fields: { 'x-name': 'v' } },
    { OUT: '[]', HTTP_X_NAME: undefined },
  ],
  [['remove-header:X-Name', 'addvar:HTTP_X_NAME=w'], { fields: { 'x-name': 'v' } }, { HTTP_X_NAME: 'w' }],
  [['set-header:X-Name: v', 'remove-header:x-name'], {}, { HTTP_X_NAME: undefined }],
  [['hash:key=foo,var=N,items=a;b;c'], {}, { N: 'b' }],
  [['hash:key=foo,var=N,items=a;b;c;'], {}, { N: 'b' }],
  [['hash:key=foo\\,bar,var=N,items=a,algo=murmur2'], {}, { N: 'a' }],
]

for (const [actions, asked, variables] of VARIABLES) {
  t.test(`${actions.join(', ')} of ${JSON.stringify(asked)}`, async t => {
    const { run, decision } = runRules(
      actions.map(action => `route-run = ${action}`),
      asked,
    )
    t.equal(decision, PASS)
    for (const [name, value] of Object.entries(variables)) t.equal(run.read(name), value, name)
  })
}

// Rules, and the answer that they make.
const ANSWERS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['return:404', { status: 404, reason: '', body: 'Not Found', fields: ['Content-Type: text/plain'] }],
  ['break-with-status:599', { status: 599, body: 'Unknown' }],
  ['return:204', { status: 204, body: '', fields: [] }],
  ['break:500', { status: 500, reason: '', body: '', closes: true }],
  ['redirect:/x', { status: 302, body: 'Moved', fields: ['Location: /x'], closes: false }],
  ['redirect-permanent:/x y', { status: 301, body: 'Moved Permanently', fields: ['Location: /x%20y'] }],
  ['redirect-308:/\u00e4', { status: 308, fields: ['Location: /%C3%A4'] }],
  ['redirect-307:http://h/${HTTP_EVIL}', { status: 307, fields: ['Location: http://h/%0D%0Aa:b'] }],
  ['answer:body=a,b=c', { status: 200, body: 'a,b=c', fields: ['Content-Type: text/plain'] }],
  [
    'answer:status=418,type=application/json,body={"p":"${PATH_INFO}"}',
    { status: 418, body: '{"p":"/"}', fields: ['Content-Type: application/json'] },
  ],
  ['addheader:X: ${HTTP_EVIL}', { status: 400 }],
  ['addheader:${HTTP_EVIL}', { status: 400 }],
  ['addheader:${PATH_INFO}: x', { status: 400 }],
  ['set-header:X: ${HTTP_EVIL}', { status: 400 }],
  ['addvar:HTTP_X=${HTTP_EVIL}', { status: 400 }],
  ['set-response-header:X: ${HTTP_EVIL}', { status: 400 }],
  ['setmethod:${HTTP_EVIL}', { status: 400 }],
  ['clearheaders:200 ${HTTP_EVIL}', { status: 400 }],
  ['addvar:BIG=${HTTP_BIG}${HTTP_BIG}${HTTP_BIG}${HTTP_BIG}${HTTP_BIG}', { status: 431 }],
  ['addheader:X: ${HTTP_BIG}${HTTP_BIG}${HTTP_BIG}${HTTP_BIG}${HTTP_BIG}', { status: 431 }],
  ['key:${HTTP_EVIL}', { status: 400 }],
  ['http:${HTTP_EVIL}', { status: 403 }],
  ['send:a', { status: 200, body: 'a' }],
  ['send-crnl:a', { status: 200, body: 'a\r\n' }],
]

const ALLOWS: Partial<Reading> = { upstreams: new Set(['10.0.0.1:80']), metrics: new Set(['hits']) }

for (const [action, reply] of ANSWERS) {
  t.test(`${action} answers ${JSON.stringify(reply)}`, async t => {
    const fields = { evil: '\r\na:b', big: 'x'.repeat(8_000) }
    const { run, decision } = runRules(
      [`route-run = ${action}`, 'route-run = last:'],
      { fields },
      new FakeWorld(),
      ALLOWS,
    )
    t.equal(decision, ANSWER)
    t.match(run.reply, reply)
  })
}

// Lines that are refused, each with a remedy.
const WRONG = [
  'last:x',
  'break:40',
  'break:600',
  'break:4040 x',
  'return:',
  'return:199',
  'return:abc',
  'goto:nowhere',
  'goto:0',
  'goto:',
  'redirect:',
  'answer:status=99,body=x',
  'answer:text=x',
  'answer:body',
  'clearheaders:',
  'addvar:A',
  'addvar:=1',
  'addvar:HTTP_CONTENT_LENGTH=5',
  'addvar:CONTENT_LENGTH=5',
  'addvar:HTTP_TRANSFER_ENCODING=chunked',
  'addvar:HTTP_=x',
  'addheader:nonsense',
  'addheader:Content-Length: 5',
  'addheader:Connection: close',
  'addheader:X Y: z',
  'set-header:X',
  'set-header:Transfer-Encoding: chunked',
  'remove-header:Content-Length',
  'remove-header:X Y',
  'set-header:Expect: 100-continue',
  'set-header:Proxy: x',
  'remove-header:Proxy-Authorization',
  'delheader:',
  'delheader:X Y',
  'fixpathinfo:/app',
  '+:N,x',
  '+:N,',
  'set-response-header:Content-Length: 1',
  'setmodifier1:256',
  'setmodifier2:x',
  'rewrite:/a%zz',
  'rewrite:/%00',
  'rewrite:/a%2',
  'hash:key=x,var=Y,items=',
  'hash:key=x,items=a',
  'hash:key=x,var=Y,items=a,algo=md5',
  'hash:key=x,key=y,var=Y,items=a',
  'hash:nope=1',
  'hash:var=Y,items=a;b',
  'hash:var=Y,items=a;b,algo=rr',
  'metricinc:nope',
  'metricinc:',
  'harakiri:x',
  'expires:value=x,foo=1',
  'expires:value=x',
  'expires:unix=soon,value=1',
  'expires:unix=0,filename=/x,value=1',
  'alarm:onlyname',
  'logvar:x',
  'http:',
  'http:127.0.0.1:80,',
  'http:127.0.0.1:80,,/uri',
  'uwsgi:127.0.0.1:1',
  'uwsgi:127.0.0.1:1,300,0',
  'key:',
  'split:keys=a*0',
  'split:keys=a',
  'split:keys=a*1,max-age=5',
  'split:keys=a*1,cookie=a b',
  'maintenance:',
  'maintenance:file=',
  'maintenance:file=/x,retry-after=soon',
  'basicauth:realm',
  'basicauth:a"b,u:p',
  'donotlog:x',
] as const

for (const action of WRONG) {
  t.test(`${action} is refused at load`, async t => {
    t.match(
      refusalOf(() => readRules([`route-run = ${action}`])),
      { remedy: /./ },
    )
  })
}

t.test('what a rule does to no avail, or in part, is told', async t => {
  for (const [action, told] of [
    ['set-header:X-Forwarded-Proto: https', /for uwsgi nodes alone/],
    ['remove-header:X-Forwarded-For', /for uwsgi nodes alone/],
    ['expires:value=60', /counts from 1970/],
  ] as const) {
    t.match(readRules([`route-run = ${action}`]).warnings, [told], action)
  }
  t.same(readRules(['route-run = expires:unix=${time[unix]},value=${TTL}']).warnings, [])
})

t.test('a client chooses a node only where a list says which', async t => {
  t.match(
    refusalOf(() => readRules(['route-run = http:${HTTP_X}'])),
    { remedy: /route-upstream/ },
  )
  const lines = ['route-run = http:${HTTP_X}']
  const right = runRules(lines, { fields: { x: '10.0.0.1:80' } }, new FakeWorld(), ALLOWS)
  t.same([right.decision, right.run.upstream], [PASS, { key: 'http://10.0.0.1:80', host: null }])
  for (const x of ['10.0.0.1:81', '', 'constructor', '__proto__']) {
    t.equal(runRules(lines, { fields: { x } }, new FakeWorld(), ALLOWS).run.reply.status, 403)
  }
})

t.test('http: names the node, the host and the target, and ends the chain', async t => {
  const { run, decision } = runRules(
    ['route = ^/h/(.*) http:127.0.0.1:80,other.host,/new/$1?${QUERY_STRING}', 'route-run = return:500'],
    { uri: '/h/z%20?q=1' },
  )
  t.equal(decision, PASS)
  t.same(run.upstream, { key: 'http://127.0.0.1:80', host: 'other.host' })
  t.equal(run.target(), '/new/z%20?q=1')
})

t.test('uwsgi: names the node, modifiers and application', async t => {
  const { run } = runRules(['route-run = uwsgi:/run/a.sock,5,0,app', 'route-run = return:500'])
  t.same(run.upstream, { key: 'uwsgi:///run/a.sock', host: null })
  t.same([run.modifier1, run.modifier2, run.read('UWSGI_APPID')], [5, 0, 'app'])
  const modifiers = runRules(['route-run = uwsgi:,30,1', 'route-run = return:500'])
  t.same([modifiers.decision, modifiers.run.upstream, modifiers.run.modifier1], [PASS, null, 30])
})

// What an http node is asked for.
const TARGETS: readonly (readonly [string[], Asked, string | null])[] = [
  [[], { uri: '/a%2fb?q' }, null],
  [[], { uri: '//a/./b?q=%20', path: '/a/b', isPathChanged: true }, '/a/b?q=%20'],
  [['addvar:X=1'], { uri: '/a%2fb' }, null],
  [['rewrite:/n'], { uri: '/a?q' }, '/n?q'],
  [['setpathinfo:/a b?c%d#e\u00e4'], {}, '/a%20b%3Fc%25d%23e%C3%A4'],
  [['setpathinfo:x'], {}, '/x'],
  [['setpathinfo:/a\r\nb\0'], {}, '/a%0D%0Ab%00'],
  [['setscriptname:/app'], { uri: '/app/x' }, null],
  [['setscriptname:/app', 'fixpathinfo:'], { uri: '/app/x?q' }, '/app/x?q'],
  [['addvar:QUERY_STRING=a b#c'], { uri: '/x' }, '/x?a%20b%23c'],
  [['seturi:/u%2f?x y'], {}, '/u%2f?x%20y'],
  [['seturi:http://evil/'], {}, '/http://evil/'],
  [['seturi:'], {}, '/'],
  [['rewrite:/n', 'seturi:/u'], {}, '/u'],
]

for (const [actions, asked, target] of TARGETS) {
  t.test(`${JSON.stringify(actions)} of ${JSON.stringify(asked)} asks for ${target}`, async t => {
    const lines = actions.map(action => `route-run = ${action}`)
    t.equal(runRules(lines, asked).run.target(), target)
  })
}

t.test('subjects move with the actions that say so, and not with addvar', async t => {
  const { run } = runRules([
    'route-run = addvar:PATH_INFO=/changed',
    'route = ^/changed return:500',
    'route-if = equal:${PATH_INFO};/changed addvar:A=y',
    'route-run = setpathinfo:/p',
    'route = ^/p$ addvar:B=y',
    'route-run = seturi:/u',
    'route-uri = ^/u$ addvar:C=y',
    'route-run = rewrite:/r?z',
    'route-qs = ^z$ addvar:D=y',
    'route-run = setuser:joe',
    'route-remote-user = ^joe$ addvar:E=y',
    'route-run = setremoteaddr:1.2.3.4',
    'route-remote-addr = ^1\\.2 addvar:F=y',
    'route-run = setmethod:PUT',
    'route-method = ^PUT$ addvar:G=y',
    'route-run = set-header:X-Y: z',
    'route-header = X-Y ^z$ addvar:H=y',
    'route-run = remove-header:X-Y',
    'route-header = X-Y ^ return:500',
  ])
  t.same(
    'ABCDEFGH'.split('').map(name => run.read(name)),
    'yyyyyyyy'.split(''),
  )
})

t.test('an absent subject is matched by nothing, an empty one by what matches nothing', async t => {
  const { run } = runRules([
    'route-user-agent = .* return:500',
    'route-referer = ^$ return:500',
    'route-remote-user = .* return:500',
    'route-cookie = sid .* return:500',
    'route-header = X-Y .* return:500',
    'route-qs = ^$ return:410',
  ])
  t.equal(run.reply.status, 410)
})

t.test('what is too long to be judged is not let through', async t => {
  const long = { uri: `/${'a'.repeat(9_000)}`, fields: { long: 'a'.repeat(9_000) } }
  for (const line of [
    'route = ^/b last:',
    'route-header = long ^b last:',
    'route-if-not = regexp:${HTTP_LONG};b last:',
  ]) {
    t.equal(runRules([line], long).run.reply.status, 400, line)
  }
  t.equal(runRules(['route-host = ^b last:'], long).decision, PASS)
})

t.test('fields of the answer are added, replaced and removed until its head is written', async t => {
  const { run } = runRules([
    'add-header = X-A: 1',
    'add-header = X-B: 1',
    'route-run = addheader:X-C: 1',
    'route-run = addheader:${NOPE}',
    'route-run = addvar:LENGTH=Content-Length: 0',
    'route-run = addheader:${LENGTH}',
    'route-run = addheader:Location: /a b',
    'route-run = delheader:X-C',
    'route-run = delheader:X-D',
    'response-route-run = set-response-header:X-A: 2',
    'response-route-run = remove-response-header:X-B',
    'response-route-run = set-response-header:X-E: 1',
    'response-route-run = set-response-header:x-e: 2',
    'response-route-run = delheader:Server',
  ])
  t.equal(run.judge(answerOf(200)), PASS)
  t.same(run.added, ['X-C: 1', 'Location: /a%20b', 'X-A: 2', 'x-e: 2'])
  t.same(run.removed, ['x-c', 'x-d', 'x-a', 'x-b', 'x-e', 'server'])
})

t.test('an answer of the rules has the same edits in it', async t => {
  const { run } = runRules([
    'add-header = X-A: 1',
    'rem-header = Content-Type',
    'route-run = addheader:X-B: 2',
    'route-run = return:403',
  ])
  t.same(run.reply.fields, ['X-A: 1', 'X-B: 2'])
})

t.test('logs, alarms, metrics and limits of time', async t => {
  const { run, world, decision } = runRules(
    [
      'route-run = log:seen ${PATH_INFO}',
      'route-run = alarm:disk full of ${PATH_INFO}',
      'route-run = logvar:k=v${PATH_INFO}',
      'route-run = donotlog:',
      'route-run = donotoffload:',
      'route-run = metricset:hits,10',
      'route-run = metricinc:hits',
      'route-run = metricmul:hits,${qs[n]}',
      'route-run = metricdec:hits,3',
      'route-run = metricdiv:${qs[m]},2',
      'route-run = metricinc:${qs[none]},2',
      'route-run = harakiri:5',
      'route-run = setmodifier1:9',
      'route-run = setmodifier2:8',
    ],
    { uri: '/x?n=2&m=hits' },
    new FakeWorld(),
    ALLOWS,
  )
  t.equal(decision, PASS)
  t.same(world.alarms, ['disk full of /x'])
  t.equal(world.lines[0], 'seen /x')
  t.match(world.lines[1], /metric/)
  t.equal(world.lines.length, 2)
  t.equal(world.metric('hits'), 9)
  t.equal(run.logVariables?.get('k'), 'v/x')
  t.match(run, { isLogged: false, deadlineMs: 5_000, modifier1: 9, modifier2: 8 })
})

t.test('expires counts from a time, or from the last change of a file', async t => {
  const world = new FakeWorld()
  world.files.set('time /f', 1_000)
  const lines = [
    'route-run = expires:unix=0,value=60',
    'route-run = expires:filename=/f,value=1',
    'route-run = expires:filename=/gone,value=1',
  ]
  const { run } = runRules(lines, {}, world)
  run.judge(answerOf(200))
  t.same(run.added, ['Expires: Thu, 01 Jan 1970 00:01:00 GMT', 'Expires: Thu, 01 Jan 1970 00:16:41 GMT'])
  t.equal(world.lines.length, 1)
  world.knowsFiles = false
  const asking = runRules([lines[1]!], {}, world)
  t.equal(asking.decision, ASKS)
  t.equal(asking.run.resume(5), PASS)
})

t.test('hashes: by turns, by chance, and as nginx does', async t => {
  const turns = readRules(['route-run = hash:key=2,var=N,items=a;b;c,algo=rr'])
  t.ok(turns)
  const world = new FakeWorld()
  world.chance = 0.99999
  const { run } = runRules(['route-run = hash:key=,var=N,items=a;b,algo=rand'], {}, world)
  t.match(run.read('N'), /^[ab]$/)
})

t.test('a split takes shares of all requests, and a client stays where its cookie says', async t => {
  const line = 'route-run = split:keys=stable*90;canary*10,cookie=arm,max-age=60'
  const world = new FakeWorld()
  const first = runRules([line], {}, world)
  t.equal(first.run.key, 'stable')
  world.chance = 0.95
  const second = runRules([line], {}, world)
  t.equal(second.run.key, 'canary')
  second.run.judge(answerOf(200))
  const [, mark] =
    /^Set-Cookie: arm=([^;]+); Path=\/; Max-Age=60; HttpOnly; SameSite=Lax$/.exec(second.run.added![0]!) ?? []
  world.chance = 0
  const back = runRules([line], { fields: { cookie: `arm=${mark}` } }, world)
  t.equal(back.run.key, 'canary')
  back.run.judge(answerOf(200))
  t.equal(back.run.added, null)
  t.equal(runRules([line], { fields: { cookie: 'arm=nonsense' } }, world).run.key, 'stable')
})

t.test('a split by a text gives the same text the same key, in those shares', async t => {
  const counts = { a: 0, b: 0 }
  for (let i = 0; i < 500; i++) {
    const { run } = runRules(['route-run = split:keys=a*80;b*20,by=${HTTP_USER}'], {
      fields: { user: `u${i}` },
    })
    counts[run.key as 'a' | 'b']++
  }
  t.ok(counts.a > 350 && counts.a < 450, JSON.stringify(counts))
})

t.test('key: chooses, in the request or in the configuration', async t => {
  t.equal(runRules(['route-run = key:rule of mine']).run.key, 'rule of mine')
  t.equal(runRules(['route = ^/(.+)$ key:$1'], { uri: '/shop.example' }).run.key, 'shop.example')
  t.equal(runRules(['route = ^/(.+)$ key:$1'], { uri: '/rule http://10.0.0.1' }).run.reply.status, 400)
})

t.test('arithmetic on a variable that is not there ends the request', async t => {
  t.equal(runRules(['route-run = +:NOPE,1', 'route-run = return:500']).decision, SILENCE)
})

const BASIC = { fields: { authorization: 'Basic Zm9vOmJhcg==' } }

t.test('basicauth asks whether a password is right, and logs in', async t => {
  const lines = ['route-run = basicauth:My Realm,foo:bar', 'route-remote-user = ^foo$ addvar:OK=1']
  const { run, decision } = runRules(lines, BASIC)
  t.equal(decision, ASKS)
  t.match(run.ask, {
    kind: 'password',
    data: { known: { user: 'foo', password: 'bar' }, user: 'foo', password: 'bar' },
  })
  t.equal(run.resume({ kind: 'right' }), PASS)
  t.same([run.read('REMOTE_USER'), run.read('OK')], ['foo', '1'])
  const file = runRules(['route-run = basicauth:R,/etc/users'], BASIC)
  t.match(file.run.ask?.data, { known: { file: '/etc/users' } })
})

t.test('basicauth lets nobody in otherwise', async t => {
  const lines = ['route-run = basicauth:My Realm,foo:bar']
  const refused = {
    status: 401,
    reason: 'Authorization Required',
    body: 'Unauthorized',
    fields: ['WWW-Authenticate: Basic realm="My Realm"'],
  }
  const twice = 'Basic Zm9vOmJhcg==, Basic eDp5'
  for (const authorization of [
    '',
    'Basic',
    'Basic ',
    'basic Zm9vOmJhcg==',
    'Bearer x',
    'Basic Zm9v',
    twice,
  ]) {
    const { run, decision } = runRules(lines, { fields: { authorization } })
    t.equal(decision, ANSWER)
    t.match(run.reply, refused)
  }
  for (const answer of [{ kind: 'wrong' }, null, undefined, 1, 'x', {}]) {
    const { run } = runRules(lines, BASIC)
    t.equal(run.resume(answer), ANSWER)
    t.match(run.reply, refused)
  }
  t.match(runRules(['route-run = basicauth:My Realm,'], BASIC).run.reply, refused)
  const { run } = runRules(lines, BASIC)
  t.equal(run.resume({ kind: 'refused', status: 429, retryAfterSeconds: 1.5 }), ANSWER)
  t.match(run.reply, { status: 429, fields: ['Content-Type: text/plain', 'Retry-After: 2'] })
})

t.test('basicauth-next goes on after a wrong password, not without any', async t => {
  const lines = ['route-run = basicauth-next:R1,foo:bar', 'route-run = return:410']
  const { run } = runRules(lines, BASIC)
  t.equal(run.resume({ kind: 'wrong' }), ANSWER)
  t.equal(run.reply.status, 410)
  t.equal(runRules(lines).run.reply.status, 401)
})

t.test('who is known already is not asked', async t => {
  t.equal(runRules(['route-run = setuser:joe', 'route-run = basicauth:R,']).decision, PASS)
})

// test/routing/rules/ours/auth-and-js.test.ts: what becomes of a request by the word of another service, or of a function.
import t from 'tap'
import { ANSWER, ASKS, PASS } from '../../../../routing/decision.ts'
import type { AuthAnswer, AuthAsked, JsAnswer, JsAsked } from '../../../../routing/rules/asked.ts'
import { type Asked, answerOf, FakeWorld, runRules } from '../../../support/rules.ts'

const AUTH = [
  'route-run = auth-request:url=http://127.0.0.1:4180/auth?for=${PATH_INFO},copy=X-User;X-Groups,answer=X-Seen',
]

function authed(answer: AuthAnswer | undefined, asked: Asked = {}) {
  const { run } = runRules(AUTH, asked)
  return { run, decision: run.resume(answer) }
}

function said(status: number, fields: Record<string, string[]> = {}): AuthAnswer {
  return { kind: 'answered', status, fields: new Map(Object.entries(fields)) }
}

t.test('the service is asked with what it needs to decide, and nothing else', async t => {
  const { run, decision } = runRules(AUTH, {
    method: 'POST',
    uri: '/a%20b%26x=y%23?c=1',
    fields: { cookie: 'id=1', authorization: 'Bearer x', 'x-user': 'root', 'content-length': '5' },
    client: '192.0.2.1',
    variables: { HTTPS: 'on', REMOTE_ADDR: '10.0.0.1' },
  })
  t.equal(decision, ASKS)
  t.same(run.ask!.data as AuthAsked, {
    origin: 'http://127.0.0.1:4180',
    path: '/auth?for=%2Fa%20b%26x%3Dy%23',
    timeoutMs: 5_000,
    fields: [
      ['Authorization', 'Bearer x', 'Cookie', 'id=1'],
      ['X-Original-URI', '/a%20b%26x=y%23?c=1', 'X-Original-Method', 'POST', 'X-Real-IP', '192.0.2.1'],
      ['X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'example.com'],
      ['X-Forwarded-Uri', '/a%20b%26x=y%23?c=1', 'X-Forwarded-Method', 'POST'],
    ].flat(),
  })
})

t.test('the service sees the path that nodes get, not its disguise', async t => {
  for (const asked of [
    { uri: '//x/../admin%2fa%20b?c=1', path: '/admin/a b', isPathChanged: true },
    { uri: 'http://example.com/admin/a%20b?c=1', path: '/admin/a b' },
  ]) {
    const { run } = runRules(AUTH, asked)
    const { fields } = run.ask!.data as AuthAsked
    for (const name of ['X-Original-URI', 'X-Forwarded-Uri'])
      t.equal(fields[fields.indexOf(name) + 1], '/admin/a%20b?c=1', name)
  }
})

t.test(
  'a yes lets it pass, with the fields that the service gave and none of the same name by the client',
  async t => {
    const { run, decision } = authed(
      said(204, { 'x-user': ['ann'], 'x-seen': ['1', '2'], 'x-other': ['no'] }),
      {
        fields: { 'x-user': 'root', 'x-groups': 'admins' },
      },
    )
    t.equal(decision, PASS)
    t.equal(run.field('x-user'), 'ann')
    t.equal(run.field('x-groups'), undefined)
    t.equal(run.field('x-other'), undefined)
    run.judge(answerOf(200))
    t.same(run.added, ['X-Seen: 1', 'X-Seen: 2'])
  },
)

for (const status of [401, 403, 429, 302]) {
  t.test(`${status} goes to the client with what it needs`, async t => {
    const { run, decision } = authed(
      said(status, {
        'www-authenticate': ['Basic', 'Bearer'],
        location: ['/log in'],
        'set-cookie': ['a=1'],
        server: ['x'],
      }),
    )
    t.equal(decision, ANSWER)
    t.equal(run.reply.status, status)
    const fields = [
      'WWW-Authenticate: Basic',
      'WWW-Authenticate: Bearer',
      'Location: /log%20in',
      'Set-Cookie: a=1',
    ]
    t.same(run.reply.fields, fields)
  })
}

for (const [answer, status] of [
  [said(500), 500],
  [said(404), 500],
  [said(100), 500],
  [said(304), 500],
  [{ kind: 'failed', why: 'x' }, 503],
  [undefined, 503],
] as const)
  t.test(`${JSON.stringify(answer)} lets nothing through`, async t => {
    const { run, decision } = authed(answer)
    t.equal(decision, ANSWER)
    t.equal(run.reply.status, status)
  })

t.test('a value that would end the head is not passed on', async t => {
  const evil = authed(said(200, { 'x-user': ['a\r\nX-Admin: 1'] }))
  t.equal(evil.decision, ANSWER)
  t.equal(evil.run.reply.status, 400)
  t.same(authed(said(401, { 'www-authenticate': ['a\nb'] })).run.reply.fields, [])
})

const JS = ['route-run = js:/etc/rules.ts#decide,timeout=20ms']

function decided(decision: unknown, world = new FakeWorld()) {
  const { run } = runRules(JS, {}, world)
  return { run, world, decision: run.resume({ kind: 'returned', decision } satisfies JsAnswer) }
}

t.test('a function is given the head of the request as it is by then', async t => {
  const { run } = runRules(['route-run = set-header:X-New: 1', 'route-run = remove-header:x-old', ...JS], {
    uri: '/%C3%A4?q=1',
    fields: { 'x-old': '1', 'x-kept': 'a, b', ['__proto__']: 'x' },
    client: '192.0.2.1',
    variables: { REMOTE_ADDR: '10.0.0.1' },
  })
  const { file, name, timeoutMs, request } = run.ask!.data as JsAsked
  t.same([file, name, timeoutMs], ['/etc/rules.ts', 'decide', 20])
  t.match(request, {
    method: 'GET',
    url: '/%C3%A4?q=1',
    path: '/ä',
    query: 'q=1',
    host: 'example.com',
    isTls: false,
  })
  t.equal(request.remoteAddress, '192.0.2.1')
  t.equal(request.headers['x-kept'], 'a, b')
  t.equal(request.headers['x-new'], '1')
  t.equal(request.headers['x-old'], undefined)
  const unix = runRules(JS, { client: '' })
  t.equal((unix.run.ask!.data as JsAsked).request.remoteAddress, '', 'a client of a UNIX socket has none')
})

t.test('what it returns is followed', async t => {
  for (const nothing of [undefined, null, {}]) t.equal(decided(nothing).decision, PASS)
  const passed = decided({
    setHeaders: { 'X-User': 'ä', Cookie: null },
    key: 'other',
    addHeaders: { 'X-By': 'js' },
  })
  t.equal(passed.decision, PASS)
  t.equal(passed.run.field('x-user'), '\xc3\xa4')
  t.equal(passed.run.field('cookie'), undefined)
  t.equal(passed.run.key, 'other')
  const moved = decided({ redirect: '/ü\r\nX: 1', status: 308 })
  t.equal(moved.decision, ANSWER)
  t.match(moved.run.reply, { status: 308, fields: ['Location: /%C3%BC%0D%0AX:%201'] })
  const answered = decided({ status: 418, headers: { 'X-Pot': 'tea' }, body: 'ä' })
  t.match(answered.run.reply, { status: 418, body: '\xc3\xa4' })
  t.same(answered.run.reply.fields, ['Content-Type: text/plain; charset=utf-8', 'X-Pot: tea'])
})

for (const nonsense of [
  7,
  'yes',
  true,
  [],
  { allow: true },
  { key: 'a b' },
  { key: 7 },
  { setHeaders: { 'a b': '1' } },
  { setHeaders: { 'content-length': '1' } },
  { setHeaders: { Expect: '100-continue' } },
  { setHeaders: { 'X-A': 'a\r\nb' } },
  { setHeaders: { 'X-A': 7 } },
  { addHeaders: { 'X-A': 'a\nb' } },
  { redirect: 7 },
  { redirect: '/', status: 200 },
  { status: 99 },
  { status: 200, body: 7 },
  { status: 200, headers: { 'Transfer-Encoding': 'chunked' } },
  new Error('no'),
  new Map([['status', 403]]),
  { setHeaders: 'X-A: b' },
  { setHeaders: new Map([['X-A', 'b']]) },
  { addHeaders: ['X-A: b'] },
])
  t.test(`${JSON.stringify(nonsense)} is a 500, and the log says why`, async t => {
    const { run, decision, world } = decided(nonsense)
    t.equal(decision, ANSWER)
    t.equal(run.reply.status, 500)
    t.match(world.lines, [/^rules\.ini:1: decide of \/etc\/rules\.ts: /])
  })

t.test('a function that fails is a 500', async t => {
  const { run } = runRules(JS)
  t.equal(run.resume({ kind: 'failed', why: 'boom' }), ANSWER)
  t.equal(run.reply.status, 500)
})

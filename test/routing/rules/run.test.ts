// test/routing/rules/run.test.ts: what rules decide about a request and its answer.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { ANSWER, PASS, SILENCE } from '../../../routing/decision.ts'
import { WITHOUT_RULES } from '../../../routing/rules/program.ts'
import { answerOf, runRules } from '../../support/rules.ts'

t.test('rules run in order until one ends the chain', async t => {
  const lines = ['route = ^/a addvar:X=1', 'route = ^/a last:', 'route-run = return:500']
  const passed = runRules(lines, { uri: '/a' })
  t.equal(passed.decision, PASS)
  t.equal(passed.run.read('X'), '1')
  const refused = runRules(lines, { uri: '/b' })
  t.equal(refused.decision, ANSWER)
  t.equal(refused.run.reply.status, 500)
  t.equal(refused.run.reply.body, 'Internal Server Error')
})

t.test('break without anything produced is silence', async t => {
  t.equal(runRules(['route-run = break:']).decision, SILENCE)
  const { run, decision } = runRules(['route-run = break:404 Nope $1'])
  t.equal(decision, ANSWER)
  t.match(run.reply, { status: 404, reason: 'Nope $1', body: '', closes: true })
})

t.test('goto goes forward over what stands between', async t => {
  const { run } = runRules(
    [
      'route = ^/a goto:two',
      'route-run = addheader:X-S: one',
      'route-label = two',
      'route-run = addheader:X-S: two',
      'route = ^/a goto:end',
      'route-run = addheader:X-S: never',
      'route-label = end',
      'route-run = addheader:X-E: end',
    ],
    { uri: '/a' },
  )
  run.judge(answerOf(200))
  t.same(run.added, ['X-S: two', 'X-E: end'])
})

t.test('a computed goto that leads nowhere ends the request, and says so once', async t => {
  const { decision, world } = runRules(['route-host = ^(.+)$ goto:$1', 'route-run = last:'])
  t.equal(decision, SILENCE)
  t.equal(world.lines.length, 1)
  t.equal(
    runRules(['route-host = ^(.+)$ goto:$1', 'route-run = return:500', 'route-label = example.com']).decision,
    PASS,
  )
})

t.test('an answer is made of pieces', async t => {
  const { run, decision } = runRules(
    [
      'route-run = clearheaders:503 Busy',
      'route-run = addheader:Content-Type: text/html',
      'route-run = send:<p>${PATH_INFO}',
      'route-run = send:</p>',
      'route-run = break:',
    ],
    { uri: '/busy' },
  )
  t.equal(decision, ANSWER)
  t.match(run.reply, {
    status: 503,
    reason: 'Busy',
    body: '<p>/busy</p>',
    fields: ['Content-Type: text/html'],
  })
})

t.test('line ends of a client never reach a head', async t => {
  const redirected = runRules(['route = ^/b/([^?]+) redirect:http://h/$1'], { uri: '/b/x%0d%0aX-Inj:%201' })
  t.same(redirected.run.reply.fields, ['Location: http://h/x%0D%0AX-Inj:%201'])
  const added = runRules(['route = ^/b/([^?]+) addheader:X: $1'], { uri: '/b/x%0d%0aX-Inj:%201' })
  t.equal(added.decision, ANSWER)
  t.equal(added.run.reply.status, 400)
  const sent = runRules(['route = ^/b/([^?]+) addvar:HTTP_X=$1'], { uri: '/b/x%00' })
  t.equal(sent.run.reply.status, 400)
})

t.test('the error chain sees every status, and may replace the answer', async t => {
  const lines = [
    'route = ^/r return:403',
    'error-route-status = 403 redirect:/sorry',
    'error-route-run = addheader:X-S: ${uwsgi[status]}',
  ]
  const own = runRules(lines, { uri: '/r' })
  t.equal(own.decision, ANSWER)
  t.match(own.run.reply, { status: 302, fields: ['Location: /sorry'], body: 'Moved' })
  const node = runRules(lines)
  t.equal(node.run.judge(answerOf(403)), ANSWER)
  const good = runRules(lines)
  t.equal(good.run.judge(answerOf(201)), PASS)
  t.same(good.run.added, ['X-S: 201'])
})

t.test('headers of every answer, and variables of its fields', async t => {
  const { run } = runRules([
    'add-header = X-A: b',
    'rem-header = Server',
    'pull-header = X-Pull MYPULL',
    'route-run = addheader:X-C: d',
    'response-route-if-not = empty:${MYPULL} addheader:X-Got: ${MYPULL}',
  ])
  t.equal(run.judge(answerOf(200, { 'x-pull': 'pv' })), PASS)
  t.same(run.added, ['X-A: b', 'X-C: d', 'X-Got: pv'])
  t.same(run.removed, ['x-pull', 'server'])
})

t.test('a host is matched in lower case, as nodes are found by it', async t => {
  const { run } = runRules(['route-host = ^shop\\. return:403'], { fields: { host: 'SHOP.Example' } })
  t.equal(run.reply.status, 403)
})

t.test('only what the head of an http node shows asks for another head', async t => {
  const editsHead = (...lines: string[]): boolean => runRules(lines, { uri: '/a' }).run.editsHead
  t.notOk(editsHead('route-run = addvar:VAR=1', 'route-run = setuser:kate', 'route-run = addheader:X-A: 1'))
  for (const action of [
    'addvar:HTTP_X_A=1',
    'addvar:QUERY_STRING=a',
    'setpathinfo:/b',
    'seturi:/b',
    'setmethod:PUT',
    'rewrite:/b',
    'set-header:X-A: 1',
    'remove-header:X-A',
  ]) {
    t.ok(editsHead(`route-run = ${action}`), action)
  }
})

t.test('a run that begins anew holds nothing of the request before, nor of its rules', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const lines = ['route = ^/(.*) addvar:X=$1', 'route-host = (.) addvar:Y=$1']
  const { run } = runRules(lines, { uri: '/long', fields: { host: 'an.example' } })
  const kept = [run.program, run.variables!, run.captures!].map(each => new WeakRef<object>(each))
  t.equal(run.subject('host'), 'an.example')
  run.begin(WITHOUT_RULES, run.source)
  await new Promise(resolve => setImmediate(resolve)) // what is behind a WeakRef lives to the end of a turn
  collect()
  t.same(
    kept.map(each => each.deref()),
    [undefined, undefined, undefined],
  )
})

// test/routing/rules/answers.test.ts: how the error, the response and the final chain treat an answer, a node's or the rules' own.
import t from 'tap'
import { ANSWER, PASS, SILENCE } from '../../../routing/decision.ts'
import { answerOf, runRules } from '../../support/rules.ts'

t.test('an error rule that only sends a body keeps the pending status', async t => {
  const { run } = runRules(['error-route-status = 404 send:gone', 'error-route-status = 404 break:'])
  t.equal(run.judge(answerOf(404)), ANSWER)
  t.match(run.reply, { status: 404, body: 'gone' })
})

t.test('a body without clearheaders is 200, and is the answer even without a break', async t => {
  const { run, decision } = runRules([
    'route-run = send:a',
    'route-run = addvar:X=1',
    'route-run = send-crnl:b',
  ])
  t.equal(decision, ANSWER)
  t.match(run.reply, { status: 200, body: 'ab\r\n' })
  t.equal(run.read('X'), '1', 'the chain went on')
})

t.test('a head without a body that nobody broke off is forgotten: the node answers', async t => {
  const { run, decision } = runRules(['route-run = clearheaders:503'])
  t.equal(decision, PASS)
  t.equal(run.judge(answerOf(200)), PASS)
  t.equal(run.status, 0)
})

t.test(
  "clearheaders in the error chain changes the node's status, in the response chain it drops its fields",
  async t => {
    const error = runRules(['error-route-status = 500 clearheaders:503 Later ${uwsgi[status]}'])
    t.equal(error.run.judge(answerOf(500)), PASS)
    t.match(error.run, { status: 503, reason: 'Later 500', dropsFields: false })
    const response = runRules([
      'response-route-status = 500 clearheaders:503',
      'response-route-status = 503 addheader:X: y',
    ])
    t.equal(response.run.judge(answerOf(500)), PASS)
    t.match(response.run, { status: 503, dropsFields: true, added: ['X: y'] })
  },
)

t.test('the same on an answer of the rules', async t => {
  const { run, decision } = runRules([
    'route-run = redirect:/x',
    'error-route-status = 302 clearheaders:303',
    'response-route-status = 303 addheader:X: y',
  ])
  t.equal(decision, ANSWER)
  t.match(run.reply, { status: 303, fields: ['Location: /x', 'X: y'], body: 'Moved' })
})

t.test('an answer of the error chain still meets the response chain, but no error chain again', async t => {
  const { run } = runRules([
    'error-route-status = 404 return:410',
    'error-route-status = 410 return:500',
    'response-route-status = 410 addheader:X: y',
  ])
  t.equal(run.judge(answerOf(404)), ANSWER)
  t.equal(run.reply.status, 410)
  t.same(run.reply.fields, ['Content-Type: text/plain', 'X: y'])
})

t.test('a response rule may replace what the error chain made', async t => {
  const { run } = runRules(['error-route-status = 404 return:410', 'response-route-status = 410 redirect:/r'])
  t.equal(run.judge(answerOf(404)), ANSWER)
  t.match(run.reply, { status: 302, fields: ['Location: /r'] })
})

t.test('a break without anything produced ends the answer too', async t => {
  t.equal(runRules(['error-route-status = 404 break:']).run.judge(answerOf(404)), SILENCE)
  t.equal(runRules(['route-run = return:404', 'response-route-run = break:']).decision, SILENCE)
})

t.test('each chain begins at its own first rule, every time', async t => {
  const { run } = runRules([
    'route-run = goto:end',
    'route-label = end',
    'error-route-run = goto:here',
    'error-route-run = return:500',
    'error-route-label = here',
    'error-route-run = addheader:X-N: 1',
    'response-route-run = goto:there',
    'response-route-run = return:500',
    'response-route-label = there',
  ])
  t.equal(run.judge(answerOf(200)), PASS)
  t.equal(run.judge(answerOf(502)), PASS)
  t.same(run.added, ['X-N: 1', 'X-N: 1'])
})

t.test('lines of the request chain stay when the error chain makes another answer', async t => {
  const { run } = runRules(['route-run = addheader:X-A: 1', 'error-route-status = 404 return:410'])
  t.equal(run.judge(answerOf(404)), ANSWER)
  t.same(run.reply.fields, ['Content-Type: text/plain', 'X-A: 1'])
})

t.test('what the rules made is collected like what a node sent', async t => {
  const { run } = runRules([
    'collect-header = Location WHERE',
    'route-run = redirect:/x',
    'response-route-run = addheader:X-Where: ${WHERE}',
  ])
  t.same(run.reply.fields, ['Location: /x', 'X-Where: /x'])
})

t.test('what is too long to be collected is left out, and spoils no answer', async t => {
  const lines = ['collect-header = X-Long WHAT', 'response-route-run = addheader:X-Got: ${WHAT}']
  const node = runRules(lines)
  t.equal(node.run.judge(answerOf(200, { 'x-long': 'a'.repeat(40_000) })), PASS)
  t.same([node.run.status, node.run.added], [0, ['X-Got: ']])
  const long = runRules(['route-run = redirect:/${QUERY_STRING}', 'collect-header = Location WHERE'], {
    uri: `/?${'a'.repeat(40_000)}`,
  })
  t.equal(long.run.reply.status, 302)
})

t.test('the final chain sees the status and size that were sent, and changes nothing', async t => {
  const lines = [
    'final-route-status = 404 log:${uwsgi[status]} ${uwsgi[rsize]}',
    'final-route-run = return:500',
  ]
  const { run, world } = runRules(lines)
  run.judge(answerOf(404, {}, 12))
  run.finish()
  t.same(world.lines, ['404 12'])
  const own = runRules(['route-run = return:404', ...lines])
  own.run.finish()
  t.same(own.world.lines, ['404 9'])
  t.match(own.run.reply, { status: 404, body: 'Not Found' })
  const head = runRules(['route-run = return:404', ...lines], { method: 'HEAD' })
  head.run.finish()
  t.same(head.world.lines, ['404 0'], 'an answer to HEAD has no body')
})

t.test('nothing of one request is left for the next', async t => {
  const { run } = runRules(
    [
      'route = ^/a addvar:A=1',
      'route = ^/a set-header:X-A: 1',
      'route = ^/a addheader:X: 1',
      'route = ^/a set-response-header:Y: 1',
      'route = ^/a setpathinfo:/b',
      'route = ^/a seturi:/c',
      'route = ^/b harakiri:3',
      'route = ^/b setmodifier1:3',
      'route = ^/b logvar:k=v',
      'route = ^/b donotlog:',
      'route = ^/b key:k',
      'error-route-status = 404 clearheaders:405',
    ],
    { uri: '/a' },
  )
  run.judge(answerOf(404))
  run.finish()
  const fresh = runRules([]).run
  run.begin(run.program, fresh.source)
  t.equal(run.decide(), PASS)
  t.equal(run.judge(answerOf(200)), PASS)
  fresh.judge(answerOf(200))
  for (const name of [
    'variables',
    'fields',
    'key',
    'upstream',
    'modifier1',
    'modifier2',
    'deadlineMs',
    'status',
    'added',
    'removed',
    'logVariables',
    'isLogged',
  ] as const) {
    t.same(run[name], fresh[name], name)
  }
  t.equal(run.target(), null)
})

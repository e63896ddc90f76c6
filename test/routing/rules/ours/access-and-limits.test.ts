// test/routing/rules/ours/access-and-limits.test.ts: who gets in by address, how often, and how many at once.
import t from 'tap'
import type { NetsPicture } from '../../../../base/nets.ts'
import { ANSWER, PASS } from '../../../../routing/decision.ts'
import { readNets } from '../../../../routing/nets/read.ts'
import { WrongRule } from '../../../../routing/rules/action.ts'
import { FakeWorld, runRules } from '../../../support/rules.ts'

function refusalOf(line: string): unknown {
  try {
    runRules([`route-run = ${line}`])
    return null
  } catch (error) {
    return error
  }
}

const from = (address: string) => ({ client: address })

t.test('allow lets in its networks alone', async t => {
  const lines = ['route-run = allow:10.0.0.0/8,2001:db8::/32']
  t.equal(runRules(lines, from('10.1.2.3')).decision, PASS)
  t.equal(runRules(lines, from('2001:db8::1')).decision, PASS)
  const { decision, run } = runRules(lines, from('11.0.0.1'))
  t.equal(decision, ANSWER)
  t.match(run.reply, { status: 403, body: 'Forbidden' })
})

t.test('deny refuses its networks alone', async t => {
  const lines = ['route = ^/admin deny:10.0.0.0/8 192.0.2.7 unix']
  for (const address of ['10.1.2.3', '192.0.2.7', ''])
    t.equal(runRules(lines, { uri: '/admin', ...from(address) }).decision, ANSWER, address)
  for (const address of ['11.1.2.3', '::1'])
    t.equal(runRules(lines, { uri: '/admin', ...from(address) }).decision, PASS, address)
})

t.test('a rule cannot make another client of it, and what is no address is refused either way', async t => {
  const lines = ['route-run = addvar:REMOTE_ADDR=10.0.0.1', 'route-run = allow:10.0.0.0/8']
  t.equal(runRules(lines, from('192.0.2.1')).decision, ANSWER)
  const variables = { REMOTE_ADDR: '10.0.0.1' } // by http-var
  t.equal(runRules(['route-run = allow:10.0.0.0/8'], { ...from('192.0.2.1'), variables }).decision, ANSWER)
  t.equal(runRules(['route-run = deny:10.0.0.0/8'], { ...from('192.0.2.1'), variables }).decision, PASS)
  t.equal(runRules(['route-run = allow:0.0.0.0/0'], from('x')).decision, ANSWER)
  t.equal(runRules(['route-run = deny:10.0.0.0/8'], from('x')).decision, ANSWER)
})

t.test('lists of files count as of now; without one that is told of nobody gets in', async t => {
  for (const action of ['allow', 'deny']) {
    const lines = [`route-run = ${action}:192.0.2.0/24,@nets.txt`]
    const world = new FakeWorld()
    t.equal(runRules(lines, from('10.0.0.1'), world).decision, ANSWER, 'there is no list yet')
    const learn = (...nets: string[]): void =>
      world.ours.learnNets([{ file: 'nets.txt', nets: readNets(nets) as NetsPicture }])
    const isIn = (address: string): boolean =>
      (runRules(lines, from(address), world).decision === PASS) === (action === 'allow')
    learn('10.0.0.0/8')
    t.ok(isIn('10.0.0.1') && isIn('192.0.2.1') && !isIn('11.0.0.1'))
    learn('11.0.0.0/8')
    t.ok(!isIn('10.0.0.1') && isIn('192.0.2.1') && isIn('11.0.0.1'))
  }
})

t.test('limit refuses what is beyond the rate, by client unless told otherwise', async t => {
  const world = new FakeWorld()
  const ask = (address: string, user = '') =>
    runRules(['route-run = limit:rate=2/s,burst=3'], { ...from(address), fields: { 'x-user': user } }, world)
  for (let i = 0; i < 3; i++) t.equal(ask('192.0.2.1').decision, PASS)
  const { decision, run } = ask('192.0.2.1')
  t.equal(decision, ANSWER)
  t.match(run.reply, {
    status: 429,
    body: 'Too Many Requests',
    fields: ['Content-Type: text/plain', 'Retry-After: 1'],
  })
  t.equal(ask('192.0.2.2').decision, PASS)
  world.steadyMs += 500
  t.equal(ask('192.0.2.1').decision, PASS)
  t.equal(ask('192.0.2.1').decision, ANSWER)
})

t.test('what REMOTE_ADDR says makes no other client for limits', async t => {
  for (const action of ['limit:rate=1/h', 'max-inflight:max=1']) {
    const world = new FakeWorld()
    const lines = ['route = ^/set setremoteaddr:192.0.2.9', `route-run = ${action}`]
    const variables = { REMOTE_ADDR: '10.0.0.1' } // by http-var
    t.equal(runRules(lines, { ...from('192.0.2.1'), variables }, world).decision, PASS)
    t.equal(runRules(lines, { ...from('192.0.2.2'), variables }, world).decision, PASS)
    t.equal(runRules(lines, { ...from('192.0.2.1'), uri: '/set' }, world).decision, ANSWER)
  }
})

t.test('a limit by any variable, with a status of its own; rules of one name share', async t => {
  const world = new FakeWorld()
  const ask = (user: string, uri = '/a') =>
    runRules(
      [
        'route = ^/a limit:rate=5r/m,burst=1,key=${HTTP_X_USER},name=users,status=503',
        'route = ^/b limit:rate=5r/m,burst=1,key=${HTTP_X_USER},name=users',
      ],
      { uri, fields: { 'x-user': user } },
      world,
    )
  t.equal(ask('ann').decision, PASS)
  t.match(ask('ann').run.reply, { status: 503, fields: ['Content-Type: text/plain', 'Retry-After: 12'] })
  t.match(ask('ann', '/b').run.reply, { status: 429 })
  t.equal(ask('bob', '/b').decision, PASS)
})

t.test('gateways divide a limit', async t => {
  const world = new FakeWorld()
  world.ours.gateways = 4
  const passes = (): number => {
    let count = 0
    while (runRules(['route-run = limit:rate=8/s'], {}, world).decision === PASS) count++
    return count
  }
  t.equal(passes(), 2)
  world.steadyMs += 1_000
  t.equal(passes(), 2)
})

t.test('max-inflight counts what is not over', async t => {
  const world = new FakeWorld()
  const ask = (address: string) => runRules(['route-run = max-inflight:max=2'], from(address), world)
  const first = ask('192.0.2.1')
  const second = ask('192.0.2.1')
  t.equal(ask('192.0.2.1').decision, ANSWER)
  t.equal(ask('192.0.2.2').decision, PASS)
  first.run.over()
  first.run.over()
  t.equal(ask('192.0.2.1').decision, PASS)
  t.equal(ask('192.0.2.1').decision, ANSWER, 'once over is over once')
  second.run.begin(second.run.program, second.run.source)
  t.equal(ask('192.0.2.1').decision, PASS, 'a run that goes on with another request has given it back')
})

t.test('keys without requests in hand are forgotten', async t => {
  const world = new FakeWorld()
  const runs = Array.from(
    { length: 100 },
    (_, i) => runRules(['route-run = max-inflight:max=1'], from(`192.0.2.${i}`), world).run,
  )
  t.equal(world.ours.inFlight.size, 100)
  for (const run of runs) run.over()
  t.equal(world.ours.inFlight.size, 0)
})

for (const line of [
  'allow:',
  'allow:10.0.0.0/33',
  'deny:localhost',
  'limit:',
  'limit:rate=0/s',
  'limit:rate=fast',
  'limit:burst=1',
  'limit:rate=1/s,burst=0',
  'limit:rate=1/s,status=99',
  'limit:rate=1/s,speed=2',
  'max-inflight:',
  'max-inflight:max=0',
  'mirror:',
  'mirror:a b',
  'mirror:key,101',
  'js:',
  'js:file.ts',
  'js:file.ts#not a name',
  'js:file.ts#ok,timeout=1h',
  'auth-request:',
  'auth-request:url=ftp://x/',
  'auth-request:url=http://user@host/',
  'auth-request:url=http://${HTTP_HOST}/',
  'auth-request:url=http://a/,copy=Content-Length',
  'auth-request:url=http://a/,copy=Expect',
  'auth-request:url=http://a/,timeout=0s',
])
  t.test(`${line} is refused at load`, async t => {
    t.ok(refusalOf(line) instanceof WrongRule)
  })

t.test('mirror names keys, for so many of the requests', async t => {
  const world = new FakeWorld()
  const lines = ['route-run = mirror:Shadow.example,25', 'route-run = mirror:http://127.0.0.1:9']
  world.chance = 0.24
  t.same(runRules(lines, {}, world).run.mirrors, ['shadow.example', 'http://127.0.0.1:9'])
  world.chance = 0.25
  t.same(runRules(lines, {}, world).run.mirrors, ['http://127.0.0.1:9'])
})

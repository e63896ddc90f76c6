// test/routing/rules/conditions.test.ts: when each condition holds.
import t from 'tap'
import { ANSWER, ASKS, PASS } from '../../../routing/decision.ts'
import { FakeWorld, readRules, refusalOf, runRules } from '../../support/rules.ts'

const REQUEST = {
  uri: '/ab-mid-yz',
  variables: { A: 'aab', IP: '10.1.2.3', SIX: '2001:db8::1', BLANK: ' +12' },
}

// Condition with its operands, whether it holds.
const HOLDS: readonly (readonly [string, boolean])[] = [
  ['equal:${A};aab', true],
  ['isequal:${A};aa', false],
  ['eq:;', true],
  ['==:a;b;a;b', false],
  ['==:a;a;b', false],
  ['equal:${SEMI};x;y', false],
  ['startswith:${PATH_INFO};/ab', true],
  ['startswith:${PATH_INFO};/abX', false],
  ['startswith:${PATH_INFO};', true],
  ['endswith:${PATH_INFO};yz', true],
  ['endswith:${PATH_INFO};', true],
  ['endswith:yz;${PATH_INFO}', false],
  ['contains:${A};ab', true],
  ['contain:${A};', false],
  ['contains:${A};ba', false],
  ['regexp:${PATH_INFO};^/(ab)', true],
  ['re:${PATH_INFO};^ab', false],
  ['re:;^$', true],
  ['empty:${NOPE}', true],
  ['empty:', true],
  ['empty:${A}', false],
  ['ishigher:10;9', true],
  ['>:10;10', false],
  ['>=:10;10', true],
  ['ishigherequal:9;10', false],
  ['<:5abc;6', true],
  ['islower:6;5', false],
  ['islowerequal:1.9;1', true],
  ['<=:2;1', false],
  ['ishigher:abc;-1', true],
  ['==:${BLANK};+12', false],
  ['>=:${BLANK};12', true],
  ['ipv4in:${IP};10.0.0.0/8', true],
  ['ipv4in:${IP};10.1.2.3', true],
  ['ipv4in:${IP};11.0.0.0/8', false],
  ['ipv4in:${IP};0.0.0.0/0', true],
  ['ipv4in:192.168.100.200;192.168.100.200/32', true],
  ['ipv4in:255.255.255.255;255.255.255.255', true],
  ['ipv4in:10.1;10.0.0.1', true],
  ['ipv4in:${IP};${IP}/24', true],
  ['ipv4in:${IP};${NOPE}', false],
  ['ipv4in:::1;0.0.0.0/0', false],
  ['ipv4in:10.0.0.256;0.0.0.0/0', false],
  ['ipv4in:10.0.0.1.2;0.0.0.0/0', false],
  ['ipv4in:010.0.0.1;0.0.0.0/0', false],
  ['ipv4in:${IP};${IP}/33', false],
  ['ipv6in:fe80::1;fe80::/10', true],
  ['ipv6in:${SIX};fe80::/10', false],
  ['ipv6in:${SIX};2001:db8::/32', true],
  ['ipv6in:${SIX};2001:0DB8:0:0:0:0:0:1', true],
  ['ipv6in:::ffff:10.0.0.1;::ffff:0:0/96', true],
  ['ipv6in:1::2::3;::/0', false],
  ['ipv6in:1:2:3:4:5:6:7;::/0', false],
  ['ipv6in:1:2:3:4:5:6:7:8:9;::/0', false],
  ['ipv6in:${IP};::/0', false],
  ['ipv6in:;::/0', false],
]

for (const [condition, holds] of HOLDS) {
  t.test(`${condition} ${holds ? 'holds' : 'does not hold'}`, async t => {
    const yes = runRules([`route-if = ${condition} return:410`], REQUEST).decision
    t.equal(yes, holds ? ANSWER : PASS)
    const no = runRules([`route-if-not = ${condition} return:410`], REQUEST).decision
    t.equal(no, holds ? PASS : ANSWER)
  })
}

t.test('a regexp gives its groups to the action', async t => {
  const { run } = runRules(['route-if = regexp:${HTTP_HOST};^(\\w+)\\.(\\w+)$ addvar:OUT=$2.$1 $0'])
  t.equal(run.read('OUT'), 'com.example example.com')
})

for (const wrong of ['equal:a', 'regexp:a', 'ipv4in:a;10.0.0.0/33', 'ipv4in:a;x', 'ipv6in:a;10.0.0.0']) {
  t.test(`${wrong} is refused at load`, async t => {
    t.match(
      refusalOf(() => readRules([`route-if = ${wrong} last:`])),
      { remedy: /./ },
    )
  })
}

const FILES = [
  ['exists', 'exists'],
  ['isfile', 'file'],
  ['isdir', 'directory'],
  ['islink', 'link'],
  ['isexec', 'executable'],
] as const

for (const [name, question] of FILES) {
  t.test(`${name} asks for what is not known, and goes on with the answer`, async t => {
    const lines = [`route-if-not = ${name}:/www\${PATH_INFO} return:404`, 'route-run = addvar:GOT=on']
    const world = new FakeWorld()
    world.knowsFiles = false
    for (const [answer, decision] of [
      [1, PASS],
      [0, ANSWER],
      [undefined, ANSWER],
    ] as const) {
      const { run, decision: first } = runRules(lines, { uri: '/a' }, world)
      t.equal(first, ASKS)
      t.match(run.ask, { kind: 'file', data: { path: '/www/a', question } })
      t.equal(run.resume(answer), decision)
      t.equal(run.read('GOT'), decision === PASS ? 'on' : undefined)
    }
  })

  t.test(`${name} takes what is known`, async t => {
    const world = new FakeWorld()
    world.files.set(`${question} /www/a`, 1)
    const line = `route-if = ${name}:/www\${PATH_INFO} return:410`
    t.equal(runRules([line], { uri: '/a' }, world).decision, ANSWER)
    t.equal(runRules([line], { uri: '/b' }, world).decision, PASS)
    t.equal(runRules([line], { uri: '/a\0b' }, world).decision, PASS)
  })
}

t.test('two asks in a row, of tests and actions, resume where they stood', async t => {
  const world = new FakeWorld()
  world.knowsFiles = false
  const { run, decision } = runRules(
    [
      'route-if = exists:/one addvar:A=1',
      'route-if = exists:/two addvar:B=2',
      'route-run = maintenance:file=/off',
    ],
    {},
    world,
  )
  t.equal(decision, ASKS)
  t.equal(run.resume(1), ASKS)
  t.equal(run.resume(0), ASKS)
  t.match(run.ask, { data: { path: '/off', question: 'time' } })
  t.equal(run.resume(1), ANSWER)
  t.equal(run.reply.status, 503)
  t.same([run.read('A'), run.read('B')], ['1', undefined])
})

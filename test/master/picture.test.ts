// test/master/picture.test.ts: what gateways are told of nodes, balance and limits, from the lines of a config.
import t from 'tap'
import type { Picture } from '../../base/picture.ts'
import { buildPicture } from '../../master/picture.ts'
import type { StartPlan } from '../../master/plan.ts'
import { planRules } from '../../master/rules-steps.ts'
import { configOf } from '../support/config.ts'

function pictureOf(argv: readonly string[], gateways: number): Picture {
  const config = configOf(argv)
  const logs = { access: null }
  const { plan: rules } = planRules(config, '/')
  const plan = { config, gateways, listeners: [], binds: [], logs, rules } as unknown as StartPlan
  const addresses = (host: string) => [host]
  return buildPicture({
    plan,
    bound: [],
    tls: [],
    addresses,
    version: 1,
    stickySecret: 'ab',
    rules: 7,
    held: [],
  })
}

t.test('a line of balance, its limits divided among the gateways and rounded up', async t => {
  const line = 'key=Shop.example,policy=hash,on=path,sticky=s,slow-start=9,limit=10,queue=7,queue-timeout=3'
  const { balances } = pictureOf(['--balance', line, '--balance', 'key=*'], 4)
  t.same(balances, [
    {
      key: 'shop.example',
      policy: 'hash',
      on: { kind: 'path' },
      sticky: 's',
      slowStartMs: 9_000,
      limit: 3,
      queueLength: 2,
      queueMs: 3_000,
      mostEjectedShare: 0.5,
    },
    {
      key: '*',
      policy: null,
      on: { kind: 'address' },
      sticky: '',
      slowStartMs: 0,
      limit: 0,
      queueLength: 0,
      queueMs: 5_000,
      mostEjectedShare: 0.5,
    },
  ])
})

t.test('level and limit of a node', async t => {
  const argv = [
    '--backend=key=a/x,address=http://10.0.0.1:80,backup=2,limit=5',
    '--backend=key=a/x,address=:3031,weight=3',
    '--backend=key=a/x,address=:3031',
  ]
  t.match(pictureOf(argv, 2).backends, [
    {
      key: 'a/x',
      nodes: [
        { name: 'a/x http://10.0.0.1:80', backup: 2, limit: 3, weight: 1 },
        { name: 'a/x uwsgi://127.0.0.1:3031', backup: 0, limit: 0, weight: 4 },
      ],
    },
  ])
})

t.test('the usual policy, the longest rest and the secret', async t => {
  t.match(pictureOf([], 1), { policy: 'smooth', mostGraceMs: 300_000, stickySecret: 'ab' })
  t.match(pictureOf(['--subscription-algo=wrr', '--http-max-gracetime=1m'], 1), {
    policy: 'wrr',
    mostGraceMs: 60_000,
  })
  t.match(pictureOf(['--http-gracetime=400'], 1), { graceMs: 400_000, mostGraceMs: 400_000 })
})

t.test('a node that a rule names is a backend of its own, which no host can ask for', async t => {
  const { backends, rules } = pictureOf(
    [
      '--route',
      '^/a http:127.0.0.1:3000',
      '--route',
      '^/b uwsgi:/run/x.sock,0,0',
      '--route',
      '^/c http:127.0.0.1:3000',
    ],
    2,
  )
  t.equal(rules, 7)
  t.match(backends, [
    {
      key: 'rule http://127.0.0.1:3000',
      nodes: [
        { name: 'rule http://127.0.0.1:3000 http://127.0.0.1:3000', proto: 'http', weight: 1, limit: 0 },
      ],
    },
    {
      key: 'rule uwsgi:///run/x.sock',
      nodes: [{ proto: 'uwsgi', endpoint: { kind: 'unix', path: '/run/x.sock' } }],
    },
  ])
})

// test/config/balance.test.ts: what lines about backends, balance and statistics say, and which of them are doubtful.
import t, { type Test } from 'tap'
import { configOf, folderOf, problemsOf, warningsOf } from './folder.ts'

function load(t: Test, lines: string) {
  return folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\n${lines}\n` }).load('a.ini')
}

function valuesOf(t: Test, lines: string) {
  return configOf(load(t, lines)).values
}

t.test('a line of balance, whole', async t => {
  const { balance } = valuesOf(
    t,
    'balance = key=Shop.Example:8443/Api/, policy=hash, on=header:X-User, sticky=node, slow-start=1m, limit=10, queue=5, queue-timeout=2, max-ejected=20%',
  )
  t.same(balance, [
    {
      key: 'shop.example:8443/Api',
      policy: 'hash',
      on: { kind: 'header', name: 'x-user' },
      sticky: 'node',
      slowStartMs: 60_000,
      limit: 10,
      queueLength: 5,
      queueMs: 2_000,
      mostEjectedShare: 0.2,
    },
  ])
})

t.test('what a line of balance leaves out', async t => {
  t.same(valuesOf(t, 'balance = key=*').balance, [
    {
      key: '*',
      policy: null,
      on: null,
      sticky: '',
      slowStartMs: 0,
      limit: 0,
      queueLength: 0,
      queueMs: null,
      mostEjectedShare: 0.5,
    },
  ])
})

t.test('what the policy hash can go by', async t => {
  for (const [word, on] of [
    ['address', { kind: 'address' }],
    ['path', { kind: 'path' }],
    ['cookie:Sid', { kind: 'cookie', name: 'Sid' }],
    ['variable:HTTP_X_USER', { kind: 'variable', name: 'HTTP_X_USER' }],
  ] as const) {
    t.same(valuesOf(t, `balance = key=a,policy=hash,on=${word}`).balance[0]!.on, on, word)
  }
  t.same(problemsOf(load(t, 'subscription-algo = hash\nbalance = key=a,on=path')), [])
})

t.test('keys of backends: hosts, wildcards, paths', async t => {
  for (const [written, key] of [
    ['Shop.Example', 'shop.example'],
    ['.Shop.Example:81', '.shop.example:81'],
    ['shop.example/Api/v1/', 'shop.example/Api/v1'],
    ['[::1]:80/x', '[::1]:80/x'],
  ] as const) {
    const { backend } = valuesOf(t, `backend = key=${written},address=:1,backup=2,limit=7`)
    t.match(backend, [{ key, backup: 2, limit: 7, weight: 1 }], written)
  }
})

for (const [lines, warning] of [
  [
    'balance = key=a,queue=5',
    'a.ini:3: warning: option "balance": nothing ever waits in the queue of a, as its nodes have no limit. Add limit=N.',
  ],
  [
    'balance = key=a,queue=5\nbackend = key=b,address=:1,limit=3',
    'a.ini:3: warning: option "balance": nothing ever waits in the queue of a, as its nodes have no limit. Add limit=N.',
  ],
  [
    'balance = key=a,limit=5,queue-timeout=2',
    'a.ini:3: warning: option "balance": queue-timeout does nothing without queue. Add queue=N.',
  ],
  [
    'balance = key=a,policy=lrc,slow-start=9',
    'a.ini:3: warning: option "balance": slow-start does nothing with lrc. Take it out, or write policy=smooth.',
  ],
  [
    'http-gracetime = 60\nhttp-max-gracetime = 30',
    'a.ini:4: warning: option "http-max-gracetime" is below http-gracetime, so all rests take 60 s. Raise it, or lower http-gracetime.',
  ],
  [
    'http-stats = :9191',
    'a.ini:3: warning: option "http-stats" listens on 0.0.0.0:9191: whoever reaches it may read which hosts and nodes there are. Listen on 127.0.0.1, a private address or a UNIX socket.',
  ],
  [
    'http-stats = [2001:4860::1]:9191',
    'a.ini:3: warning: option "http-stats" listens on [2001:4860::1]:9191: whoever reaches it may read which hosts and nodes there are. Listen on 127.0.0.1, a private address or a UNIX socket.',
  ],
  [
    'stats-http = true',
    'a.ini:3: warning: "stats-http" does nothing without http-stats. Add http-stats = ADDRESS.',
  ],
] as const) {
  t.test(`doubtful: ${lines.replaceAll('\n', ', ')}`, async t => {
    t.same(warningsOf(load(t, lines)), [warning])
  })
}

t.test('nothing is doubtful about these', async t => {
  for (const lines of [
    'balance = key=a,queue=5\nbackend = key=a,address=:1,limit=3',
    'balance = key=*,queue=5\nbackend = key=a,address=:1,limit=3',
    'balance = key=a,policy=ewma,slow-start=9',
    'http-gracetime = 600',
    ...[
      '127.0.0.1:1',
      '10.1.2.3:1',
      '[::1]:1',
      '[fd00::1]:1',
      'localhost:1',
      '/run/x.sock',
      '@x',
      '127.*:1',
    ].map(address => `http-stats = ${address}\nstats-http = true`),
  ]) {
    t.same(warningsOf(load(t, lines)), [], lines)
  }
})

// test/config/changes.test.ts: what a reload says about the options that it changed.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import t, { type Test } from 'tap'
import { changedOptions, changeText } from '../../config/changes.ts'
import { configOf, folderOf } from './folder.ts'

const LISTENER = 'http = :0'

function configsOf(t: Test, before: string, after: string) {
  const folder = folderOf(t, {
    'before.ini': `[sluice]\n${LISTENER}\n${before}\n`,
    'after.ini': `[sluice]\n${LISTENER}\n${after}\n`,
  })
  return [configOf(folder.load('before.ini')), configOf(folder.load('after.ini'))] as const
}

const LONG = 'x'.repeat(300)

for (const [behaviour, before, after, ...lines] of [
  ['nothing differs', 'http-timeout = 60', 'http-timeout = 60'],
  ['a number', 'http-timeout = 60', 'http-timeout = 30', 'http-timeout: 60 -> 30'],
  ['from a default', '', 'http-timeout = 30', 'http-timeout: 60 -> 30'],
  ['back to a default', 'http-timeout = 30', '', 'http-timeout: 30 -> 60'],
  ['the same in other words', 'http-timeout = 60\nso-keepalive', 'http-timeout = 1m\nso-keepalive = yes'],
  ['a default written out', '', 'http-timeout = 60\nhttp-websockets = true'],
  ['only the last value counts', 'listen = 5\nlisten = 9', 'listen = 7\nlisten = 9'],
  ['an alias is the same option', 'http-workers = 2', 'http-processes = 3', 'http-processes: 2 -> 3'],
  [
    'a default that is another option',
    'http-keepalive = 5',
    'http-timeout = 30',
    'http-timeout: 60 -> 30',
    'http-keepalive: 5 -> as http-timeout',
  ],
  [
    'what follows another option is told once',
    'http-timeout = 9',
    'http-timeout = 8',
    'http-timeout: 9 -> 8',
  ],
  ['a switch goes on', '', 'so-keepalive', 'so-keepalive: on'],
  ['a switch goes off', 'so-keepalive = true', 'so-keepalive = no', 'so-keepalive: off'],
  ['a switch that is on by default goes off', '', 'http-websockets = 0', 'http-websockets: off'],
  ['an option without default appears', '', 'access-log = a.log', 'access-log: + a.log'],
  ['an option without default goes', 'access-log = a.log', '', 'access-log: - a.log'],
  ['a value that is no word', 'chmod-socket = 660', 'chmod-socket', 'chmod-socket: 660 -> true'],
  [
    'a node comes, another goes',
    'http-to = /run/a.sock\nhttp-to = :1',
    'http-to = :1\nhttp-to = http://127.0.0.1:3001',
    'http-to: - /run/a.sock',
    'http-to: + http://127.0.0.1:3001',
  ],
  ['a node gets a second turn', 'http-to = :1', 'http-to = :1\nhttp-to = :1', 'http-to: + :1'],
  [
    'another order',
    'http-to = :1\nhttp-to = :2',
    'http-to = :2\nhttp-to = :1',
    'http-to: now in the order :2, :1',
  ],
  [
    'values that may be secret stay untold',
    'env = K=a',
    'env = K=b\nenv = N=c',
    'env: + N=…',
    'env: K=… changed',
  ],

  [
    'commands show their first word only: the rest may hold a password',
    '',
    'attach-daemon = redis-server --requirepass hunter2\nattach-daemon = PASS=x run',
    'attach-daemon: + redis-server …',
    'attach-daemon: + PASS …',
  ],
  [
    'of rules neither arguments are told, nor what may be a token',
    '',
    [
      'route = ^/admin basicauth:Realm,user:hunter2',
      'route-run = addheader:X-Key: hunter2',
      'route-header = X-Token ^hunter2$ last:',
      'route-if = equal:${HTTP_X};hunter2 return:403',
      'final-route-uri = key=hunter2 donotlog:',
    ].join('\n'),
    'route: + ^/admin basicauth:…',
    'route-header: + X-Token …',
    'route-if: + equal:… return:…',
    'route-run: + addheader:…',
    'final-route-uri: + …',
  ],
  [
    'of very many only the first are told',
    '',
    Array.from({ length: 30 }, (_, i) => `http-to = :${i + 1}`).join('\n'),
    ...Array.from({ length: 19 }, (_, i) => `http-to: + :${i + 1}`),
    'http-to: and 11 more like these',
  ],
  [
    'long values are cut',
    '',
    `http-to = /a\naccess-log = ${LONG}`,
    'http-to: + /a',
    `access-log: + ${LONG.slice(0, 199)}…`,
  ],
  [
    'placeholders count where they are used',
    'set-ph = p=8\nlisten = %(p)',
    'set-ph = p=9\nlisten = %(p)',
    'listen: 8 -> 9',
  ],
  ['set counts as what it sets', 'set = listen=8', 'set = listen=9', 'listen: 8 -> 9'],
  ['what has no effect is no change', 'tcp-nodelay', ''],
] as const) {
  t.test(behaviour, async t => t.strictSame(changeText(...configsOf(t, before, after)), lines))
}

t.test('values are given as written, those of a list in order', async t => {
  t.strictSame(
    changedOptions(...configsOf(t, 'http-to = :1', 'http-to = :2\nhttp-to = 127.0.0.1:1\nhttp-timeout = 5s')),
    [
      { name: 'http-timeout', before: [], after: ['5s'] },
      { name: 'http-to', before: [':1'], after: [':2', '127.0.0.1:1'] },
    ],
  )
})

t.test('a value cannot send control characters to a terminal', async t => {
  t.strictSame(changeText(...configsOf(t, '', 'access-log = a\x1b[2J')), ['access-log: + a\\u001b[2J'])
})

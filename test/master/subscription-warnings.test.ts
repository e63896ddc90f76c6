// test/master/subscription-warnings.test.ts: what a config asks of nodes and they cannot give is told by `sluice check`.
import t from 'tap'
import { freshDirectory, runSluice } from '../support/sluice.ts'

const SERVER = 'http-subscription-server = 127.0.0.1:4000\nsubscription-state = none'
const PINGS = /:\d: warning: option "health-check" pings only uwsgi nodes: (.*) speaks http/

t.jobs = 3

for (const [what, lines, warning] of [
  [
    'http-cheap beside a node of a backend',
    `${SERVER}\nhttp-cheap = true\nbackend = key=a,address=:1`,
    /a\.ini:5: warning: option "http-cheap" has no effect: there is always a node, uwsgi:\/\/127\.0\.0\.1:1 /,
  ],
  [
    'http-cheap beside a node of a rule',
    `${SERVER}\nhttp-cheap = true\nroute = ^/a http:127.0.0.1:1`,
    /a\.ini:5: warning: option "http-cheap" has no effect/,
  ],
  ['http-cheap where nodes only announce themselves', `${SERVER}\nhttp-cheap = true`, null],
  ['a ping over http-to', 'http-to = http://127.0.0.1:1\nhealth-check = uwsgi', PINGS],
  ['a ping over a backend', 'backend = key=a,address=http://:1\nhealth-check = key=a*,uwsgi', PINGS],
  [
    'a ping over announced nodes',
    `${SERVER}\nsubscription-protocol = key=*.a,proto=http\nhealth-check = uwsgi`,
    PINGS,
  ],
  [
    'a ping where another line is before it',
    'backend = key=a,address=http://:1\nbackend = key=b,address=:1\nhealth-check = key=a,tcp\nhealth-check = uwsgi',
    null,
  ],
] as const) {
  t.test(`${what}: ${warning === null ? 'no warning' : 'a warning'}`, async t => {
    const cwd = freshDirectory(t, { 'a.ini': `[sluice]\nhttp = 127.0.0.1:0\n${lines}\n` })
    const { code, stderr } = await runSluice(t, { args: ['check', 'a.ini'], cwd })
    t.equal(code, 0)
    if (warning === null) t.notMatch(stderr, /has no effect|pings only/)
    else t.match(stderr, warning)
  })
}

// test/config/subscriptions.test.ts: options by which nodes announce themselves: what is refused, and what is warned about.
import t from 'tap'
import { problemText } from '../../config/config.ts'
import { folderOf, problemsOf } from './folder.ts'

const SERVER = 'http-subscription-server = 127.0.0.1:4000'

function loaded(t: Parameters<typeof folderOf>[0], lines: readonly string[]) {
  return folderOf(t, { 'a.ini': ['[sluice]', 'http = :0', ...lines, ''].join('\n') }).load('a.ini')
}

for (const [what, lines, problem] of [
  [
    'a path',
    ['http-subscription-server = /run/s.sock'],
    /a\.ini:3: .*Node has no UNIX datagram sockets.*127\.0\.0\.1:PORT/,
  ],
  ['a shared socket', ['http-subscription-server = =0'], /a\.ini:3: .*Node has no UNIX datagram sockets/],
  ['a name', ['http-subscription-server = edge.example:4000'], /a\.ini:3: .*not a numeric address/],
  ['the same address twice', [SERVER, SERVER], /a\.ini:4: .*127\.0\.0\.1:4000 twice/],
  [
    'all addresses and one of them',
    ['http-subscription-server = :4000', SERVER, 'subscription-allow = key=a'],
    /a\.ini:4: .*cannot take 127\.0\.0\.1:4000 beside 0\.0\.0\.0:4000/,
  ],
  [
    'all addresses and a group',
    ['http-subscription-server = 239.1.1.1:4000', 'http-subscription-server = :4000'],
    /a\.ini:3: .*beside 0\.0\.0\.0:4000, .*Give the group a port/,
  ],
  [
    'a fallback key that no node can have',
    [SERVER, `http-subscription-fallback-key = a${'/b'.repeat(9)}`],
    /a\.ini:4: .*no node can have the key a\/b/,
  ],
  [
    'a fallback key with a star',
    [SERVER, 'http-subscription-fallback-key = *.example'],
    /a\.ini:4: .*no node can have the key \*\.example/,
  ],
  ['a loop', [SERVER, 'http-resubscribe = 127.0.0.1:4000'], /a\.ini:4: .*where this configuration receives/],
  [
    'a protocol of none',
    [SERVER, 'subscription-protocol = key=a,proto=ftp'],
    /a\.ini:4: .*"ftp" is no protocol/,
  ],
  [
    'a protocol without key',
    [SERVER, 'subscription-protocol = proto=http'],
    /a\.ini:4: .*the key is missing/,
  ],
  ['a key with blanks', ['http-subscription-fallback-key = a b'], /a\.ini:3: .*it is not a key/],
  [
    'credentials',
    [SERVER, 'subscriptions-use-credentials = true'],
    /a\.ini:4: .*Only UNIX datagrams carry the ids/,
  ],
  ['http-use-pattern', [SERVER, 'http-use-pattern = /run/%s.sock'], /a\.ini:4: .*never makes a path/],
] as const) {
  t.test(`${what} is refused at its line`, async t => {
    const problems = problemsOf(loaded(t, lines))
    t.equal(problems.length, 1)
    t.match(problems[0], problem)
  })
}

for (const [what, lines, warning] of [
  ['loopback', [SERVER], null],
  [
    'all addresses, unsigned',
    ['http-subscription-server = :4000'],
    /a\.ini:3: .*0\.0\.0\.0:4000 takes unsigned/,
  ],
  ['a group, unsigned', ['http-subscription-server = 239.1.1.1:4000'], /239\.1\.1\.1:4000 takes unsigned/],
  [
    'all addresses, signed',
    ['http-subscription-server = :4000', 'subscriptions-sign-check = SHA256:/etc'],
    null,
  ],
  ['all addresses, with a line', ['http-subscription-server = :4000', 'subscription-allow = key=a'], null],
  ['http-to beside it', [SERVER, 'http-to = :3000'], /a\.ini:4: .*uWSGI ignores it/],
  [
    'subscription-protocol without it',
    ['subscription-protocol = key=*,proto=http'],
    /a\.ini:3: .*has no effect/,
  ],
  ...[
    'subscriptions-sign-check = SHA256:/etc',
    'subscription-allow = key=a',
    'subscription-max-nodes = 5',
    'subscription-state = none',
  ].map(
    line =>
      [`${line} without it`, [line], /a\.ini:3: .*has no effect without http-subscription-server/] as const,
  ),
  ['a fallback key of nobody', ['http-subscription-fallback-key = a'], /a\.ini:3: .*which no backend has/],
  [
    'a fallback key of a backend',
    ['http-subscription-fallback-key = a', 'backend = key=a,address=127.0.0.1:3000'],
    null,
  ],
  [
    'IPv4 and IPv6',
    ['http-subscription-server = 127.0.0.1:4000', 'http-subscription-server = [::1]:4000'],
    null,
  ],
  [
    'a protocol behind one of all keys',
    [SERVER, 'subscription-protocol = key=*,proto=http', 'subscription-protocol = key=a,proto=uwsgi'],
    /a\.ini:5: .*"subscription-protocol" never counts for a: a line above, key=\*/,
  ],
  [
    'a check behind one of all keys',
    ['http-to = :3000', 'health-check = tcp', 'health-check = key=a,http=/'],
    /a\.ini:5: .*"health-check" never counts for a/,
  ],
  [
    'multicast-ttl without http-resubscribe',
    [SERVER, 'multicast-ttl = 4'],
    /a\.ini:4: .*"multicast-ttl" has no effect without http-resubscribe/,
  ],
  [
    'multicast-loop without http-resubscribe',
    [SERVER, 'multicast-loop = 0'],
    /a\.ini:4: .*"multicast-loop" has no effect without http-resubscribe/,
  ],
  [
    'both with it',
    [SERVER, 'multicast-ttl = 4', 'multicast-loop = 0', 'http-resubscribe = 239.1.1.1:1'],
    null,
  ],
  [
    'a second subscriptions-sign-check',
    [SERVER, 'subscriptions-sign-check = SHA256:/etc', 'subscriptions-sign-check = SHA512:/etc'],
    /a\.ini:4: .*has no effect here: the line at a\.ini:5 takes its place.*SHA256,SHA512:DIR/,
  ],
  ['http-cheap without it', ['http-cheap = true'], /a\.ini:3: .*has no effect/],
] as const) {
  t.test(`${what}: ${warning === null ? 'no warning' : 'a warning'}`, async t => {
    const result = loaded(t, lines)
    if (result.kind !== 'config') throw new Error(problemsOf(result).join('\n'))
    const warnings = result.config.warnings.map(each => problemText(each, 'warning'))
    if (warning === null) t.same(warnings, [])
    else t.match(warnings, [warning])
  })
}

t.test('a key is read in lower case, its path as it is', async t => {
  const result = loaded(t, ['http-subscription-fallback-key = Shop.Example/Cart'])
  if (result.kind !== 'config') throw new Error('refused')
  t.equal(result.config.values['http-subscription-fallback-key'], 'shop.example/Cart')
})

// test/config/announcing.test.ts: lines by which an instance announces itself: what they say, and that this one cannot yet.
import t from 'tap'
import { parseRouter, parseSubscribe2, parseSubscribeTo } from '../../config/announce-line.ts'
import { targetsOfLine } from '../../subscription/client/line-targets.ts'
import { folderOf, problemsOf, warningsOf } from './folder.ts'

const ROUTER = { host: '10.0.0.1', port: 4040 }

for (const [line, said] of [
  [
    '10.0.0.1:4040:a.example',
    { to: ROUTER, key: 'a.example', address: '', socket: null, modifier1: 0, sign: '' },
  ],
  ['10.0.0.1:4040:a.example:8080,5', { key: 'a.example:8080', modifier1: 5 }],
  ['10.0.0.1:4040:a.example,0,SHA256:/k,1.pem', { sign: 'SHA256:/k,1.pem' }],
  ['10.0.0.7:3031=10.0.0.1:4040:a.example', { to: ROUTER, address: '10.0.0.7:3031', key: 'a.example' }],
  ['/run/app.sock=10.0.0.1:4040:a.example', { address: '/run/app.sock' }],
  ['=2=10.0.0.1:4040:a.example', { to: ROUTER, socket: 2, address: '' }],
  ['[2001:db8::1]:4040:a.example', { to: { host: '2001:db8::1', port: 4040 }, key: 'a.example' }],
  ['gateway.lan:4040:@/etc/keys', { to: { host: 'gateway.lan', port: 4040 }, key: '@/etc/keys' }],
  [':4040:a.example', { to: { host: '127.0.0.1', port: 4040 } }],
  ['225.1.1.1:4040:a.example', { to: { host: '225.1.1.1', port: 4040 } }],
] as const) {
  t.test(`subscribe-to = ${line}`, async t => t.match(parseSubscribeTo(line), said))
}

for (const [line, said] of [
  [
    'server=10.0.0.1:4040,key=a.example,addr=10.0.0.7:3031,weight=3,backup=1,modifier1=5,modifier2=2,sign=SHA1:/k',
    {
      to: ROUTER,
      key: 'a.example',
      address: '10.0.0.7:3031',
      weight: 3,
      backup: 1,
      modifier1: 5,
      modifier2: 2,
      sign: 'SHA1:/k',
    },
  ],
  [
    'key=a.example,server=10.0.0.1:4040,socket=1,check=/run/a\\,b,proto=http,algo=lrc,sni_key=/k,sni_crt=/c,sni_ca=!/a',
    { socket: 1, check: '/run/a,b', proto: 'http', algo: 'lrc', sniKey: '/k', sniCrt: '/c', sniCa: '!/a' },
  ],
  ['server=10.0.0.1:4040,key=a.example,check=/a\\\\b', { check: '/a\\b', weight: null, socket: null }],
] as const) {
  t.test(`subscribe2 = ${line}`, async t => t.match(parseSubscribe2(line), said))
}

for (const [line, problem] of [
  ['subscribe-to = a.example', '"a.example" is not SERVER:KEY'],
  ['subscribe-to = 10.0.0.1:4040', '"10.0.0.1:4040" is not SERVER:KEY'],
  ['subscribe-to = 10.0.0.1:4040:', 'the key is missing'],
  ['subscribe-to = 10.0.0.1:0:a', '"10.0.0.1:0" is not HOST:PORT'],
  ['subscribe-to = 10.0.1:4040:a', '"10.0.1" is neither an address nor a host name'],
  ['subscribe-to = /run/sub.sock:a', 'Node has no UNIX datagram sockets'],
  ['subscribe-to = 10.0.0.1:4040:a,x', 'modifier1 "x" is not a number from 0 to 255'],
  ['subscribe-to = 10.0.0.1:4040:a,256', 'modifier1 "256" is not a number from 0 to 255'],
  ['subscribe-to = 10.0.0.1:4040:a,0,/key.pem', '"/key.pem" does not say how to sign'],
  ['subscribe-to = 10.0.0.1:4040:@/keys,0,SHA1:/k', 'keys of a file are never signed'],
  ['st = 10.0.0.1:4040:a b', 'has blanks'],
  ['subscribe = nonsense', 'is not SERVER:KEY'],
  ['subscribe2 = key=a', 'the server is missing'],
  ['subscribe2 = server=10.0.0.1:4040', 'the key is missing'],
  ['subscribe2 = server=10.0.0.1:4040,key=a,key=b', 'key is given twice'],
  ['subscribe2 = server=10.0.0.1:4040,key=a,weight=x', 'weight "x" is not a number from 0 to 65535'],
  ['subscribe2 = server=10.0.0.1:4040,key=a,colour=red', '"colour=red" is no NAME=VALUE that is known here'],
  ['subscribe2 = server=10.0.0.1:4040,key=a,sign=MD5:/k', '"MD5:/k" does not say how to sign'],
  ['subscribe2 = server=10.0.0.1:4040,key=a,addr=', 'addr has no value'],
  // Right, but there is nothing to announce.
  [
    'subscribe-to = 10.0.0.1:4040:a.example,5,SHA256:/k',
    'Announce the application by "sluice subscribe --to 10.0.0.1:4040 --key a.example --address ADDRESS --modifier1 5 --sign SHA256:/k".',
  ],
  [
    'subscribe2 = server=[::1]:4040,key=a.example,addr=:3000,proto=http,weight=2',
    'a.ini:3: option "subscribe2" has nothing to announce: this version runs no application workers. Announce the application by "sluice subscribe --to [::1]:4040 --key a.example --address http://:3000 --weight 2".',
  ],
  ['subscribe-freq = 5', 'use --freq of "sluice subscribe"'],
  ['weight = 5', 'use --weight of "sluice subscribe"'],
  ['auto-weight = true', 'use --weight of "sluice subscribe"'],
  ['subscribe-with-modifier1 = 5', 'use --modifier1 of "sluice subscribe"'],
  ['start-unsubscribed = true', 'there are no workers to announce'],
  ['unsubscribe-on-graceful-reload = true', 'there are no workers to announce'],
  ['subscription-notify-socket = /run/x', 'Node has no UNIX datagram sockets'],
  ['subscriptions-use-credentials = true', 'Only UNIX datagrams carry'],
] as const) {
  t.test(`refused at its line: ${line}`, async t => {
    const folder = folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\n${line}\n` })
    const problems = problemsOf(folder.load('a.ini'))
    t.equal(problems.length, 1)
    t.match(problems[0], /^a\.ini:3: /)
    t.match(problems[0], problem)
  })
}

t.test('with strict = false the line is skipped with a warning', async t => {
  const ini = '[sluice]\nhttp = :0\nstrict = false\nsubscribe-to = 10.0.0.1:4040:a.example\n'
  const loaded = folderOf(t, { 'a.ini': ini }).load('a.ini')
  t.same(problemsOf(loaded), [])
  t.match(warningsOf(loaded), [/^a\.ini:4: .*has nothing to announce/])
})

t.test('a router is host:port', async t => {
  t.same(parseRouter('gateway:4040'), { host: 'gateway', port: 4040 })
  for (const wrong of [
    '',
    'gateway',
    '@name',
    '::1',
    '[::1]',
    '[x]:1',
    'a b:1',
    'h:',
    'h:x',
    '1.2.3.256:1',
    '-:1',
  ])
    t.match(parseRouter(wrong), { problem: /./, remedy: /./ }, wrong)
})

t.test('a file of keys gives a target for each, unsigned', async t => {
  const line = parseSubscribeTo('10.0.0.1:4040:@/etc/keys,5')
  if ('problem' in line) return t.fail(line.problem)
  const own = (text: string) => ({
    sockets: ['10.0.0.7:3031'],
    sharedSockets: [],
    modifier1: null,
    notify: '',
    readKeys: (file: string) => (file === '/etc/keys' ? text : ''),
  })
  t.match(targetsOfLine(line, own('# ours\n\na.example\nb.example:80,5\n  c.example , 7')), [
    { key: 'a.example', modifier1: 0, address: '10.0.0.7:3031', signWith: null },
    { key: 'b.example:80', modifier1: 5 },
    { key: 'c.example', modifier1: 7 },
  ])
  t.match(targetsOfLine(line, own('a.example\nb c')), { problem: 'line 2, "b c", is no key' })
  t.match(targetsOfLine(line, own('a.example,300')), { problem: /line 1/ })
})

t.test('the address of a line beats that of the first socket, a shared socket both', async t => {
  const own = { sockets: [':1'], sharedSockets: [':2'], modifier1: 9, notify: '', readKeys: () => '' }
  const addressOf = (text: string) => {
    const line = parseSubscribe2(`server=h:1,key=a,${text}`)
    const targets = 'problem' in line ? line : targetsOfLine(line, own)
    return 'problem' in targets ? targets.problem : targets[0]!.address
  }
  t.equal(addressOf('weight=1'), ':1')
  t.equal(addressOf('addr=:3'), ':3')
  t.equal(addressOf('addr=:3,socket=0'), ':2')
  t.equal(addressOf('socket=1'), 'there is no such socket to announce')
})

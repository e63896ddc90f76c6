// test/gateway/client.test.ts: who the client is, behind which peers.
import t from 'tap'
import { describeClient, plainAddress, TrustedProxies } from '../../gateway/client.ts'

for (const [text, address] of [
  ['1.2.3.4', '1.2.3.4'],
  ['1.2.3.4:80', '1.2.3.4'],
  ['::1', '::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::FFFF:1.2.3.4', '1.2.3.4'],
  ['', ''],
  ['unknown', ''],
  ['_hidden', ''],
  ['1.2.3', ''],
  ['1.2.3.4.5', ''],
  ['01.2.3.4', ''],
  ['fe80::1%eth0', ''],
  ['::ffff:2.0.2.711', ''],
  ['[1.2.3.4:80]', ''],
  ['1.2.3.4 ', ''],
] as const) {
  t.test(`the address in "${text}" is "${address}"`, async t => t.equal(plainAddress(text), address))
}

t.test('trust is by CIDR, IPv4 and IPv6 apart', async t => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.168.1.1', '2001:db8::/32', '::1'])
  for (const address of ['10.1.2.3', '192.168.1.1', '2001:db8::5', '::1'])
    t.ok(proxies.trusts(address), address)
  for (const address of ['11.0.0.1', '192.168.1.2', '2001:db9::1', '::2', '', 'x']) {
    t.notOk(proxies.trusts(address), address)
  }
  t.notOk(new TrustedProxies([]).trusts('127.0.0.1'))
  t.ok(new TrustedProxies(['unix']).trusts(''))
  t.notOk(new TrustedProxies(['unix']).trusts('127.0.0.1'))
  t.ok(new TrustedProxies(['0.0.0.0/0', '::/0']).trusts('8.8.8.8'))
})

t.test('the client is the rightmost entry that is no trusted proxy', async t => {
  const proxies = new TrustedProxies(['10.0.0.0/8'])
  for (const [forwardedFor, client] of [
    ['', '10.0.0.1'],
    ['1.1.1.1', '1.1.1.1'],
    ['6.6.6.6, 1.1.1.1', '1.1.1.1'],
    ['6.6.6.6, 1.1.1.1, 10.0.0.2, 10.0.0.3', '1.1.1.1'],
    ['10.0.0.9, 10.0.0.2', '10.0.0.9'],
    ['1.1.1.1:5555', '1.1.1.1'],
    ['[2001:db8::1]:80, 10.0.0.2', '2001:db8::1'],
    ['6.6.6.6, nonsense, 10.0.0.2', '10.0.0.2'],
    ['6.6.6.6, ', '10.0.0.1'],
    ['unknown', '10.0.0.1'],
  ] as const) {
    t.equal(proxies.clientBehind('10.0.0.1', forwardedFor), client, forwardedFor)
  }
})

t.test('a connection is described once for all its requests', async t => {
  const proxies = new TrustedProxies(['10.0.0.0/8'])
  t.match(describeClient('::ffff:10.1.1.1', 5, true, null, proxies), {
    peer: '10.1.1.1',
    port: 5,
    isTls: true,
    isTrusted: true,
    forwardedLines: 'X-Forwarded-For: 10.1.1.1\r\nX-Forwarded-Proto: https\r\n',
  })
  t.match(describeClient('', 0, false, null, proxies), {
    peer: '',
    isTrusted: false,
    forwardedLines: 'X-Forwarded-For: unknown\r\nX-Forwarded-Proto: http\r\n',
  })
})

// test/base/datagram-address.test.ts: where datagrams are received and sent, as people write it.
import t from 'tap'
import { parseDatagramAddress, parseDatagramTarget } from '../../base/datagram-address.ts'

for (const [text, expected] of [
  ['127.0.0.1:4000', { host: '127.0.0.1', port: 4000, isIpv6: false, isMulticast: false }],
  [':4000', { host: '0.0.0.0', port: 4000, text: '0.0.0.0:4000' }],
  ['[::1]:4000', { host: '::1', isIpv6: true, isMulticast: false, text: '[::1]:4000' }],
  ['239.1.2.3:4000', { isMulticast: true }],
  ['224.0.0.1:4000', { isMulticast: true }],
  ['223.0.0.1:4000', { isMulticast: false }],
  ['240.0.0.1:4000', { isMulticast: false }],
  ['[ff02::1%lo]:4000', { host: 'ff02::1%lo', isIpv6: true, isMulticast: true }],
] as const) {
  t.test(`${text} is an address to receive on`, async t => t.match(parseDatagramAddress(text), expected))
}

for (const text of ['/run/sluice.sock', 'x.sock', '@name', '=0']) {
  t.test(`${text} is refused, as Node has no such sockets`, async t => {
    const address = parseDatagramAddress(text)
    t.match(address, { problem: /Node has no UNIX datagram sockets$/, remedy: /^Write 127\.0\.0\.1:PORT/ })
  })
}

for (const host of ['ff02::1', 'FF11::7', 'fe80::1', 'febf::1']) {
  t.test(`[${host}] is refused without its zone`, async t => {
    t.match(parseDatagramAddress(`[${host}]:4000`), {
      problem: `"${host}" is another address on each network of this machine`,
      remedy: `Name the network: [${host}%%eth0]:4000 in an ini file, where %% stands for %`,
    })
    t.notOk('problem' in parseDatagramAddress(`[${host}%eth0]:4000`))
  })
}

for (const text of ['[ff05::1]:4000', '[fec0::1]:4000', '[2001:db8::fe80]:4000']) {
  t.test(`${text} needs no zone`, async t => t.notOk('problem' in parseDatagramAddress(text)))
}

for (const text of ['', 'localhost:4000', '127.*:4000', 'fd://3', '127.0.0.1:70000', '127.0.0.1', '4000']) {
  t.test(`"${text}" is refused`, async t => t.ok('problem' in parseDatagramAddress(text)))
}

t.test('a target has a machine, by name or number, and a port', async t => {
  t.match(parseDatagramTarget('other.example:4000'), { host: 'other.example', port: 4000 })
  t.match(parseDatagramTarget('[::1]:4000'), { host: '::1', text: '[::1]:4000' })
  for (const text of [':4000', '[::]:4000', 'other.example:0', 'other.example', '/run/x.sock'])
    t.ok('problem' in parseDatagramTarget(text), text)
})

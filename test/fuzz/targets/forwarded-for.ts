// test/fuzz/targets/forwarded-for.ts: who the client behind trusted proxies is.
import { BlockList, isIP, isIPv6 } from 'node:net'
import { plainAddress, TrustedProxies } from '../../../gateway/client.ts'
import { type Target, wrong } from '../target.ts'

const PROXIES = new TrustedProxies(['10.0.0.0/8', '2001:db8::/32', 'unix'])
const TRUSTED = new BlockList()
TRUSTED.addSubnet('10.0.0.0', 8, 'ipv4')
TRUSTED.addSubnet('2001:db8::', 32, 'ipv6')
const PEER = '10.9.9.9'

export const forwardedFor: Target = {
  name: 'forwarded-for',
  asserts:
    'the client is an address without port or zone: that of the peer, or an entry with none but trusted ones behind it, as a second reader finds it',
  seeds: () =>
    [
      '192.0.2.7',
      '192.0.2.7, 10.0.0.1',
      '10.0.0.1, 10.0.0.2,10.0.0.3',
      '"[2001:db8::1]:80", 10.0.0.1',
      '[2001:db8::1]:80',
      '192.0.2.7:4711, 10.0.0.1:80',
      '::ffff:10.0.0.1, ::ffff:192.0.2.1',
      'unknown, 10.0.0.1',
      '_hidden',
      'fe80::1%eth0',
    ].map(text => Buffer.from(text)),
  hostile: () =>
    ['10.0.0.1,', '::ffff:10.0.0.1, ', '[2001:db8::1]:80,', ','].map(entry =>
      Buffer.from(`${entry.repeat(30_000 / entry.length)}10.0.0.1`),
    ),
  dictionary: [
    ',',
    ', ',
    '10.0.0.1',
    '192.0.2.7',
    '2001:db8::1',
    '::ffff:',
    '[',
    ']',
    ':80',
    '%',
    '"',
    '::',
    'unknown',
    '\t',
    '256',
    '0x',
    '00',
  ],
  mostBytes: 1_024,
  check(input) {
    const text = input.toString('latin1')
    const client = PROXIES.clientBehind(PEER, text)
    if (isIP(client) === 0 || client.includes('%')) wrong('no address', client)
    if (plainAddress(client) !== client) wrong('not plain', client)
    const theirs = clientOf(text)
    if (client !== theirs) wrong('another client', { client, theirs })
    return Math.min(text.split(',').length, 12) * 4 + (client === PEER ? 0 : isIP(client) === 4 ? 1 : 2)
  },
  parse: input => void PROXIES.clientBehind(PEER, input.toString('latin1')),
}

function clientOf(text: string): string {
  let client = PEER
  let rest = text
  for (;;) {
    const comma = rest.lastIndexOf(',')
    const entry = rest.slice(comma + 1).trim()
    const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry
    const plain = bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
    if (isIP(plain) === 0 || plain.includes('%')) return client
    client = plain
    if (comma < 0 || !TRUSTED.check(client, isIPv6(client) ? 'ipv6' : 'ipv4')) return client
    rest = rest.slice(0, comma)
  }
}

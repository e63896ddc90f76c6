// test/fuzz/targets/host.ts: the grammar of Host, by itself: most of its mistakes are refused for others in a whole head.
import { isHostValue } from '../../../gateway/http1/host.ts'
import { isHost } from '../head-reader.ts'
import { type Target, wrong } from '../target.ts'

export const host: Target = {
  name: 'host',
  asserts:
    'right exactly when a regular expression and the system library call it a host, with a port up to 65535',
  seeds: () =>
    [
      'a',
      'example.com:8080',
      'xn--bcher-kva.example',
      '127.0.0.1:80',
      '[::1]',
      '[::1]:65535',
      '[2001:db8::7:8]',
      '[1:2:3:4:5:6:7:8]',
      '[::ffff:192.0.2.1]:1',
      '[1::8]',
      "a_~!$&'()*+;=-b",
    ].map(text => Buffer.from(text)),
  hostile: () => [
    Buffer.from(`[${'1:'.repeat(126)}]`),
    Buffer.from('a'.repeat(255)),
    Buffer.from(`[${'1.'.repeat(126)}]`),
  ],
  dictionary: [
    '[',
    ']',
    ':',
    '::',
    ':::',
    '.',
    '0',
    '00',
    '255',
    '256',
    '65535',
    '65536',
    ':80',
    'ffff',
    '1.2.3.4',
    '%',
    '@',
    '/',
    ',',
  ],
  mostBytes: 300,
  check(input) {
    const seen = isHostValue(input, 0, input.length)
    const theirs = isHost(input.toString('latin1'))
    if (seen !== theirs) wrong(seen ? 'accepted although wrong' : 'refused although right')
    return (seen ? 1 : 0) + 2 * Math.min(input.length, 64) + (input[0] === 91 ? 256 : 0)
  },
  parse: input => void isHostValue(input, 0, input.length),
}

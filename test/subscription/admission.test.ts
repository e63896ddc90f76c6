// test/subscription/admission.test.ts: who may announce which key at which address, and what would let the others.
import fc from 'fast-check'
import t from 'tap'
import { type AdmissionPolicy, admit } from '../../subscription/admission.ts'
import { type AllowLine, parseAllowLine } from '../../subscription/allow-line.ts'
import { plainIp } from '../../subscription/cidr.ts'
import type { RefusalReason } from '../../subscription/refusals.ts'
import { announcement } from './packet/samples.ts'

const HERE = '127.0.0.1'
const OURS = '192.168.1.5' // an address of this machine
const AWAY = '10.0.0.7'

function policy(...lines: string[]): AdmissionPolicy {
  return { lines: lines.map(lineOf), machine: new Set([OURS]) }
}

function lineOf(text: string): AllowLine {
  const line = parseAllowLine(text)
  if ('problem' in line) throw new Error(line.problem)
  return line
}

/** The place that is taken, or why none is. */
function ask(
  source: string,
  address: string,
  { key = 'a.example', isSigned = false, lines = [] as string[] } = {},
): string {
  const verdict = admit(announcement({ key, address }), source, isSigned, policy(...lines))
  return verdict.kind === 'refused' ? verdict.reason : verdict.node.place
}

for (const [behaviour, source, address, taken] of [
  ['a sender here announces any address', HERE, '10.9.9.9:80', '10.9.9.9:80'],
  ['a sender on ::1, too', '::1', '[2001:db8::1]:80', '[2001:db8::1]:80'],
  ['a sender on 127.x, too', '127.8.8.8', '10.9.9.9:80', '10.9.9.9:80'],
  ['one that sends from an address of ours, too', OURS, '10.9.9.9:80', '10.9.9.9:80'],
  ['... in IPv6 form, too', `::ffff:${OURS}`, '10.9.9.9:80', '10.9.9.9:80'],
  ['a sender here announces loopback', HERE, '127.0.0.1:80', '127.0.0.1:80'],
  ['a sender here announces link-local', HERE, '169.254.1.1:80', '169.254.1.1:80'],
  ['a sender here announces a UNIX path', HERE, '/run/app.sock', '/run/app.sock'],
  ['a sender here announces an abstract name', HERE, '@app', '@app'],
  ['a sender here announces a host name', HERE, 'App.Internal:80', 'app.internal:80'],
  ['a sender elsewhere announces its own address', AWAY, `${AWAY}:80`, `${AWAY}:80`],
  ['... in any spelling', AWAY, `[::ffff:${AWAY}]:80`, `${AWAY}:80`],
  ['... of IPv6', '2001:db8::7', '[2001:DB8:0::7]:80', '[2001:db8::7]:80'],
  ['but no other', AWAY, '10.0.0.8:80', 'address-not-own'],
  ['no host name', AWAY, 'app.internal:80', 'address-not-own'],
  ['no loopback', AWAY, '127.0.0.1:80', 'address-barred'],
  ['no loopback of IPv6', AWAY, '[::1]:80', 'address-barred'],
  ['no loopback in IPv6 form', AWAY, '[::ffff:127.0.0.1]:80', 'address-barred'],
  ['no localhost', AWAY, 'localhost:80', 'address-barred'],
  ['no name below localhost', AWAY, 'x.LOCALHOST.:80', 'address-barred'],
  ['no link-local', AWAY, '169.254.169.254:80', 'address-barred'],
  ['not even as its own', '169.254.1.1', '169.254.1.1:80', 'address-barred'],
  ['no link-local of IPv6', 'fe80::1%eth0', ':80', 'address-barred'],
  ['no UNIX path', AWAY, '/run/app.sock', 'unix-from-elsewhere'],
  ['no abstract name', AWAY, '@app', 'unix-from-elsewhere'],
  ['an empty host is the sender', AWAY, ':3031', `${AWAY}:3031`],
  ['so is 0.0.0.0', AWAY, '0.0.0.0:3031', `${AWAY}:3031`],
  ['so is [::]', AWAY, '[::]:3031', `${AWAY}:3031`],
  ['so is a star', AWAY, '*:3031', `${AWAY}:3031`],
  ['here, too', HERE, ':3031', '127.0.0.1:3031'],
  ['of a sender with IPv6', '2001:db8::7', ':3031', '[2001:db8::7]:3031'],
  ['multicast is no node, from whomever', HERE, '239.0.0.1:80', 'bad-address'],
  ['nor broadcast', HERE, '255.255.255.255:80', 'bad-address'],
  ['nor 0.1.2.3', HERE, '0.1.2.3:80', 'bad-address'],
  ['nor port 0', HERE, '10.0.0.1:0', 'bad-address'],
  ['nor no port', HERE, '10.0.0.1', 'bad-address'],
  ['nor a relative path', HERE, 'app.sock', 'bad-address'],
  ['nor a URL', HERE, 'http://10.0.0.1:80', 'bad-address'],
  ['nor an address that some read otherwise', HERE, '127.1:80', 'bad-address'],
  ['nor one in octal', HERE, '0177.0.0.1:80', 'bad-address'],
  ['nor a path too long', HERE, `/${'x'.repeat(102)}`, 'bad-address'],
  ['a sender without an address has no rights', '', '10.0.0.7:80', 'not-allowed'],
] as const) {
  t.test(`unsigned: ${behaviour}`, async t => t.equal(ask(source, address), taken))
}

for (const [behaviour, source, address, taken] of [
  ['any address', AWAY, '10.0.0.8:80', '10.0.0.8:80'],
  ['a host name', AWAY, 'app.internal:80', 'app.internal:80'],
  ['no loopback', AWAY, '127.0.0.1:80', 'address-barred'],
  ['no localhost', AWAY, 'localhost:80', 'address-barred'],
  ['no link-local', AWAY, '169.254.169.254:80', 'address-barred'],
  ['no UNIX path', AWAY, '/run/app.sock', 'unix-from-elsewhere'],
  ['not the sender as such, as anybody could send it', AWAY, ':3031', 'source-not-signed'],
  ['here even that', HERE, ':3031', '127.0.0.1:3031'],
] as const) {
  t.test(`signed: ${behaviour}`, async t => t.equal(ask(source, address, { isSigned: true }), taken))
}

for (const [behaviour, lines, source, address, taken] of [
  ['a line widens', ['source=10.0.0.0/8,address=10.0.0.0/8'], AWAY, '10.0.0.8:80', '10.0.0.8:80'],
  [
    '... to what it says only',
    ['source=10.0.0.0/8,address=10.1.0.0/16'],
    AWAY,
    '10.0.0.8:80',
    'address-not-own',
  ],
  ['... not even to its own address', ['address=10.1.0.0/16'], AWAY, `${AWAY}:80`, 'not-allowed'],
  ['without address the usual rule holds', ['source=10.0.0.0/8'], AWAY, `${AWAY}:80`, `${AWAY}:80`],
  ['... and refuses', ['source=10.0.0.0/8'], AWAY, '10.0.0.8:80', 'address-not-own'],
  ['with lines others are out', ['source=10.0.0.0/8'], '172.16.0.1', '172.16.0.1:80', 'not-allowed'],
  ['a line for the key', ['key=*.example'], AWAY, `${AWAY}:80`, `${AWAY}:80`],
  ['a line for another key', ['key=*.test'], AWAY, `${AWAY}:80`, 'not-allowed'],
  ['any line will do', ['key=*.test', 'key=A.Example'], AWAY, `${AWAY}:80`, `${AWAY}:80`],
  ['all addresses are not ours', ['address=0.0.0.0/0'], AWAY, '127.0.0.1:80', 'address-barred'],
  ['ours must be meant', ['address=127.0.0.0/8'], AWAY, '127.0.0.1:80', '127.0.0.1:80'],
  [
    'a wide range around ours does not mean them',
    ['address=126.0.0.0/7'],
    AWAY,
    '127.0.0.1:80',
    'address-barred',
  ],
  ['link-local can be meant', ['address=169.254.0.0/16'], AWAY, '169.254.1.1:80', '169.254.1.1:80'],
  ['a UNIX path from elsewhere cannot', ['address=unix'], AWAY, '/run/x', 'unix-from-elsewhere'],
  [
    'senders here are free beside lines for others',
    ['source=10.0.0.0/8'],
    HERE,
    '10.9.9.9:80',
    '10.9.9.9:80',
  ],
  ['... and beside lines for keys', ['key=*.test'], HERE, '10.9.9.9:80', '10.9.9.9:80'],
  ['once named, they need a line', ['source=127.0.0.0/8,key=*.test'], HERE, '10.9.9.9:80', 'not-allowed'],
  ['named with UNIX paths', ['source=127.0.0.1,address=unix'], HERE, '/run/x', '/run/x'],
  ['... they have those only', ['source=127.0.0.1,address=unix'], HERE, '10.9.9.9:80', 'not-allowed'],
  [
    'alternatives in one line',
    ['source=10.0.0.7,source=10.0.0.8,key=x,key=a.*'],
    AWAY,
    `${AWAY}:80`,
    `${AWAY}:80`,
  ],
  [
    'IPv6',
    ['source=2001:db8::/32,address=2001:db8::/32'],
    '2001:db8::1',
    '[2001:db8::2]:80',
    '[2001:db8::2]:80',
  ],
] as const) {
  t.test(`subscription-allow = ${lines.join(' and ')}: ${behaviour}`, async t => {
    t.equal(ask(source, address, { lines: [...lines] }), taken)
  })
}

for (const modifier1 of [0, 5, 6, 7, 8, 9, 14, 15, 30, 123]) {
  t.test(`modifier1 ${modifier1} may be announced`, async t => {
    t.equal(admit(announcement({ modifier1 }), HERE, false, policy()).kind, 'admitted')
  })
}

t.test('modifiers that eval, spool, cache, manage or are unknown may not, whoever signs', async t => {
  const allowed = new Set([0, 5, 6, 7, 8, 9, 14, 15, 30, 123])
  for (let modifier1 = 0; modifier1 < 256; modifier1++) {
    if (allowed.has(modifier1)) continue
    const verdict = admit(announcement({ modifier1 }), HERE, true, policy('source=127.0.0.1'))
    if (verdict.kind !== 'refused' || verdict.reason !== 'modifier1-not-allowed') t.fail(`${modifier1}`)
  }
  t.pass('all others')
})

t.test('a refusal says whose announcement it was', async t => {
  for (const [said, detail] of [
    [{ modifier1: 22 }, '"shop.example" at "10.0.0.7:3031": 22'],
    [{ proto: 'https' }, '"shop.example": https'],
    [{ address: 'http://10.0.0.7:80' }, '"shop.example": "http://10.0.0.7:80"'],
  ] as const) {
    const key = { key: 'Shop.Example', address: '10.0.0.7:3031', ...said }
    t.match(admit(announcement(key), HERE, false, policy()), { detail })
  }
})

t.test('http nodes have no modifiers, so theirs mean nothing', async t => {
  t.equal(admit(announcement({ modifier1: 1, proto: 'http' }), HERE, false, policy()).kind, 'admitted')
})

for (const proto of ['https', 'h2', 'fastcgi', 'scgi'] as const) {
  t.test(`${proto} nodes are refused until they are supported`, async t => {
    t.match(admit(announcement({ proto }), HERE, false, policy()), { reason: 'proto-unsupported' })
  })
}

t.test('what is admitted is in one spelling', async t => {
  const said = announcement({ key: 'Shop.Example:8080/Cart', address: '[2001:DB8::0:7]:80', proto: 'http' })
  t.match(admit(said, HERE, false, policy()), {
    key: 'shop.example:8080/Cart',
    node: { place: '[2001:db8::7]:80', address: { name: 'http://[2001:db8::7]:80', host: '2001:db8::7' } },
    isLocal: true,
  })
})

for (const [key, taken] of [
  ['Shop.Example/', 'shop.example'],
  ['shop.example/Cart//', 'shop.example/Cart'],
  ['.Shop.Example:8080/a', '.shop.example:8080/a'],
  ['[2001:DB8::1]:8080', '[2001:db8::1]:8080'],
  ['/cart', 'bad-key'],
  ['.', 'bad-key'],
  ['*.example', 'bad-key'],
  [`a.example${'/x'.repeat(8)}`, `a.example${'/x'.repeat(8)}`],
  [`a.example${'/x'.repeat(9)}`, 'bad-key'],
  ['.x'.repeat(17), 'bad-key'],
] as const) {
  t.test(`key ${key}: ${taken}`, async t => {
    const verdict = admit(announcement({ key }), HERE, false, policy())
    t.equal(verdict.kind === 'refused' ? verdict.reason : verdict.key, taken)
  })
}

t.test('a refusal names the line that would admit it', async t => {
  const verdict = admit(announcement({ address: '10.0.0.9:80' }), AWAY, false, policy())
  t.match(verdict, {
    detail: '"a.example" at "10.0.0.9:80" from 10.0.0.7',
    remedy: 'subscription-allow = source=10.0.0.7,key=a.example,address=10.0.0.9',
  })
})

t.test('the line that a refusal names admits no more than was asked for, whatever the key is', async t => {
  const verdict = admit(announcement({ key: '*', address: '10.0.0.9:80' }), AWAY, false, policy())
  t.match(verdict, { remedy: 'subscription-allow = source=10.0.0.7,key=?,address=10.0.0.9' })
})

t.test('the line that a refusal names admits it, or there is none', async () => {
  const ip = fc.oneof(
    fc.constantFrom(
      HERE,
      OURS,
      AWAY,
      '10.0.0.8',
      '127.0.0.9',
      '169.254.1.1',
      '::1',
      'fe80::1',
      '2001:db8::1',
    ),
    fc.ipV4(),
    fc.ipV6(),
  )
  const host = ip.map(text => (text.includes(':') ? `[${text}]` : text))
  const address = fc.oneof(
    fc.constantFrom(':80', '/run/x', '@x', 'app.internal:80', 'localhost:80', '0.0.0.0:1'),
    fc.tuple(host, fc.integer({ min: 1, max: 65_535 })).map(([text, port]) => `${text}:${port}`),
  )
  const lines = fc.subarray([
    'key=other',
    'source=10.0.0.0/8,address=10.0.0.0/9',
    'source=127.0.0.0/8,key=b',
    'address=0.0.0.0/0',
    'source=::/0',
  ])
  const key = fc.stringMatching(/^[!-~]{1,40}$/)
  fc.assert(
    fc.property(ip, address, key, lines, fc.boolean(), (source, address, key, lines, isSigned) => {
      const said = announcement({ key, address })
      const verdict = admit(said, source, isSigned, policy(...lines))
      if (verdict.kind === 'admitted') return true
      if (verdict.remedy === '') return HOPELESS.has(verdict.reason)
      const line = verdict.remedy.replace('subscription-allow = ', '')
      return admit(said, source, isSigned, policy(...lines, line)).kind === 'admitted'
    }),
    { numRuns: 3_000 },
  )
})

// Those that no line changes; 'address-not-own' of host names.
const HOPELESS: ReadonlySet<RefusalReason> = new Set([
  'bad-key',
  'bad-address',
  'unix-from-elsewhere',
  'source-not-signed',
  'address-not-own',
  'address-barred',
  'not-allowed',
])

for (const text of [
  '',
  'source=',
  'source=10.0.0.0/33',
  'source=10.0.0/8',
  'source=300.0.0.1',
  'address=app.internal',
  'address=::ffff:10.0.0.0/104',
  'address=10.0.0.0/8/8',
  'source=unix',
  'from=10.0.0.0/8',
  'key=a b',
  'key=a,',
  '10.0.0.0/8',
]) {
  t.test(`subscription-allow = "${text}" is wrong`, async t => {
    t.match(parseAllowLine(text), { problem: /./, remedy: /./ })
  })
}

t.test('addresses have one spelling', async t => {
  t.equal(plainIp('::FFFF:1.2.3.4'), '1.2.3.4')
  t.equal(plainIp('2001:0db8::0'), '2001:db8::')
  t.equal(plainIp('host'), null)
  t.equal(plainIp('1.2.3'), null)
})

// test/gateway/uwsgi/packet.test.ts: request heads become packets: variables, their order and their limits.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { type ClientCertificate, describeClient, TrustedProxies } from '../../../gateway/client.ts'
import { RequestHead } from '../../../gateway/http1/request-head.ts'
import {
  commonVariables,
  encodeVars,
  lastPacket,
  type PacketSettings,
  uwsgiPacket,
} from '../../../gateway/uwsgi/packet.ts'
import { decodePacket, type UwsgiPacket } from '../../support/uwsgi-packet.ts'

interface Asked extends Partial<PacketSettings> {
  readonly start?: string
  readonly trusted?: boolean
  readonly isTls?: boolean
  readonly certificate?: ClientCertificate
  readonly peer?: string
  readonly remote?: string
  readonly chunked?: boolean
  readonly isUpgrade?: boolean
}

const START: readonly (readonly [string, string])[] = [
  ['REQUEST_METHOD', 'GET'],
  ['REQUEST_URI', '/'],
  ['PATH_INFO', '/'],
  ['QUERY_STRING', ''],
  ['SERVER_PROTOCOL', 'HTTP/1.1'],
  ['SCRIPT_NAME', ''],
  ['SERVER_NAME', 'vm'],
  ['SERVER_PORT', '80'],
  ['UWSGI_ROUTER', 'http'],
  ['REMOTE_ADDR', '192.0.2.1'],
  ['REMOTE_PORT', '4711'],
  ['HTTP_HOST', 'a'],
]

t.test('a plain request has the twelve variables of uWSGI, in its order', async t => {
  t.strictSame(packet('').vars, START)
  t.equal(lastPacket.variables, 12)
})

t.test('with a query the path comes before the target', async t => {
  const { vars } = packet('', { start: 'GET /a%20b?c=%41?d HTTP/1.1' })
  t.strictSame(vars.slice(1, 4), [
    ['PATH_INFO', '/a b'],
    ['REQUEST_URI', '/a%20b?c=%41?d'],
    ['QUERY_STRING', 'c=%41?d'],
  ])
})

t.test('an absolute target without a path has the path "/"', async t => {
  t.equal(packet('', { start: 'GET http://a HTTP/1.1' }).get('PATH_INFO'), '/')
  t.equal(packet('', { start: 'GET http://a?b HTTP/1.1' }).get('QUERY_STRING'), 'b')
  t.equal(packet('', { start: 'OPTIONS * HTTP/1.1' }).get('PATH_INFO'), '*')
})

for (const [behaviour, fields, expected] of [
  ['a name is upper case with underscores', 'x-a.b!c: 1', [['HTTP_X_A.B!C', '1']]],
  ['blanks around a value go', 'X-A: \t v w \t ', [['HTTP_X_A', 'v w']]],
  ['a value may be empty', 'X-A:', [['HTTP_X_A', '']]],
  ['bytes above ASCII pass', 'X-A: \xe4\xff', [['HTTP_X_A', '\xe4\xff']]],
  [
    'repeats are joined where they stood first',
    'X-A: 1\nX-B: 2\nx-a: 3',
    [
      ['HTTP_X_A', '1, 3'],
      ['HTTP_X_B', '2'],
    ],
  ],
  ['cookies are joined as cookies', 'Cookie: a=1\nCookie: b=2', [['HTTP_COOKIE', 'a=1; b=2']]],
  ['an underscore twin is dropped, behind', 'X-A: 1\nX_A: 2', [['HTTP_X_A', '1']]],
  ['an underscore twin is dropped, before', 'X_A: 2\nX-A: 1', [['HTTP_X_A', '1']]],
  ['an underscore without a twin passes', 'X_A: 1', [['HTTP_X_A', '1']]],
  [
    'length and type have no prefix',
    'Content-Length: 5\nContent-Type: b',
    [
      ['CONTENT_LENGTH', '5'],
      ['CONTENT_TYPE', 'b'],
    ],
  ],
  ['their underscore spellings are nothing', 'Content_Length: 5\nContent_Type: b', []],
  ['Proxy is dropped', 'Proxy: evil', []],
  ['Expect is dropped', 'Expect: 100-continue', []],
  [
    "the connection's own fields are dropped",
    'Connection: close\nKeep-Alive: 5\nTE: trailers\nUpgrade: h2c',
    [],
  ],
  ['what Connection names is dropped', 'X-A: 1\nConnection: x-a\nX-B: 2', [['HTTP_X_B', '2']]],
  [
    'Connection cannot name the framing',
    'Connection: content-length\nContent-Length: 5',
    [['CONTENT_LENGTH', '5']],
  ],
  ['a chunked body is not announced', 'Transfer-Encoding: chunked', []],
  [
    'a variable of our own cannot be set',
    'REMOTE_ADDR: 6.6.6.6\nHTTPS: on',
    [
      ['HTTP_REMOTE_ADDR', '6.6.6.6'],
      ['HTTP_HTTPS', 'on'],
    ],
  ],
] as const) {
  t.test(behaviour, async t => t.strictSame(packet(fields).vars.slice(START.length), expected))
}

const IDENTITY = [
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Ssl',
  'X-Real-IP',
  'Front-End-Https',
]

t.test('who the client is, only a trusted proxy may say, and never with underscores', async t => {
  const lines = IDENTITY.map(name => `${name}: 1`).join('\n')
  t.strictSame(packet(lines).vars, START)
  t.strictSame(packet(lines.replaceAll('-', '_').replace('Forwarded: 1\n', '')).vars, START)
  const names = IDENTITY.map(name => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, '1'])
  t.strictSame(packet(lines, { trusted: true }).vars.slice(START.length), names)
})

t.test('behind a trusted proxy the client is the one it names, whose port nobody knows', async t => {
  const { get } = packet('', { trusted: true, remote: '198.51.100.7' })
  t.equal(get('REMOTE_ADDR'), '198.51.100.7')
  t.equal(get('REMOTE_PORT'), '0')
})

t.test('a client on a UNIX socket has the address 0.0.0.0 and the port 0', async t => {
  const { get } = packet('', { peer: '', remote: '', portText: '' })
  t.equal(get('REMOTE_ADDR'), '0.0.0.0')
  t.equal(get('REMOTE_PORT'), '0')
  t.equal(get('SERVER_PORT'), '')
})

t.test('TLS says HTTPS, and the certificate of the client', async t => {
  t.strictSame(packet('', { isTls: true }).vars.slice(9, 11), [
    ['HTTPS', 'on'],
    ['REMOTE_ADDR', '192.0.2.1'],
  ])
  const der = Buffer.from(Uint8Array.from({ length: 300 }, (_, i) => i))
  const { vars } = packet('', { isTls: true, certificate: { der, subject: '/C=IT/CN=x' } })
  t.strictSame(vars.slice(9, 12), [
    ['HTTPS', 'on'],
    ['HTTPS_CLIENT_CERTIFICATE', der.toString('latin1')],
    ['HTTPS_DN', '/C=IT/CN=x'],
  ])
})

t.test('SERVER_NAME is the Host where asked for, in front of it; absent with it', async t => {
  const { vars } = packet('X-A: 1', { serverNameAsHost: true })
  t.strictSame(vars.slice(6), [
    ...START.slice(7, 11),
    ['SERVER_NAME', 'a'],
    ['HTTP_HOST', 'a'],
    ['HTTP_X_A', '1'],
  ])
  t.equal(packet('', { serverNameAsHost: true, start: 'GET / HTTP/1.0' }, '').get('SERVER_NAME'), undefined)
})

t.test('an absolute form without Host says it for both names', async t => {
  const start = 'GET http://b/ HTTP/1.0'
  t.equal(packet('', { start }, '').get('HTTP_HOST'), 'b')
  const { vars } = packet('X-A: 1', { serverNameAsHost: true, start }, '')
  t.strictSame(vars.slice(-2), [
    ['SERVER_NAME', 'b'],
    ['HTTP_HOST', 'b'],
  ])
})

t.test('a body that goes on in chunks is announced', async t => {
  const { get } = packet('Transfer-Encoding: chunked', { chunked: true })
  t.equal(get('HTTP_TRANSFER_ENCODING'), 'chunked')
})

t.test('a WebSocket handshake keeps its two fields, in our spelling', async t => {
  const { vars } = packet('Connection: keep-alive, upgrade\nUpgrade: WebSocket\nTE: x', { isUpgrade: true })
  t.strictSame(vars.slice(START.length), [
    ['HTTP_CONNECTION', 'Upgrade'],
    ['HTTP_UPGRADE', 'WebSocket'],
  ])
})

t.test('Connection is one variable, however often the client sent it', async t => {
  const { vars } = packet('Connection: upgrade\nUpgrade: websocket\nConnection: upgrade', { isUpgrade: true })
  t.strictSame(vars.slice(START.length), [
    ['HTTP_CONNECTION', 'Upgrade'],
    ['HTTP_UPGRADE', 'websocket'],
  ])
})

t.test('the variables of the config come last', async t => {
  const vars = encodeVars(['FOO=bar=baz', 'EMPTY=', 'UMLAUT=ä'])
  const decoded = packet('X-A: 1', { vars, varCount: 3 })
  t.strictSame(decoded.vars.slice(START.length + 1), [
    ['FOO', 'bar=baz'],
    ['EMPTY', ''],
    ['UMLAUT', Buffer.from('ä').toString('latin1')],
  ])
  t.equal(lastPacket.variables, decoded.vars.length)
  t.equal(encodeVars([]).length, 0)
})

t.test('modifiers stand around the size', async t => {
  const { modifier1, modifier2, bytes } = packet('')
  t.strictSame([modifier1, modifier2, bytes.readUInt16LE(1)], [5, 6, bytes.length - 4])
  t.equal(lastPacket.bytes, bytes.length - 4)
})

const NAME = fc.stringMatching(/^[xX]-[-A-Za-z0-9!#$%&'*+.^`|~]{0,30}$/)
const VALUE = fc
  .array(
    fc.integer({ min: 0x20, max: 0xff }).filter(code => code !== 0x7f),
    { maxLength: 120 },
  )
  .map(codes => String.fromCharCode(...codes).trim())
const FIELDS = fc.array(fc.tuple(NAME, VALUE), { maxLength: 60 })

t.test('any fields come back from the packet: once each, in order, joined', async t => {
  fc.assert(
    fc.property(FIELDS, fields => {
      const lines = fields.map(([name, value]) => `${name}: ${value}`).join('\n')
      const expected = new Map<string, string>()
      for (const [name, value] of fields) {
        const key = `HTTP_${name.toUpperCase().replaceAll('-', '_')}`
        const before = expected.get(key)
        expected.set(key, before === undefined ? value : `${before}, ${value}`)
      }
      const got = packet(lines).vars.slice(START.length)
      return isDeepStrictEqual(got, [...expected]) && lastPacket.variables === START.length + expected.size
    }),
    { numRuns: 300 },
  )
  t.pass()
})

const BLOCK = 65_535

t.test(
  'a packet of exactly 65,535 bytes is made, one of more is none, whatever makes it so large',
  async t => {
    const base = packet('X-A: ').bytes.length - 4
    for (const over of [0, 1, 2, 300]) {
      const value = 'v'.repeat(BLOCK - base + over)
      const made = text(`X-A: ${value}`)
      if (over === 0) t.equal(decode(made).get('HTTP_X_A')?.length, value.length)
      else t.equal(made, '', `${over} bytes over, in a value`)
      const path = `/${value.slice(0, value.length >> 1)}`
      if (over > 20)
        t.equal(text('', { start: `GET ${path} HTTP/1.1` }), '', `${over} bytes over, in the target`)
      const settings = { vars: encodeVars([`HTTP_X_A=${value}`]), varCount: 1 }
      if (over > 0) t.equal(text('', settings), '', `${over} bytes over, in the config`)
      t.equal(text('X-A: 1') === '', false, 'the next one is made as ever')
    }
    t.equal(text(`X-A: ${'v'.repeat(200_000)}`), '', 'nor one three times as large')
  },
)

t.test('at any size: a whole packet, or none when it would not fit', async t => {
  const size = fc.integer({ min: 0, max: 9_000 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), size), { minLength: 4, maxLength: 20 }), fields => {
      const lines = fields.map(([name, length], i) => `X-${i}-${'n'.repeat(name)}: ${'v'.repeat(length)}`)
      const start = START.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
      const bytes = fields.reduce(
        (sum, [name, length], i) => sum + `HTTP_X_${i}_`.length + name + length + 4,
        start,
      )
      const made = text(lines.join('\n'))
      return bytes > BLOCK
        ? made === ''
        : made.length === bytes + 4 && decode(made).vars.length === START.length + fields.length
    }),
    { numRuns: 300 },
  )
  t.pass()
})

function packet(fields: string, asked: Asked = {}, host = 'Host: a\r\n'): UwsgiPacket {
  return decode(text(fields, asked, host))
}

function decode(made: string): UwsgiPacket {
  const bytes = Buffer.from(made, 'latin1')
  if (bytes.length !== bytes.readUInt16LE(1) + 4) throw new Error('the size is not that of the block')
  return decodePacket(bytes)
}

/** @param fields lines, parted by line feeds, behind Host */
function text(fields: string, asked: Asked = {}, host = 'Host: a\r\n'): string {
  const {
    start = 'GET / HTTP/1.1',
    trusted = false,
    isTls = false,
    peer = '192.0.2.1',
    remote = peer,
  } = asked
  const lines = fields === '' ? '' : `${fields.replaceAll('\n', '\r\n')}\r\n`
  const bytes = Buffer.from(`${start}\r\n${host}${lines}\r\n`, 'latin1')
  const head = new RequestHead()
  head.fieldLimit = head.targetLimit = 1_000_000
  const behind = head.parse(bytes, 0, bytes.length)
  if (behind !== bytes.length) throw new Error(`refused with ${behind}: ${fields}`)
  const proxies = new TrustedProxies(trusted ? [peer] : [])
  const client = describeClient(peer, peer === '' ? 0 : 4711, isTls, asked.certificate ?? null, proxies)
  const settings = {
    hostName: 'vm',
    serverNameAsHost: asked.serverNameAsHost ?? false,
    portText: asked.portText ?? '80',
    vars: asked.vars ?? Buffer.alloc(0),
    varCount: asked.varCount ?? 0,
  }
  return uwsgiPacket(
    head,
    bytes,
    commonVariables(client, remote, head.minor, settings),
    5,
    6,
    asked.chunked ?? false,
    asked.isUpgrade ?? false,
  )
}

// test/fuzz/targets/uwsgi-packet.ts: what uwsgi nodes get of a request, decoded again.
import { describeClient, TrustedProxies } from '../../../gateway/client.ts'
import { asksForWebSocket } from '../../../gateway/http1/upgrade.ts'
import { commonVariables, lastPacket, uwsgiPacket } from '../../../gateway/uwsgi/packet.ts'
import { REQUEST_FIXTURES } from '../../gateway/http1/request-fixtures.ts'
import { decodePacket } from '../../support/uwsgi-packet.ts'
import { isIdentity, passing } from '../forwarded-reader.ts'
import { shapeOf } from '../head-events.ts'
import { type ReadRequest, readRequest } from '../head-reader.ts'
import { HEAD_TOKENS, hostileFields, recordedRequests } from '../http-seeds.ts'
import { pathInfoOf } from '../path-reader.ts'
import { SECOND_READER_EVERY, type Target, wrong } from '../target.ts'
import { newHead } from './request-head.ts'

const HEAD = newHead()
const STRANGER = describeClient('192.0.2.1', 4711, false, null, new TrustedProxies([]))
const SETTINGS = {
  hostName: 'vm',
  serverNameAsHost: false,
  portText: '80',
  vars: Buffer.alloc(0),
  varCount: 0,
}
const COMMON = [0, 1].map(minor => commonVariables(STRANGER, '192.0.2.1', minor, SETTINGS))

export const packet: Target = {
  name: 'uwsgi-packet',
  asserts:
    'decoded by an independent reader it has exactly the variables of the request, each once, with repeated fields joined, and the sizes it says',
  seeds: () => [...REQUEST_FIXTURES.map(({ input }) => Buffer.from(input, 'latin1')), ...recordedRequests()],
  hostile: () =>
    hostileFields().map(fields => Buffer.from(`GET /?a HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1')),
  dictionary: HEAD_TOKENS,
  mostBytes: 2_048,
  check(input, random) {
    if (HEAD.parse(input, 0, input.length) <= 0) return 0
    const isUpgrade = asksForWebSocket(HEAD, input)
    const chunked = random.happens(0.5)
    const bytes = Buffer.from(
      uwsgiPacket(HEAD, input, COMMON[HEAD.minor]!, 1, 2, chunked, isUpgrade),
      'latin1',
    )
    if (bytes.length === 0) return wrong('no packet for a small head')
    const { vars, modifier1, modifier2 } = decodePacket(bytes)
    if (bytes.readUInt16LE(1) !== bytes.length - 4 || modifier1 !== 1 || modifier2 !== 2)
      wrong('another frame')
    if (lastPacket.variables !== vars.length || lastPacket.bytes !== bytes.length - 4)
      wrong('counted otherwise')
    const kind = shapeOf(HEAD, HEAD.method + (HEAD.isAbsolute ? 16 : 0))
    if (random.below(SECOND_READER_EVERY) > 1) return kind
    const read = readRequest(input.toString('latin1', HEAD.start, HEAD.end), 1_024, 65_536)
    if (read === '') return wrong('not a request')
    const expected = variables(read, chunked, isUpgrade)
    if (vars.length !== expected.size) wrong('another number of variables', { vars, expected: [...expected] })
    for (const [name, value] of vars) {
      if (expected.get(name) !== value) wrong('another variable', { name, value, theirs: expected.get(name) })
    }
    return kind
  },
  parse(input) {
    if (HEAD.parse(input, 0, input.length) > 0)
      uwsgiPacket(HEAD, input, COMMON[HEAD.minor]!, 0, 0, false, false)
  },
}

function variables(read: ReadRequest, chunked: boolean, isUpgrade: boolean): Map<string, string> {
  const query = read.target.indexOf('?')
  const all = new Map([
    ['REQUEST_METHOD', read.method],
    ['REQUEST_URI', read.target],
    ['PATH_INFO', read.path === '' ? '/' : pathInfoOf(read.path)],
    ['QUERY_STRING', query < 0 ? '' : read.target.slice(query + 1)],
    ['SERVER_PROTOCOL', `HTTP/1.${read.minor}`],
    ['SCRIPT_NAME', ''],
    ['SERVER_NAME', 'vm'],
    ['SERVER_PORT', '80'],
    ['UWSGI_ROUTER', 'http'],
    ['REMOTE_ADDR', '192.0.2.1'],
    ['REMOTE_PORT', '4711'],
  ])
  for (const [name, value] of passing(read)) {
    if (isIdentity(name) || (name === 'transfer-encoding' && !chunked)) continue
    const cgi = name.toUpperCase().replaceAll('-', '_')
    const key = ['content-length', 'content-type'].includes(name) ? cgi : `HTTP_${cgi}`
    const before = all.get(key)
    all.set(key, before === undefined ? value : before + (name === 'cookie' ? '; ' : ', ') + value)
  }
  if (read.host !== '') all.set('HTTP_HOST', read.host)
  if (isUpgrade) {
    all.set('HTTP_CONNECTION', 'Upgrade')
    all.set('HTTP_UPGRADE', read.fields.find(([name]) => name === 'upgrade')![1])
  }
  return all
}

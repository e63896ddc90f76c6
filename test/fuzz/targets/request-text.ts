// test/fuzz/targets/request-text.ts: what http nodes get of a request: read again, it is the same request without what
// is not theirs.
import { latin1 } from '../../../base/latin1.ts'
import { describeClient, TrustedProxies } from '../../../gateway/client.ts'
import { requestText } from '../../../gateway/http1/request-text.ts'
import { asksForWebSocket } from '../../../gateway/http1/upgrade.ts'
import { REQUEST_FIXTURES } from '../../gateway/http1/request-fixtures.ts'
import { isIdentity, passing } from '../forwarded-reader.ts'
import { shapeOf } from '../head-events.ts'
import { type ReadRequest, readRequest } from '../head-reader.ts'
import { HEAD_TOKENS, hostileFields, recordedRequests } from '../http-seeds.ts'
import { SECOND_READER_EVERY, type Target, wrong } from '../target.ts'
import { newHead } from './request-head.ts'

const HEAD = newHead()
const STRANGER = describeClient('192.0.2.1', 4711, false, null, new TrustedProxies([]))
const TRUSTED = describeClient('10.0.0.1', 4711, true, null, new TrustedProxies(['10.0.0.0/8']))
const HOST_NAME = 'gateway.example'

export const forwardedRequest: Target = {
  name: 'request-text',
  asserts:
    'a request that is passed on is accepted by the second reader as the same request: method, path, framing, and every field that may pass, in order, and no other; only we say who the client is',
  seeds: () => [...REQUEST_FIXTURES.map(({ input }) => Buffer.from(input, 'latin1')), ...recordedRequests()],
  hostile: () =>
    hostileFields().map(fields =>
      Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nTE: a\r\n${fields}\r\n`, 'latin1'),
    ),
  dictionary: HEAD_TOKENS,
  mostBytes: 2_048,
  check(input, random) {
    if (HEAD.parse(input, 0, input.length) <= 0) return 0
    const client = random.happens(0.5) ? STRANGER : TRUSTED
    const isUpgrade = asksForWebSocket(HEAD, input)
    const passesExpect = random.happens(0.5)
    const text = requestText(
      HEAD,
      input,
      latin1(input, HEAD.start, HEAD.end),
      client,
      isUpgrade,
      passesExpect,
      HOST_NAME,
    )
    const kind = shapeOf(HEAD, HEAD.method + (HEAD.isAbsolute ? 16 : 0))
    if (random.below(SECOND_READER_EVERY) > 1) return kind
    const before = readRequest(input.toString('latin1', HEAD.start, HEAD.end), 1_024, 65_536)
    const after = readRequest(text, 1_024, 65_536)
    if (before === '' || after === '') return wrong('not a request any more', text)
    compare(before, after, isUpgrade, passesExpect)
    compareIdentity(after, client === TRUSTED ? before : null)
    return kind
  },
  parse(input) {
    if (HEAD.parse(input, 0, input.length) > 0)
      requestText(HEAD, input, latin1(input, HEAD.start, HEAD.end), STRANGER, false, false, HOST_NAME)
  },
}

function compare(before: ReadRequest, after: ReadRequest, isUpgrade: boolean, passesExpect: boolean): void {
  if (after.minor !== 1) wrong('not HTTP/1.1')
  if (after.method !== before.method || after.target !== originForm(before))
    wrong('another start line', after)
  if (after.contentLength !== before.contentLength || after.isChunked !== before.isChunked)
    wrong('other framing')
  const expected = passing(before).map(field => field.join(': '))
  const got = after.fields.filter(
    ([name]) => !isIdentity(name) && !['connection', 'upgrade', 'expect'].includes(name),
  )
  // Where HTTP/1.0 named no host, ours stands behind all others.
  const hasHost = before.fields.some(([name]) => name === 'host')
  if (!hasHost) expected.push(`host: ${before.host || HOST_NAME}`)
  if (got.map(field => field.join(': ')).join('\n') !== expected.join('\n'))
    wrong('other fields', { got, expected })
  const [upgrade, ...more] = after.fields.filter(([name]) => name === 'upgrade')
  if (more.length > 0 || (upgrade?.[1] ?? '') !== (isUpgrade ? 'websocket' : '')) wrong('another upgrade')
  const allowed = isUpgrade ? 'upgrade' : 'keep-alive'
  if (after.connection.some(token => token !== allowed)) wrong('another Connection', after.connection)
  const expects = (read: ReadRequest): string => read.fields.find(([name]) => name === 'expect')?.[1] ?? ''
  if (expects(after) !== (passesExpect ? expects(before) : '')) wrong('another Expect')
}

function originForm({ method, target, path }: ReadRequest): string {
  if (!/^https?:/i.test(target) || method === 'CONNECT') return target
  const query = target.includes('?') ? target.slice(target.indexOf('?')) : ''
  if (path === '' && query === '' && method === 'OPTIONS') return '*'
  return (path === '' ? '/' : path) + query
}

/** @param before not null: its client is believed */
function compareIdentity(after: ReadRequest, before: ReadRequest | null): void {
  const of = (read: ReadRequest | null) => (read?.fields ?? []).filter(([name]) => isIdentity(name))
  const claims = of(before).filter(
    ([name, value]) => name !== 'x-forwarded-for' && !(name === 'x-forwarded-proto' && value === ''),
  )
  const chain = of(before).filter(([name]) => name === 'x-forwarded-for')
  while (chain[0]?.[1] === '') chain.shift()
  const chainText = [...chain.map(([, value]) => value), before === null ? '192.0.2.1' : '10.0.0.1'].join(
    ', ',
  )
  const said = of(after).filter(
    ([name, value]) => name !== 'x-forwarded-for' && !(name === 'x-forwarded-proto' && value === ''),
  )
  const chains = of(after).filter(([name]) => name === 'x-forwarded-for')
  if (chains.length !== 1 || chains[0]![1] !== chainText)
    wrong('another X-Forwarded-For', { chains, chainText })
  const expected = claims.map(field => field.join(': '))
  if (!claims.some(([name]) => name === 'x-forwarded-proto'))
    expected.push(`x-forwarded-proto: ${before === null ? 'http' : 'https'}`)
  if (said.map(field => field.join(': ')).join('\n') !== expected.join('\n'))
    wrong('other claims', { said, expected })
}

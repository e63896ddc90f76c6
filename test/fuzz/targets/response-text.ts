// test/fuzz/targets/response-text.ts: what clients get of an answer's head: read again, it is the same answer, framed as
// we decided.
import { ResponseHead } from '../../../gateway/http1/response-head.ts'
import { interimText, isPassable, responseText, switchingText } from '../../../gateway/http1/response-text.ts'
import type { Random } from '../../long/fuzz-random.ts'
import { shapeOf } from '../head-events.ts'
import { type ReadResponse, readResponse } from '../head-reader.ts'
import { HEAD_TOKENS, hostileFields } from '../http-seeds.ts'
import { SECOND_READER_EVERY, type Target, wrong } from '../target.ts'
import { responseHead } from './response-head.ts'

const HEAD = new ResponseHead()
HEAD.fieldLimit = 512
const DATE = 'Sat, 21 Nov 2026 18:00:00 GMT'
const HOP = new Set(['te', 'upgrade', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'proxy', 'http2-settings', 'status']) // biome-ignore format: one list

/** How the end of the body is marked anew: lines, and whether the node's own go. */
const FRAMINGS = [
  { framing: '', drops: false, length: -1, isChunked: false },
  { framing: '', drops: true, length: -1, isChunked: false },
  { framing: 'Content-Length: 7\r\n', drops: false, length: 7, isChunked: false },
  { framing: 'Transfer-Encoding: chunked\r\n', drops: false, length: -1, isChunked: true },
] as const

export const forwardedResponse: Target = {
  name: 'response-text',
  asserts:
    "an answer's head that is passed on, whole or rewritten, is accepted by the second reader with the same status, reason and fields, nothing of the node's connection, and exactly the framing we chose; so are 1xx answers",
  seeds: () => responseHead.seeds(),
  hostile: () => hostileFields().map(fields => Buffer.from(`HTTP/1.0 200 OK\r\n${fields}\r\n`, 'latin1')),
  dictionary: HEAD_TOKENS,
  mostBytes: 2_048,
  check(input, random) {
    if (HEAD.parse(input, 0, input.length, random.happens(0.5)) <= 0) return 0
    const kind = shapeOf(HEAD, Math.floor(HEAD.code / 100))
    if (random.below(SECOND_READER_EVERY) > 1) return kind
    const before = readResponse(input.toString('latin1', HEAD.start, HEAD.end), 1_024, true)
    if (before === '') return wrong('not an answer')
    checkFinal(input, before, random)
    checkInterim(input, before)
    return kind
  },
  parse(input) {
    if (HEAD.parse(input, 0, input.length, false) > 0) responseText(HEAD, input, true, 1, '', true, DATE)
  },
}

function checkFinal(input: Buffer, before: ReadResponse, random: Random): void {
  const { framing, drops, length, isChunked } = random.pick(FRAMINGS)
  const keeps = random.happens(0.7)
  const minor = random.below(2)
  const addsFraming = framing !== '' || drops
  const isPassed = isPassable(HEAD, keeps, minor, addsFraming)
  const text = isPassed
    ? input.toString('latin1', HEAD.start, HEAD.end)
    : responseText(HEAD, input, keeps, minor, framing, addsFraming, DATE)
  const after = readResponse(text, 1_100, false)
  if (after === '') {
    // The node's own chunks are told to no client of HTTP/1.0, and a "Status:" head has none.
    return wrong('not an answer any more', text)
  }
  if (after.code !== before.code || after.reason !== before.reason || after.minor !== 1)
    wrong('another status line', text)
  const expectsOwn = !addsFraming
  if (after.contentLength !== (expectsOwn ? before.contentLength : length)) wrong('another length', text)
  if (after.isChunked !== (expectsOwn ? before.isChunked : isChunked)) wrong('other chunks', text)
  const allowed = keeps ? ['keep-alive'] : ['close']
  if (after.connection.some(token => !allowed.includes(token))) wrong('another Connection', text)
  if (!keeps && !after.connection.includes('close')) wrong('does not say that it closes', text)
  if (keeps && minor === 0 && !after.connection.includes('keep-alive'))
    wrong('does not say that it keeps', text)
  compareFields(before, after, text)
  const date = after.fields.some(([name]) => name === 'date')
  if (!date) wrong('without a date', text)
}

function checkInterim(input: Buffer, before: ReadResponse): void {
  if (before.code >= 200 || before.isCgi) return
  const text = before.code === 101 ? switchingText(HEAD, input, '') : interimText(HEAD, input)
  const after = readResponse(text, 1_100, false)
  if (after === '' || after.code !== before.code) return wrong('not an interim answer any more', text)
  if (after.contentLength >= 0 || after.isChunked) wrong('an interim answer with a body', text)
  if (after.connection.some(token => before.code !== 101 || token !== 'upgrade'))
    wrong('an interim Connection', text)
}

function compareFields(before: ReadResponse, after: ReadResponse, text: string): void {
  const framing = new Set(['content-length', 'transfer-encoding', 'connection'])
  const named = new Set(before.connection)
  // A known name in another spelling goes, as in requests: nobody means it.
  const isOwn = (name: string): boolean => {
    const plain = name.replaceAll('_', '-')
    return HOP.has(plain) || framing.has(plain) || (plain !== name && KNOWN.has(plain))
  }
  const kept = (read: ReadResponse, isBefore: boolean): string =>
    read.fields
      .filter(
        ([name]) => !isOwn(name) && name !== 'date' && !(isBefore && named.has(name) && !KNOWN.has(name)),
      )
      .map(field => field.join(': '))
      .join('\n')
  const left = after.fields.filter(([name]) => HOP.has(name))
  if (left.length > 0) wrong("a field of the node's own connection", text)
  const spelled = (read: ReadResponse): string => kept(read, read === before)
  if (spelled(before) !== spelled(after))
    wrong('other fields', { before: spelled(before), after: spelled(after) })
}

/** Connection cannot name these away. */
const KNOWN = new Set(['host', 'expect', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-ssl', 'x-real-ip', 'front-end-https', 'content-type', 'cookie', 'date', 'referer', 'user-agent', 'trailer', 'max-forwards']) // biome-ignore format: one list

// test/fuzz/targets/response-head.ts: the heads of nodes' answers: status line or "Status:", fields, framing.
import { ResponseHead } from '../../../gateway/http1/response-head.ts'
import { recorded } from '../corpus.ts'
import { digestOf, shapeOf } from '../head-events.ts'
import { readResponse } from '../head-reader.ts'
import { HEAD_TOKENS, hostileFields } from '../http-seeds.ts'
import { SECOND_READER_EVERY, SECOND_READER_ON_REFUSED, sameInPieces, type Target, wrong } from '../target.ts'

const MOST_FIELDS = 512
const HEAD = new ResponseHead()
HEAD.fieldLimit = MOST_FIELDS

const SEEDS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200\r\n\r\n',
  'HTTP/1.1 204 \r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nDate: Sat, 21 Nov 2026 17:00:00 GMT\r\n\r\n',
  'Status: 200 OK\r\nContent-Type: text/html\r\n\r\n',
  'status:404\r\nX: y\r\nStatus: 200 OK\r\n\r\n',
]

/** One for each way to read: the target's name says which. */
export const responseHead = target('response-head', false)
export const cgiResponseHead = target('response-head-cgi', true)

function target(name: string, cgi: boolean): Target {
  return {
    name,
    asserts:
      'accepted exactly when a second reader accepts it, with the same status, reason, length, coding and fields',
    seeds: () => [...recorded('answers').values(), ...SEEDS.map(text => Buffer.from(text, 'latin1'))],
    hostile: () => {
      const status = cgi ? 'Status: 200 OK\r\n' : 'HTTP/1.1 200 OK\r\n'
      return hostileFields().map(fields => Buffer.from(`${status}${fields}\r\n`, 'latin1'))
    },
    dictionary: HEAD_TOKENS,
    mostBytes: 2_048,
    events: (bytes, cuts) => {
      for (const cut of cuts) {
        const behind = HEAD.parse(bytes, 0, cut, cgi)
        if (behind > cut) wrong('read past its end', { behind, cut })
        if (behind !== 0) return behind < 0 ? -1 : digest(behind)
      }
      return 0
    },
    check(input, random) {
      sameInPieces(this, input, random)
      const behind = HEAD.parse(input, 0, input.length, cgi)
      if (random.below(behind > 0 ? SECOND_READER_EVERY : SECOND_READER_ON_REFUSED) === 0)
        compare(input, behind, cgi)
      return behind <= 0 ? behind : shapeOf(HEAD, Math.floor(HEAD.code / 100) + (HEAD.isCgi ? 8 : 0))
    },
    parse: input => void HEAD.parse(input, 0, input.length, cgi),
  }
}

function digest(behind: number): number {
  return (
    digestOf(HEAD, behind) + HEAD.code * 2 ** 32 + ((HEAD.reasonStart * 7 + HEAD.reasonEnd) % 2_048) * 2 ** 42
  )
}

function compare(input: Buffer, behind: number, cgi: boolean): void {
  const text = input.toString('latin1')
  const end = text.indexOf('\r\n\r\n') + 4
  if (end < 4) {
    if (behind > 0) wrong('accepted without its end')
    return
  }
  const read = readResponse(text.slice(0, end), MOST_FIELDS, cgi)
  if (read === '') {
    if (behind > 0) wrong('accepted although wrong')
    return
  }
  if (behind <= 0) wrong('refused although right', behind)
  if (behind !== end) wrong('ends elsewhere', { behind, end })
  const seen = {
    code: HEAD.code,
    reason: text.slice(HEAD.reasonStart, HEAD.reasonEnd),
    minor: HEAD.minor,
    isCgi: HEAD.isCgi,
    contentLength: HEAD.contentLength,
    isChunked: HEAD.isChunked,
  }
  for (const key of Object.keys(seen) as (keyof typeof seen)[]) {
    if (seen[key] !== read[key]) wrong(`another ${key}`, { ours: seen[key], theirs: read[key] })
  }
  if (HEAD.count !== read.fields.length) wrong('another number of fields', HEAD.count)
  for (const [i, [name, value]] of read.fields.entries()) {
    if (HEAD.nameOf(input, i) !== name || HEAD.valueOf(input, i) !== value)
      wrong('another field', { name, value })
  }
  if (HEAD.saysClose !== read.connection.includes('close')) wrong('another "close"')
}

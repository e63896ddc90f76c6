// test/fuzz/targets/request-head.ts: request heads: start line, fields, Host, and what they mean together.
import { RequestHead } from '../../../gateway/http1/request-head.ts'
import { REQUEST_FIXTURES } from '../../gateway/http1/request-fixtures.ts'
import type { Random } from '../../long/fuzz-random.ts'
import { digestOf, shapeOf } from '../head-events.ts'
import { readRequest } from '../head-reader.ts'
import { HEAD_TOKENS, hostileFields, recordedRequests } from '../http-seeds.ts'
import { SECOND_READER_EVERY, SECOND_READER_ON_REFUSED, sameInPieces, type Target, wrong } from '../target.ts'

const MOST_FIELDS = 128
const MOST_TARGET_BYTES = 8_192
const HEAD = newHead()

export const requestHead: Target = {
  name: 'request-head',
  asserts:
    'accepted exactly when a second, slow reader by regular expressions accepts it, with the same method, target, path, length, coding and fields',
  seeds: () => [...REQUEST_FIXTURES.map(({ input }) => Buffer.from(input, 'latin1')), ...recordedRequests()],
  hostile: () => [
    ...hostileFields().map(fields => Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1')),
    Buffer.from('\r\n'.repeat(16_384)),
    Buffer.from(`GET /${'%41'.repeat(2_700)} HTTP/1.1\r\nHost: [${'1:'.repeat(100)}1]\r\n\r\n`),
  ],
  dictionary: HEAD_TOKENS,
  mostBytes: 2_048,
  events: (bytes, cuts) => {
    for (const cut of cuts) {
      const behind = HEAD.parse(bytes, 0, cut)
      if (behind > cut) wrong('read past its end', { behind, cut })
      if (behind !== 0) return behind < 0 ? behind : digest(behind)
    }
    return 0
  },
  check(input, random) {
    sameInPieces(this, input, random)
    const behind = HEAD.parse(input, 0, input.length)
    if (behind < 0 && !REFUSALS.has(-behind)) wrong('refused with an odd status', behind)
    if (random.below(behind > 0 ? SECOND_READER_EVERY : SECOND_READER_ON_REFUSED) === 0)
      compare(input, behind, random)
    return behind < 0 ? behind : behind === 0 ? 0 : shapeOf(HEAD, HEAD.method + (HEAD.isAbsolute ? 16 : 0))
  },
  parse: input => void HEAD.parse(input, 0, input.length),
}

const REFUSALS = new Set([400, 414, 431, 501, 505])

/** With the usual limits. */
export function newHead(): RequestHead {
  const head = new RequestHead()
  head.fieldLimit = MOST_FIELDS
  head.targetLimit = MOST_TARGET_BYTES
  return head
}

function digest(behind: number): number {
  const rest = HEAD.method * 8 + (HEAD.isAbsolute ? 4 : 0) + (HEAD.hasPercent ? 2 : 0)
  const offsets = (HEAD.methodEnd * 31 + HEAD.targetEnd) * 31 + HEAD.pathStart * 7 + HEAD.pathEnd
  return digestOf(HEAD, behind) + rest * 2 ** 32 + (offsets % 65_536) * 2 ** 40
}

function compare(input: Buffer, behind: number, _random: Random): void {
  const text = input.toString('latin1')
  const start = /^(?:\r\n)*/.exec(text)![0].length
  const end = text.indexOf('\r\n\r\n', start) + 4
  if (end < 4) {
    if (behind > 0) wrong('accepted without its end')
    return
  }
  const read = readRequest(text.slice(start, end), MOST_FIELDS, MOST_TARGET_BYTES)
  if (read === '') {
    if (behind > 0) wrong('accepted although wrong')
    return
  }
  if (behind <= 0) wrong('refused although right', behind)
  if (behind !== end || HEAD.start !== start) wrong('begins or ends elsewhere', { behind, end })
  const part = (from: number, to: number): string => text.slice(from, to)
  const seen = {
    method: part(HEAD.start, HEAD.methodEnd),
    target: part(HEAD.targetStart, HEAD.targetEnd),
    path: part(HEAD.pathStart, HEAD.pathEnd),
    minor: HEAD.minor,
    contentLength: HEAD.contentLength,
    isChunked: HEAD.isChunked,
  }
  for (const key of Object.keys(seen) as (keyof typeof seen)[]) {
    if (seen[key] !== read[key]) wrong(`another ${key}`, { ours: seen[key], theirs: read[key] })
  }
  compareFields(input, read.fields)
  const { connection } = read
  if (HEAD.saysClose !== connection.includes('close')) wrong('another "close"')
  if (HEAD.saysUpgrade !== connection.includes('upgrade')) wrong('another "upgrade"')
}

function compareFields(input: Buffer, fields: readonly (readonly [string, string])[]): void {
  if (HEAD.count !== fields.length) wrong('another number of fields', HEAD.count)
  for (const [i, [name, value]] of fields.entries()) {
    if (HEAD.nameOf(input, i) !== name || HEAD.valueOf(input, i) !== value)
      wrong('another field', { name, value })
  }
}

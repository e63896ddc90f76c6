// test/fuzz/round-trips.test.ts: what is written by the rules is read back as it was meant, wherever it is cut.
// Packets for uwsgi nodes, PATH_INFO and PROXY headers have theirs beside their own tests.
import fc from 'fast-check'
import t from 'tap'
import { parseListenAddress, parseNodeAddress } from '../../base/address.ts'
import { readIni } from '../../config/ini.ts'
import { Chunked } from '../../gateway/http1/chunked.ts'
import type { Head } from '../../gateway/http1/field-section.ts'
import { RequestHead } from '../../gateway/http1/request-head.ts'
import { ResponseHead } from '../../gateway/http1/response-head.ts'

const TOKEN = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
// Fields without a meaning to us: those with one are refused when they contradict each other.
const NAME = fc.stringMatching(/^[xX]-[!#$%&'*+.^`|~0-9A-Za-z-]{1,20}$/)
const VALUE = fc.stringMatching(
  /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,30}[\x21-\x7e\x80-\xff])?)?$/,
)
const BLANKS = fc.stringMatching(/^[\t ]{0,3}$/)
const FIELDS = fc.array(fc.tuple(NAME, VALUE, BLANKS, BLANKS), { maxLength: 12 })
const CUTS = fc.array(fc.nat(), { maxLength: 4 })

t.test('chunked bodies', async () => {
  const extension = fc.oneof(
    fc.constant(''),
    fc.tuple(TOKEN, TOKEN).map(([name, value]) => `;${name}=${value}`),
    TOKEN.map(name => `;${name};${name}=""`),
  )
  const data = fc
    .uint8Array({ minLength: 1, maxLength: 60 })
    .map(bytes => Buffer.from(bytes).toString('latin1'))
  const chunk = fc.tuple(data, extension, fc.nat(3))
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), FIELDS, CUTS, (chunks, trailers, at) => {
      const sized = chunks.map(
        ([text, more, zeros]) => `${'0'.repeat(zeros)}${text.length.toString(16)}${more}\r\n${text}\r\n`,
      )
      const body = Buffer.from(`${sized.join('')}0\r\n${linesOf(trailers)}\r\n`, 'latin1')
      const rest = Buffer.from('GET / HTTP/1.1\r\n')
      const [read, end] = decode(Buffer.concat([body, rest]), at)
      return end === body.length && read === chunks.map(([text]) => text).join('')
    }),
    { numRuns: 500 },
  )
})

t.test('request heads', async () => {
  const path = fc.stringMatching(/^\/(?:[!$&-.0-;=@-Z[\]^_a-z~]|%[2-7][0-9A-Fa-f]|\/){0,40}$/)
  const query = fc.stringMatching(/^(?:\?[!-"$-~]{0,40})?$/)
  fc.assert(
    fc.property(TOKEN, path, query, fc.nat(1), FIELDS, CUTS, (method, before, behind, minor, fields, at) => {
      const text = `${method} ${before}${behind} HTTP/1.${minor}\r\nHost: a\r\n${linesOf(fields)}\r\n`
      const head = new RequestHead()
      const bytes = Buffer.from(text, 'latin1')
      const end = readInPieces(bytes, at, cut => head.parse(bytes, 0, cut))
      const target = bytes.toString('latin1', head.targetStart, head.targetEnd)
      const path = bytes.toString('latin1', head.pathStart, head.pathEnd)
      const isSame = target === before + behind && path === before && head.minor === minor
      return end === bytes.length && isSame && hasFields(head, bytes, 1, fields)
    }),
    { numRuns: 500 },
  )
})

t.test('answer heads', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), VALUE, FIELDS, CUTS, (code, reason, fields, at) => {
      const bytes = Buffer.from(`HTTP/1.1 ${code} ${reason}\r\n${linesOf(fields)}\r\n`, 'latin1')
      const head = new ResponseHead()
      const end = readInPieces(bytes, at, cut => head.parse(bytes, 0, cut, false))
      const said = bytes.toString('latin1', head.reasonStart, head.reasonEnd)
      return (
        end === bytes.length && head.code === code && said === reason && hasFields(head, bytes, 0, fields)
      )
    }),
    { numRuns: 500 },
  )
})

t.test('lines of ini files', async () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
  const value = fc
    .string({ unit: 'grapheme' })
    .map(text => text.replace(/[\n%]/g, '').replace(/^[ \t\r]+|[ \t\r]+$/g, ''))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value, BLANKS), { maxLength: 12 }), lines => {
      const text = lines
        .map(([left, right, blanks]) => `${blanks}${left}${blanks}=${blanks}${right}\r`)
        .join('\n')
      const read = readIni(`[sluice]\n${text}`, ['sluice'], line => line)
      return (
        read.lines.every(
          ({ line, name, value }, i) => line === i + 2 && name === lines[i]![0] && value === lines[i]![1],
        ) && read.lines.length === lines.length
      )
    }),
    { numRuns: 500 },
  )
})

t.test('addresses', async () => {
  const host = fc.oneof(fc.ipV4(), fc.domain())
  const port = fc.integer({ min: 1, max: 65_535 })
  fc.assert(
    fc.property(host, port, (host, port) => {
      const listen = parseListenAddress(`${host}:${port}`)
      const node = parseNodeAddress(`http://${host}:${port}`)
      if ('problem' in listen || 'problem' in node) return false
      return listen.text === `${host}:${port}` && node.name === `http://${host}:${port}`
    }),
    { numRuns: 500 },
  )
})

type Fields = readonly (readonly [name: string, value: string, before: string, behind: string])[]

function linesOf(fields: Fields): string {
  return fields.map(([name, value, before, behind]) => `${name}:${before}${value}${behind}\r\n`).join('')
}

/** @param skipped fields in front that are not among `fields` */
function hasFields(head: Head, bytes: Buffer, skipped: number, fields: Fields): boolean {
  return (
    head.count === fields.length + skipped &&
    fields.every(
      ([name, value], i) =>
        head.nameOf(bytes, i + skipped) === name.toLowerCase() && head.valueOf(bytes, i + skipped) === value,
    )
  )
}

function readInPieces(bytes: Buffer, at: readonly number[], parse: (cut: number) => number): number {
  for (const cut of cutsOf(bytes, at)) {
    const behind = parse(cut)
    if (behind !== 0) return behind
  }
  return 0
}

function decode(bytes: Buffer, at: readonly number[]): [data: string, end: number] {
  const chunked = new Chunked()
  let data = ''
  let from = 0
  for (const cut of cutsOf(bytes, at)) {
    from = chunked.advance(bytes, from, cut, (start, end) => {
      data += bytes.toString('latin1', start, end)
    })
    if (chunked.isDone || from < 0) break
  }
  return [data, chunked.isDone ? from : -1]
}

function cutsOf(bytes: Buffer, at: readonly number[]): number[] {
  return [...at.map(place => place % bytes.length), bytes.length].sort((a, b) => a - b)
}

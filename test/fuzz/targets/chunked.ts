// test/fuzz/targets/chunked.ts: chunked bodies, fed in pieces and decoded a second time by a slow reader.
import { Chunked } from '../../../gateway/http1/chunked.ts'
import { SECOND_READER_ON_REFUSED, sameInPieces, type Target, wrong } from '../target.ts'

const CHUNKED = new Chunked()
let dataHash = 0
let bytesFed: Uint8Array = Buffer.alloc(0)
const onData = (start: number, end: number): void => {
  for (let p = start; p < end; p++) dataHash = Math.imul(dataHash ^ bytesFed[p]!, 16_777_619)
}

export const chunked: Target = {
  name: 'chunked',
  asserts:
    'whole exactly when a second decoder finds a whole body in it, with the same data and the same end; its count of data bytes is right',
  seeds: () =>
    [
      '0\r\n\r\n',
      '5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1',
      '00A\r\n0123456789\r\n0000\r\n\r\n',
      '1;a=b;c="d"\r\nx\r\n0;last\r\n\r\n',
      '1\r\nx\r\n0\r\nA: 1\r\nB: 2\r\n\r\n',
      '4\r\n\r\n\r\n\r\n0\r\nX-Checksum: 1\r\n\r\n',
      `fffffffffff\r\n${'x'.repeat(50)}`,
      `40\r\n${'y'.repeat(64)}\r\n3f\r\n${'z'.repeat(63)}\r\n0\r\n\r\n`,
    ].map(text => Buffer.from(text, 'latin1')),
  hostile: () =>
    [
      '1\r\nx\r\n'.repeat(2_700),
      `${`1;${'a'.repeat(1_000)}\r\nx\r\n`.repeat(16)}`,
      `${`1${';a'.repeat(500)}\r\nx\r\n`.repeat(16)}`,
      `0\r\n${'A: b\r\n'.repeat(1_300)}`,
      `0\r\n${'a:\r\n'.repeat(2_000)}`,
    ].map(text => Buffer.from(text, 'latin1')),
  dictionary: ['\r\n', '0\r\n\r\n', '0\r\n', '\r\n0\r\n\r\n', '1\r\n', 'a\r\n', 'ffffffffffff\r\n', '1000000000000\r\n', '\n', '\r', ';a=b', ';a="b"', ';', '="', '"', '\\"', ' ', '0x', '+', 'A: b\r\n', 'Content-Length: 5\r\n', 'content_length: 5\r\n', 'Host: a\r\n', 'Transfer-Encoding: chunked\r\n', 'X-Forwarded-For: a\r\n', ':', '\0'], // biome-ignore format: one list
  mostBytes: 2_048,
  events: (bytes, cuts) => {
    CHUNKED.reset()
    dataHash = 0x811c9dc5
    bytesFed = bytes
    let from = 0
    for (const cut of cuts) {
      const stop = CHUNKED.advance(bytes, from, cut, onData)
      if (stop < 0) return -1
      if (stop > cut) wrong('read past its end', { stop, cut })
      if (CHUNKED.isDone) return (dataHash >>> 0) + stop * 2 ** 32
      if (stop !== cut) wrong('stopped before its end', { stop, cut })
      from = cut
    }
    // Who waits for more has told the data so far.
    return -2 - (dataHash >>> 0) - CHUNKED.dataBytes * 2 ** 32
  },
  check(input, random) {
    const verdict = sameInPieces(this, input, random) as number
    if (random.below(verdict >= 0 ? 2 : SECOND_READER_ON_REFUSED) === 0) compare(input, verdict)
    return verdict === -1 ? -1 : verdict < 0 ? -2 : Math.min(CHUNKED.dataBytes, 40)
  },
  parse(input) {
    CHUNKED.reset()
    CHUNKED.advance(input, 0, input.length)
  },
}

const EXTENSIONS =
  /^(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t\x20-\x21\x23-\x5b\x5d-\x7e\x80-\xff]*"))?)*$/
const TRAILER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t\x20-\x7e\x80-\xff]*$/
/** Refused as trailers in any spelling: framing, routing, who asks and what for, what the content is. */
const BARRED = new Set(
  (
    'content-length transfer-encoding connection te upgrade expect keep-alive proxy-connection proxy-authorization ' +
    'proxy-authenticate proxy http2-settings forwarded x-forwarded-for x-forwarded-proto x-forwarded-host ' +
    'x-forwarded-port x-forwarded-prefix x-forwarded-ssl x-real-ip front-end-https host trailer max-forwards ' +
    'authorization www-authenticate cookie set-cookie location content-type content-encoding content-range ' +
    'cache-control pragma age expires vary range if-match if-none-match if-modified-since if-unmodified-since ' +
    'if-range retry-after'
  ).split(' '),
)

function compare(input: Buffer, verdict: number): void {
  const read = decode(input.toString('latin1'))
  if (read === null) {
    if (verdict >= 0) wrong('taken for whole')
    return
  }
  if (verdict < 0) wrong('not taken for whole', verdict)
  let hash = 0x811c9dc5
  for (let i = 0; i < read.data.length; i++) hash = Math.imul(hash ^ read.data.charCodeAt(i), 16_777_619)
  if ((hash >>> 0) + read.end * 2 ** 32 !== verdict) wrong('another body', read)
}

/** @returns null unless the text begins with a whole body */
function decode(text: string): { data: string; end: number } | null {
  let data = ''
  let at = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const [, digits = '', extensions = ''] = /^([0-9a-fA-F]{1,12})(.*)$/s.exec(text.slice(at, lineEnd)) ?? []
    if (digits === '' || extensions.length > 1_023 || !EXTENSIONS.test(extensions)) return null
    const size = Number.parseInt(digits, 16)
    at = lineEnd + 2
    if (size === 0) break
    if (text.slice(at + size, at + size + 2) !== '\r\n') return null
    data += text.slice(at, at + size)
    at += size + 2
  }
  for (let trailers = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const line = text.slice(at, lineEnd)
    at = lineEnd + 2
    if (line === '') return { data, end: at }
    const name = TRAILER.exec(line)?.[1]
    trailers += line.length
    if (name === undefined || trailers > 8_192 || BARRED.has(name.toLowerCase().replaceAll('_', '-')))
      return null
  }
}

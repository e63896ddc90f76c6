// test/gateway/http1/chunked.test.ts: chunked bodies pass only when every reader would cut them alike.
import t from 'tap'
import { Chunked } from '../../../gateway/http1/chunked.ts'
import { allWays } from './feeding.ts'

/** What is left behind the body when it is whole; 'broken'; or 'unfinished'. The data goes first. */
function read(pieces: readonly Buffer[]): [data: string, end: string] {
  const chunked = new Chunked()
  let data = ''
  let rest = ''
  for (const piece of pieces) {
    if (chunked.isDone) {
      rest += piece.toString('latin1')
      continue
    }
    const stop = chunked.advance(piece, 0, piece.length, (start, end) => {
      data += piece.toString('latin1', start, end)
    })
    if (stop < 0) return ['', 'broken']
    rest += piece.toString('latin1', stop)
  }
  return chunked.isDone ? [data, `rest:${rest}`] : [data, 'unfinished']
}

for (const [name, input, data, end] of [
  ['no data', '0\r\n\r\n', '', 'rest:'],
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello', 'rest:'],
  ['two chunks and the next request', '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nGET', 'hello!', 'rest:GET'],
  ['digits in any case, leading zeros', '00A\r\n0123456789\r\n0000\r\n\r\n', '0123456789', 'rest:'],
  ['an extension', '1;a=b;c="d"\r\nx\r\n0;last\r\n\r\n', 'x', 'rest:'],
  ['trailers', '1\r\nx\r\n0\r\nA: 1\r\nB: 2\r\n\r\n', 'x', 'rest:'],
  ['CRLF inside the data', '4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n', 'rest:'],
  ['cut in the data', '5\r\nhel', 'hel', 'unfinished'],
  ['cut before the last line end', '0\r\n\r', '', 'unfinished'],
  ['no size', '\r\nx\r\n', '', 'broken'],
  ['a sign', '+5\r\nhello\r\n', '', 'broken'],
  ['0x', '0x5\r\nhello\r\n', '', 'broken'],
  ['a blank before the size', ' 5\r\nhello\r\n', '', 'broken'],
  ['a blank behind the size', '5 \r\nhello\r\n', '', 'broken'],
  ['a bare LF behind the size', '5\nhello\r\n', '', 'broken'],
  ['a bare CR behind the size', '5\rhello\r\n', '', 'broken'],
  ['a bare LF inside an extension', '5;a\nhello\r\n0\r\n\r\n', '', 'broken'],
  ['data longer than its size', '2\r\nhello\r\n', '', 'broken'],
  ['no line end behind the data', '5\r\nhello0\r\n\r\n', '', 'broken'],
  ['a bare LF behind the data', '5\r\nhello\n0\r\n\r\n', '', 'broken'],
  ['a size of thirteen digits', '1000000000000\r\n', '', 'broken'],
  ['a quote that never closes in an extension', '5;a="b\r\nhello\r\n0\r\n\r\n', '', 'broken'],
  ['an escape inside quotes', '5;a="\\"b"\r\nhello\r\n0\r\n\r\n', '', 'broken'],
  ['a blank inside an extension', '5; a=b\r\nhello\r\n0\r\n\r\n', '', 'broken'],
  ['framing in a trailer', '0\r\nTransfer-Encoding: chunked\r\n\r\n', '', 'broken'],
  ['framing in a trailer, spelled for CGI', '0\r\nA: 1\r\ncontent_length: 5\r\n\r\n', '', 'broken'],
  ['Host in a trailer', '0\r\nHost: b\r\n\r\n', '', 'broken'],
  ['X-Forwarded-For in a trailer', '0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n', '', 'broken'],
  ['an endless extension', `5;${'a'.repeat(1100)}\r\nhello\r\n`, '', 'broken'],
  ['endless trailers', `0\r\n${'A: b\r\n'.repeat(3000)}\r\n`, '', 'broken'],
  ['a trailer without a colon', '0\r\nnonsense\r\n\r\n', '', 'broken'],
  ['a folded trailer', '0\r\nA: 1\r\n b\r\n\r\n', '', 'broken'],
  ['a trailer with a bare LF', '0\r\nA: 1\n\r\n', '', 'broken'],
  ['a NUL in a trailer', '0\r\nA: \0\r\n\r\n', '', 'broken'],
  ['a bare LF at the end', '0\r\n\n', '', 'broken'],
] as const) {
  t.test(name, async t => {
    // A long body split at every place says no more than one split at some.
    const ways = [...allWays(Buffer.from(input, 'latin1'))]
    for (const [way, pieces] of ways.length > 400 ? ways.filter((_, i) => i < 50 || i % 97 === 0) : ways) {
      const got = read(pieces)
      if (got[0] !== data || got[1] !== end) t.strictSame(got, [data, end], way)
    }
    t.pass('whole, byte by byte and split at every place')
  })
}

t.test('data bytes are counted without their framing', async t => {
  const chunked = new Chunked()
  const body = Buffer.from('5;x\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n')
  chunked.advance(body, 0, body.length)
  t.equal(chunked.dataBytes, 8)
  chunked.reset()
  t.equal(chunked.dataBytes, 0)
  t.notOk(chunked.isDone)
})

// test/gateway/http1/response-head.test.ts: answer heads mean the same however they arrive, and what is doubtful is bad.
import t from 'tap'
import { ResponseHead } from '../../../gateway/http1/response-head.ts'
import { allWays } from './feeding.ts'

const BAD = 'bad'
const OK = 'HTTP/1.1 200 OK\r\n'

/** What becomes of the pieces: "code HTTP/1.minor reason" and marks, 'bad' or 'unfinished'. */
function read(pieces: readonly Buffer[], cgi: boolean): string {
  const head = new ResponseHead()
  head.fieldLimit = 16
  let all = Buffer.alloc(0)
  for (const piece of pieces) {
    all = Buffer.concat([all, piece])
    const behind = head.parse(all, 0, all.length, cgi)
    if (behind < 0) return BAD
    if (behind > 0) return describe(head, all, behind)
  }
  return 'unfinished'
}

function describe(head: ResponseHead, bytes: Buffer, behind: number): string {
  const marks = [
    `${head.code} 1.${head.minor} "${bytes.toString('latin1', head.reasonStart, head.reasonEnd)}"`,
    head.contentLength >= 0 ? `length=${head.contentLength}` : '',
    head.isChunked ? 'chunked' : '',
    head.saysClose ? 'close' : '',
    head.saysKeepAlive ? 'keep-alive' : '',
    head.isCgi ? 'cgi' : '',
    `rest=${bytes.toString('latin1', behind)}`,
  ]
  return marks.filter(mark => mark !== '').join(' ')
}

for (const [name, input, expect, cgi] of [
  ['a length', `${OK}Content-Length: 2\r\n\r\n`, '200 1.1 "OK" length=2 rest='],
  ['chunked', `${OK}Transfer-Encoding: chunked\r\n\r\n`, '200 1.1 "OK" chunked rest='],
  ['no field at all', 'HTTP/1.1 204 No Content\r\n\r\n', '204 1.1 "No Content" rest='],
  ['an empty reason', 'HTTP/1.1 200 \r\n\r\n', '200 1.1 "" rest='],
  ['no reason and no blank', 'HTTP/1.1 200\r\n\r\n', '200 1.1 "" rest='],
  ['a reason with bytes above 127', 'HTTP/1.1 200 caf\xe9\r\n\r\n', '200 1.1 "caf\xe9" rest='],
  [
    'HTTP/1.0 that keeps',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n',
    '200 1.0 "OK" keep-alive rest=',
  ],
  ['an interim answer', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n', '103 1.1 "Early Hints" rest='],
  ['Status:', 'Status: 404 Not Found\r\nX: 1\r\n\r\n', '404 1.0 "Not Found" cgi rest=', true],
  ['status: without a reason', 'status: 200\r\n\r\n', '200 1.0 "" cgi rest=', true],
  ['a status line where Status: may stand', `${OK}\r\n`, '200 1.1 "OK" rest=', true],

  ['Status: where it may not stand', 'Status: 200 OK\r\n\r\n', BAD],
  ['Status: that is no number', 'Status: OK\r\n\r\n', BAD, true],
  ['Status: with too many digits', 'Status: 2000\r\n\r\n', BAD, true],
  ['another field first', 'Server: x\r\nStatus: 200 OK\r\n\r\n', BAD, true],
  ['chunks behind Status:', 'Status: 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', BAD, true],
  ['garbage', 'garbage\r\n\r\n', BAD],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n', BAD],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n', BAD],
  ['lower case', 'http/1.1 200 OK\r\n\r\n', BAD],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', BAD],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', BAD],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n', BAD],
  ['a status above 599', 'HTTP/1.1 600 OK\r\n\r\n', BAD],
  ['two blanks before the status', 'HTTP/1.1  200 OK\r\n\r\n', BAD],
  ['a NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n', BAD],
  ['a bare LF behind the status line', 'HTTP/1.1 200 OK\nX: 1\r\n\r\n', BAD],
  ['a bare LF behind a field', `${OK}X: 1\nY: 2\r\n\r\n`, BAD],
  ['a bare CR in a value', `${OK}X: a\rb\r\n\r\n`, BAD],
  ['a folded field', `${OK}X: a\r\n b\r\n\r\n`, BAD],
  ['a blank before the colon', `${OK}X : a\r\n\r\n`, BAD],
  ['an empty name', `${OK}: a\r\n\r\n`, BAD],
  ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, BAD],
  ['a length that is none', `${OK}Content-Length: 1x\r\n\r\n`, BAD],
  ['length and coding', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, BAD],
  ['another coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`, BAD],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', BAD],
  ['too many fields', `${OK}${'X: 1\r\n'.repeat(17)}\r\n`, BAD],
] as const) {
  t.test(`${name}: ${expect === BAD ? 'not to be trusted' : 'read'}`, async t => {
    for (const [way, pieces] of allWays(Buffer.from(input, 'latin1'))) {
      const got = read(pieces, cgi ?? false)
      if (got !== expect) t.equal(got, expect, way)
    }
    t.pass('whole, byte by byte and split at every place')
  })
}

t.test('body bytes behind the head are left alone', async t => {
  t.equal(read([Buffer.from(`${OK}Content-Length: 2\r\n\r\nab`)], false), '200 1.1 "OK" length=2 rest=ab')
})

t.test('one head after another in the same object leaves nothing behind', async t => {
  const head = new ResponseHead()
  for (const [text, length] of [
    [`${OK}Content-Length: 7\r\nConnection: close\r\n\r\n`, 7],
    [`${OK}\r\n`, -1],
  ] as const) {
    const bytes = Buffer.from(text)
    t.ok(head.parse(bytes, 0, bytes.length, false) > 0)
    t.equal(head.contentLength, length)
  }
  t.notOk(head.saysClose)
})

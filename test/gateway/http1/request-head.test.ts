// test/gateway/http1/request-head.test.ts: request heads mean the same however they arrive.
import t from 'tap'
import { ID } from '../../../gateway/http1/field-names.ts'
import { RequestHead } from '../../../gateway/http1/request-head.ts'
import { allWays } from './feeding.ts'
import { REQUEST_FIXTURES } from './request-fixtures.ts'

function newHead(): RequestHead {
  const head = new RequestHead()
  head.fieldLimit = 16
  head.targetLimit = 256
  return head
}

/** Feeds pieces as a connection does, and tells what became of them. */
function read(pieces: readonly Buffer[]): number | string {
  const head = newHead()
  let all = Buffer.alloc(0)
  for (const piece of pieces) {
    all = Buffer.concat([all, piece])
    const behind = head.parse(all, 0, all.length)
    if (behind < 0) return -behind
    if (behind > 0) return describe(head, all)
  }
  return 'unfinished'
}

function describe(head: RequestHead, bytes: Buffer): string {
  const marks = [
    `${bytes.toString('latin1', head.start, head.methodEnd)} ${bytes.toString('latin1', head.targetStart, head.targetEnd)}`,
    `1.${head.minor}`,
    head.isAbsolute ? 'absolute' : '',
    head.contentLength >= 0 ? `length=${head.contentLength}` : '',
    head.isChunked ? 'chunked' : '',
    head.saysClose ? 'close' : '',
    head.saysKeepAlive ? 'keep-alive' : '',
    head.saysUpgrade ? 'upgrade' : '',
  ]
  return marks.filter(mark => mark !== '').join(' ')
}

for (const { name, input, expect } of REQUEST_FIXTURES) {
  t.test(`${name}: ${typeof expect === 'number' ? `refused with ${expect}` : 'accepted'}`, async t => {
    for (const [way, pieces] of allWays(Buffer.from(input, 'latin1'))) {
      const got = read(pieces)
      if (got !== expect) t.equal(got, expect, way)
    }
    t.pass('whole, byte by byte and split at every place')
  })
}

t.test('offsets and ids of the fields', async t => {
  const bytes = Buffer.from('GET /p?q HTTP/1.1\r\nHost: a.b:80\r\nX-One:  1 \r\nCookie: c\r\n\r\nrest')
  const head = newHead()
  t.equal(head.parse(bytes, 0, bytes.length), bytes.length - 4)
  t.equal(head.count, 3)
  t.equal(head.nameOf(bytes, 1), 'x-one')
  t.equal(head.valueOf(bytes, 1), '1')
  t.strictSame([...head.ids.subarray(0, 3)], [ID.host, 0, ID.cookie])
  t.equal(bytes.toString('latin1', head.pathStart, head.pathEnd), '/p')
})

t.test('a name that shares a hash slot is not taken for another', async t => {
  // "Content-Length" decides where a message ends: nothing but itself may be read as it.
  for (const name of ['Content-Lengtg', 'Content_Length', 'Content-Length2', 'ontent-Length']) {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${name}: 5\r\n\r\n`)
    const head = newHead()
    t.ok(head.parse(bytes, 0, bytes.length) > 0)
    t.equal(head.contentLength, -1, name)
  }
})

t.test('a field spelled with underscores cannot stand in for its twin', async t => {
  const bytes = Buffer.from(
    'GET / HTTP/1.1\r\nHost: a\r\nX-User: good\r\nX_User: bad\r\nOther_Name: 1\r\n\r\n',
  )
  const head = newHead()
  head.parse(bytes, 0, bytes.length)
  t.not(head.ids[2], 0, 'the twin is marked for dropping')
  t.equal(head.ids[3], 0, 'a name without a twin passes')
})

// test/stats/log-formats.test.ts: the lines themselves, and that no client can forge one.
process.env.TZ = 'Europe/Berlin' // before the first date is made

import fc from 'fast-check'
import t from 'tap'
import { formatter } from '../../stats/log-formats.ts'
import { sampleEntry } from './sample-entry.ts'

const FORMATS = ['uwsgi', 'combined', 'json'] as const
const CLIENT_TEXTS = ['client', 'method', 'target', 'proto', 'host', 'referer', 'userAgent'] as const

t.test("uwsgi: uWSGI's own line in local time, then id, node and tries", async t => {
  const toLine = formatter('uwsgi')
  toLine(sampleEntry)
  t.equal(
    toLine(sampleEntry),
    `[pid: ${process.pid}|app: -1|req: 2/2] 203.0.113.9 () {28 vars in 309 bytes} [Sat Nov  7 03:19:02 2026] ` +
      'GET /cart?item=2 => generated 4 bytes in 12 msecs (HTTP/1.1 200) 3 headers in 45 bytes ' +
      '(0 switches on core 0) id p1-7 node uwsgi://127.0.0.1:3031 tries 2\n',
  )
  t.match(toLine({ ...sampleEntry, headers: -1 }), '(HTTP/1.1 200) 0 headers in 45 bytes')
})

t.test('uwsgi: durations in microseconds with log-micros', async t => {
  t.match(formatter('uwsgi', true)(sampleEntry), ' => generated 4 bytes in 12345 micros (HTTP/1.1 200)')
})

t.test("combined: Apache's line, with a zone", async t => {
  const toLine = formatter('combined')
  t.equal(
    toLine(sampleEntry),
    '203.0.113.9 - - [07/Nov/2026:03:19:02 +0100] "GET /cart?item=2 HTTP/1.1" 200 4 ' +
      '"https://example.com/start" "curl/8.5"\n',
  )
  t.equal(
    toLine({ ...sampleEntry, method: '', target: '', status: 0, bodyBytes: 0, referer: '', userAgent: '' }),
    '203.0.113.9 - - [07/Nov/2026:03:19:02 +0100] "-" 499 - "-" "-"\n',
    'what is absent is a dash, and a client that left is 499',
  )
})

t.test('json: one object per line, time in UTC with milliseconds', async t => {
  const line = formatter('json')(sampleEntry)
  t.match(line, /^\{.*\}\n$/)
  t.strictSame(JSON.parse(line), {
    id: 'p1-7',
    time: '2026-11-07T02:19:02.045Z',
    client: '203.0.113.9',
    method: 'GET',
    target: '/cart?item=2',
    host: 'www.example.com',
    proto: 'HTTP/1.1',
    status: 200,
    bytes: 4,
    request_bytes: 12,
    node: 'uwsgi://127.0.0.1:3031',
    tries: 2,
    ms: 12.346,
    referer: 'https://example.com/start',
    user_agent: 'curl/8.5',
  })
})

t.test('json: durations keep three decimals, also at the edges', async t => {
  const toLine = formatter('json')
  for (const [ms, printed] of [
    [0, 0],
    [0.0004, 0],
    [0.9996, 1],
    [59_999.9999, 60_000],
    [7.05, 7.05],
  ] as const) {
    t.equal(JSON.parse(toLine({ ...sampleEntry, durationMs: ms })).ms, printed)
  }
})

t.test('each second has its own date', async t => {
  const toLine = formatter('uwsgi')
  const at = sampleEntry.startedAt
  t.match(toLine({ ...sampleEntry, startedAt: at }), '03:19:02 2026]')
  t.match(toLine({ ...sampleEntry, startedAt: at + 1000 }), '03:19:03 2026]')
  t.match(toLine({ ...sampleEntry, startedAt: at }), '03:19:02 2026]', 'also for one that took longer')
})

t.test('a client cannot forge a line, a field or the end of a quote', async t => {
  const evil = '/x HTTP/1.1" 200 1 "-" "-"\r\n10.0.0.1 - - \\ \x1b[2J \xe9 \x7f\x00'
  for (const format of FORMATS) {
    const toLine = formatter(format)
    for (const field of CLIENT_TEXTS) {
      const line = toLine({ ...sampleEntry, [field]: evil })
      t.match(line, /^[ -~]+\n$/, `${format} ${field}: one line of printable ASCII`)
    }
  }
  t.match(
    formatter('combined')({ ...sampleEntry, userAgent: evil }),
    '"/x HTTP/1.1\\x22 200 1 \\x22-\\x22 \\x22-\\x22\\x0D\\x0A10.0.0.1 - - \\x5C \\x1B[2J \\xE9 \\x7F\\x00"\n',
  )
  t.match(
    formatter('uwsgi')({ ...sampleEntry, target: '/a => generated 9 bytes' }),
    'GET /a\\x20=>\\x20generated\\x209\\x20bytes => generated 4 bytes',
    'in unquoted places spaces are escaped too',
  )
  t.equal(JSON.parse(formatter('json')({ ...sampleEntry, userAgent: evil })).user_agent, evil)
})

t.test('whatever bytes come, a line has its fields and JSON gives the bytes back', async t => {
  const bytes = fc.uint8Array({ maxLength: 700 }).map(array => Buffer.from(array).toString('latin1'))
  const texts = fc.record({ client: bytes, method: bytes, target: bytes, host: bytes, userAgent: bytes })
  const lines = { uwsgi: formatter('uwsgi'), combined: formatter('combined'), json: formatter('json') }
  fc.assert(
    fc.property(texts, given => {
      const entry = { ...sampleEntry, ...given }
      for (const format of FORMATS) {
        if (!/^[ -~]+\n$/.test(lines[format](entry))) throw new Error(format)
      }
      if (lines.combined(entry).split('"').length !== 7) throw new Error('quotes')
      const back = JSON.parse(lines.json(entry)) as Record<string, string>
      const same = back.target === given.target && back.host === given.host && back.client === given.client
      if (!same || back.user_agent !== given.userAgent) throw new Error('json')
    }),
    { numRuns: 300 },
  )
  t.pass()
})

t.test('names of nodes may be beyond Latin-1', async t => {
  const node = 'uwsgi:///run/\u0142\u00f3d\u017a.sock'
  t.equal(JSON.parse(formatter('json')({ ...sampleEntry, node })).node, node)
  t.match(formatter('uwsgi')({ ...sampleEntry, node }), /node uwsgi:\/\/\/run\/[ -~]+\.sock tries/)
})

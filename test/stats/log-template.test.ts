// test/stats/log-template.test.ts: log-format: its names, what is absent, and that no client can forge a line.
process.env.TZ = 'Europe/Berlin' // before the first date is made

import fc from 'fast-check'
import t from 'tap'
import type { AccessEntry } from '../../stats/access-log.ts'
import { templateLine } from '../../stats/log-template.ts'
import { sampleEntry } from './sample-entry.ts'

const print = (template: string, entry: AccessEntry = sampleEntry, ftime: string | null = null) =>
  templateLine(template, ftime, 3).toLine(entry)

for (const [template, text] of [
  ['%(method) %(uri) %(proto)', 'GET /cart?item=2 HTTP/1.1'],
  ['%(addr) %(user) %(host)', '203.0.113.9 - www.example.com'],
  ['"%(referer)" "%(uagent)"', '"https://example.com/start" "curl/8.5"'],
  ['%(status) %(rsize) %(hsize) %(size) %(cl) %(headers)', '200 4 45 49 12 3'],
  ['%(micros) %(msecs) %(secs)', '12345 12 0.012346'],
  ['%(time) %(tmsecs) %(tmicros)', '1794017942 1794017942045 1794017942045000'],
  ['%(ctime)', 'Sat Nov  7 03:19:02 2026'],
  ['%(ltime) %(ftime)', '07/Nov/2026:03:19:02 +0100 07/Nov/2026:03:19:02 +0100'],
  ['%(pid) %(wid) %(core) %(switches)', `${process.pid} 3 0 0`],
  ['%(vars) %(pktsize) %(modifier1) %(modifier2)', '28 309 0 0'],
  ['%(rss) %(vsz) %(rssM) %(vszM) %(werr) %(rerr) %(ioerr)', '0 0 0 0 0 0 0'],
  ['%(metric.x) %(nothing) %(toString) %(__proto__) %()', '- - - - -'],
  ['%% %x %( 100%', '%% %x %( 100%'],
  ['no names at all', 'no names at all'],
] as const) {
  t.test(`${template} is ${text}`, async t => t.equal(print(template), `${text}\n`))
}

// Half an hour, when each bracket is followed to the end of the text.
t.test('a long template whose brackets never close is read at once', async t => {
  const template = '%('.repeat(500_000)
  t.equal(print(template).length, template.length + 1)
})

t.test('ftime has a form of its own, epoch is now', async t => {
  t.equal(print('%(ftime)', sampleEntry, '%Y-%m-%d %H:%M é'), '2026-11-07 03:19 \xc3\xa9\n')
  t.ok(Math.abs(Number(print('%(epoch)')) - Date.now() / 1000) < 2)
})

t.test('variables are asked for once each place, in order; what is absent is a dash', async t => {
  const line = templateLine('%(var.HTTP_COOKIE)|%(var.REQUEST_URI)|%(var.X)', null, 0)
  t.strictSame(line.needs, { hasCommon: false, variables: ['HTTP_COOKIE', 'REQUEST_URI', 'X'] })
  t.equal(line.toLine({ ...sampleEntry, values: ['a=b', '/x', ''] }), 'a=b|/x|-\n')
  t.equal(templateLine('%(host)', null, 0).needs.hasCommon, true)
  t.equal(print('%(host)%(uagent)', { ...sampleEntry, host: '', userAgent: '' }), '--\n')
})

t.test('a failed exchange shows in werr and ioerr', async t => {
  t.equal(print('%(werr) %(rerr) %(ioerr)', { ...sampleEntry, hasFailed: true }), '1 0 1\n')
})

t.test('text beyond ASCII in the template is written in UTF-8', async t => {
  t.equal(Buffer.from(print('é→%(method)'), 'latin1').toString(), 'é→GET\n')
})

t.test('whatever a client sends, a line is one line, and one in JSON form can be read', async t => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array).toString('latin1'))
  const plain = templateLine('%(uri) "%(uagent)" %(var.HTTP_X)', null, 0)
  const json = templateLine('{"uri": "%(uri)", "agent": "%(uagent)", "x": "%(var.HTTP_X)"}', null, 0)
  fc.assert(
    fc.property(bytes, bytes, bytes, (target, userAgent, x) => {
      const entry = { ...sampleEntry, target, userAgent, values: [x] }
      const line = plain.toLine(entry)
      if (!/^[ -~]+\n$/.test(line) || line.split('"').length !== 3) throw new Error(line)
      const read = JSON.parse(json.toLine(entry)) as Record<string, string>
      if (read.agent !== (userAgent || '-') || read.x !== (x || '-')) throw new Error('json')
    }),
    { numRuns: 300 },
  )
  t.pass()
})

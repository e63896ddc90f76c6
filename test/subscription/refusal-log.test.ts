// test/subscription/refusal-log.test.ts: refusals are counted, and told once for each sender, reason and minute, however many
// there are; of each key the latest is known.
import t from 'tap'
import { OTHERS, RefusalLog } from '../../subscription/refusal-log.ts'
import { ofKey, type RefusalReason, refuse } from '../../subscription/refusals.ts'

const UNSIGNED = refuse('unsigned', 'key "a"')

t.test('the first is told at once, the next ones together when the minute is over', async t => {
  const log = new RefusalLog()
  t.match(log.note(UNSIGNED, '10.0.0.7', 0), { source: '10.0.0.7', count: 1, reason: 'unsigned' })
  t.equal(log.note(UNSIGNED, '10.0.0.7', 1), null)
  t.equal(log.note(refuse('unsigned', 'key "b"'), '10.0.0.7', 2), null)
  t.same(log.tick(59_999), [])
  t.match(log.tick(60_000), [{ count: 2, reason: 'unsigned', detail: 'key "b"' }])
  t.same(log.tick(200_000), [])
  t.match(log.note(UNSIGNED, '10.0.0.7', 200_001), { count: 1 })
})

t.test('a second reason of a sender is told beside the first', async t => {
  const log = new RefusalLog()
  t.match(log.note(UNSIGNED, '10.0.0.7', 0), { reason: 'unsigned', count: 1 })
  t.match(log.note(refuse('too-short', '3 bytes'), '10.0.0.7', 1), { reason: 'too-short', count: 1 })
  t.equal(log.note(UNSIGNED, '10.0.0.7', 2), null)
  t.equal(log.note(refuse('too-short', '2 bytes'), '10.0.0.7', 3), null)
  t.match(log.tick(60_001), [
    { reason: 'unsigned', count: 1 },
    { reason: 'too-short', count: 1, detail: '2 bytes' },
  ])
})

t.test('who is refused for every reason there is has five lines a minute', async t => {
  const log = new RefusalLog()
  const reasons: RefusalReason[] = ['unsigned', 'too-short', 'too-long', 'truncated', 'too-old', 'too-new']
  const told = [...reasons, ...reasons].filter(each => log.note(refuse(each), '10.0.0.7', 0) !== null)
  t.same(told, reasons.slice(0, 5))
  const later = log.tick(60_000)
  t.equal(later.length, 5)
  t.match(later.at(-1), { reason: 'too-new', count: 3 }, 'those beyond the most are told by the latest')
})

t.test('of each key the latest refusal of each sender is known, however it is spelled', async t => {
  const log = new RefusalLog()
  log.note(ofKey('a.example', UNSIGNED), '127.0.0.1', 0)
  log.note(ofKey('A.example', refuse('too-old', 'by 9 s')), '127.0.0.1', 1)
  log.note(ofKey('b.example', refuse('no-public-key')), '127.0.0.1', 2)
  log.note(ofKey('a.example', refuse('not-allowed', '', 'a line')), '10.0.0.7', 3)
  log.note(refuse('too-short'), '127.0.0.1', 4)
  t.match(log.ofKey('A.Example'), [
    { source: '127.0.0.1', reason: 'too-old', detail: 'by 9 s', count: 2 },
    { source: '10.0.0.7', reason: 'not-allowed', remedy: 'a line', count: 1 },
  ])
  t.match(log.ofKey('b.example'), [{ reason: 'no-public-key', count: 1 }])
  t.same(log.ofKey('c.example'), [])
})

t.test('a thousand keys are remembered: those that were refused last', async t => {
  const log = new RefusalLog()
  for (let i = 0; i < 1_000; i++) log.note(ofKey(`${i}.example`, UNSIGNED), '127.0.0.1', i)
  log.note(ofKey('0.example', UNSIGNED), '127.0.0.1', 1_000)
  log.note(ofKey('new.example', UNSIGNED), '127.0.0.1', 1_001)
  t.same(log.ofKey('1.example'), [])
  for (const key of ['0.example', '2.example', 'new.example']) t.equal(log.ofKey(key).length, 1, key)
})

t.test('senders are told apart, those of one IPv6 network are not', async t => {
  const log = new RefusalLog()
  t.ok(log.note(UNSIGNED, '10.0.0.7', 0))
  t.ok(log.note(UNSIGNED, '10.0.0.8', 0))
  t.ok(log.note(UNSIGNED, '2001:db8::1', 0))
  t.notOk(log.note(UNSIGNED, '2001:db8::2', 0))
  t.same(
    log.bySource().map(({ source, count }) => `${source}: ${count}`),
    ['10.0.0.7: 1', '10.0.0.8: 1', '2001:db8::/64: 2'],
  )
})

t.test('a flood from forged addresses is told as one, and takes no more memory', async t => {
  const log = new RefusalLog()
  let told = 0
  for (let i = 0; i < 100_000; i++)
    if (log.note(UNSIGNED, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, i)) told++
  told += log.tick(100_000).length
  t.ok(told <= 105, `${told} lines`)
  t.equal(log.bySource().length, 101)
  t.equal(log.bySource().find(({ source }) => source === OTHERS)?.count, 99_900)
  t.equal(log.byReason.get('unsigned'), 100_000)
})

t.test('who was quiet for an hour makes room', async t => {
  const log = new RefusalLog()
  for (let i = 0; i < 100; i++) log.note(UNSIGNED, `10.0.0.${i}`, 0)
  t.match(log.note(UNSIGNED, '10.1.0.1', 1), { source: OTHERS })
  log.tick(3_600_002)
  t.match(log.note(UNSIGNED, '10.1.0.1', 3_600_003), { source: '10.1.0.1' })
})

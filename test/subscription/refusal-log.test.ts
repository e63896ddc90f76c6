// test/subscription/refusal-log.test.ts: refusals are counted, and told once for each sender and minute, however many there are.
import t from 'tap'
import { OTHERS, RefusalLog } from '../../subscription/refusal-log.ts'
import { refuse } from '../../subscription/refusals.ts'

const UNSIGNED = refuse('unsigned', 'key "a"')

t.test('the first is told at once, the next ones together when the minute is over', async t => {
  const log = new RefusalLog()
  t.match(log.note(UNSIGNED, '10.0.0.7', 0), { source: '10.0.0.7', count: 1, reason: 'unsigned' })
  t.equal(log.note(UNSIGNED, '10.0.0.7', 1), null)
  t.equal(log.note(refuse('too-short', '3 bytes'), '10.0.0.7', 2), null)
  t.same(log.tick(59_999), [])
  t.match(log.tick(60_000), [{ count: 2, reason: 'too-short', detail: '3 bytes' }])
  t.same(log.tick(200_000), [])
  t.match(log.note(UNSIGNED, '10.0.0.7', 200_001), { count: 1 })
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

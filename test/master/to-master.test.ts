// test/master/to-master.test.ts: what is no message of a gateway is refused where it arrives.
import t from 'tap'
import { readMessage } from '../../master/to-master.ts'

const limits = (keys: number, asked: number): unknown => ({
  kind: 'limits',
  reports: [{ name: 'a', perSecond: 1, ms: 250, keys: new Uint32Array(keys), asked: new Uint32Array(asked) }],
})

t.test('a report of limits has two words for each key', async t => {
  for (const count of [0, 1, 3]) t.same(readMessage(limits(2 * count, count)), limits(2 * count, count))
  for (const [keys, asked] of [
    [0, 1],
    [2, 2],
    [3, 1],
    [2, 0],
  ] as const)
    t.equal(readMessage(limits(keys, asked)), null, `${keys} words for ${asked} keys`)
})

t.test('what is no message at all is none', async t => {
  for (const nothing of [undefined, null, 'ready', {}, { kind: 'other' }, { kind: 'ready', more: 1 }])
    t.equal(readMessage(nothing), null)
  t.same(readMessage({ kind: 'ready' }), { kind: 'ready' })
})

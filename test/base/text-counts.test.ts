// test/base/text-counts.test.ts: texts are counted as a Map would count them.
import fc from 'fast-check'
import t from 'tap'
import { fnv1a } from '../../base/fnv.ts'
import { TextCounts } from '../../base/text-counts.ts'

t.test('each text is there as often as it was added', async t => {
  const text = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', 'é', '→'), fc.string({ maxLength: 3 }))
  fc.assert(
    fc.property(fc.array(text), fc.array(text), (added, taken) => {
      const counts = new TextCounts(added.length)
      const map = new Map<string, number>()
      for (const each of added) {
        counts.add(each)
        map.set(each, (map.get(each) ?? 0) + 1)
      }
      return [...taken, ...added].every(each => {
        const left = map.get(each) ?? 0
        map.set(each, Math.max(0, left - 1))
        return counts.take(each) === left > 0
      })
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

t.test('texts of one hash are told apart', async t => {
  const byHash = new Map<number, string>()
  let pair: [string, string] | null = null
  for (let i = 0; pair === null && i < 1_000_000; i++) {
    const text = `text ${i}`
    const other = byHash.get(fnv1a(text))
    if (other !== undefined) pair = [other, text]
    byHash.set(fnv1a(text), text)
  }
  if (pair === null) return t.fail('no two texts share a hash')
  const counts = new TextCounts(2)
  counts.add(pair[0])
  t.notOk(counts.take(pair[1]))
  counts.add(pair[1])
  t.ok(counts.take(pair[1]))
  t.ok(counts.take(pair[0]))
  t.notOk(counts.take(pair[0]))
})

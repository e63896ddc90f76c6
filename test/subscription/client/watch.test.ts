// test/subscription/client/watch.test.ts: when looks that pass and fail make a service come up and go down.
import t from 'tap'
import { Watch } from '../../../subscription/client/watch.ts'

/** What a watch tells of looks that pass ('.') and fail ('x'). @returns a letter for each: Up, Down, Never was up */
async function toldOf(looks: string, fall: number): Promise<string> {
  let told = ''
  let at = 0
  const over = Promise.withResolvers<void>()
  const watch = new Watch({
    look: async () => {
      const look = looks[at++]
      if (look === undefined) over.resolve()
      return look === '.' ? null : 'it is ill'
    },
    intervalMs: 1,
    fall,
    onUp: () => {
      told += 'U'
    },
    onDown: (problem, wasUp) => {
      told += problem === 'it is ill' && wasUp ? 'D' : 'N'
    },
  })
  await over.promise
  watch.stop()
  return told
}

for (const [behaviour, looks, fall, told] of [
  ['one good look is enough to come up', '.', 3, 'U'],
  ['as many failed looks in a row as said make it go down', '.xx.xxx', 3, 'UD'],
  ['it goes down once, and one good look brings it back', '.xxxxxx.', 2, 'UDU'],
  ['what never was up is told once', 'xxxxxx', 2, 'N'],
  ['and comes up like any', 'xxxxx..', 2, 'NU'],
  ['what is slow to come up is not told before its failures are enough', 'xx.', 3, 'U'],
] as const) {
  t.test(behaviour, async t => t.equal(await toldOf(looks, fall), told))
}

t.test('a watch that was stopped tells nothing, not even of the look under way', async t => {
  const look = Promise.withResolvers<null>()
  let told = ''
  const watch = new Watch({
    look: () => look.promise,
    intervalMs: 1,
    fall: 1,
    onUp: () => {
      told += 'U'
    },
    onDown: () => {},
  })
  watch.stop()
  look.resolve(null)
  await look.promise
  await new Promise(resolve => setImmediate(resolve))
  t.equal(told, '')
})

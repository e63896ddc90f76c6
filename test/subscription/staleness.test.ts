// test/subscription/staleness.test.ts: which nodes go unheard, and that the last good one does not.
import fc from 'fast-check'
import t from 'tap'
import { type Aging, standings } from '../../subscription/staleness.ts'

const NOW = 1_000_000

function fresh(isFailing = false): Aging {
  return { heardMs: NOW - 10, leaseEndMs: NOW + 10, isFailing }
}

function unheard(forMs: number, isFailing = false): Aging {
  return { heardMs: NOW - 1_000 - forMs, leaseEndMs: NOW - forMs, isFailing }
}

for (const [behaviour, nodes, expected] of [
  ['no nodes', [], ''],
  ['all heard', [fresh(), fresh()], 'fresh fresh'],
  ['an unheard one goes beside a good one', [fresh(), unheard(1)], 'fresh over'],
  ['the last one stays', [unheard(1)], 'kept'],
  ['the last one stays however long', [unheard(1e9)], 'kept'],
  ['of several unheard ones that stays which was heard last', [unheard(5), unheard(1), unheard(9)], 'over kept over'], // biome-ignore format: a row
  ['the last one goes when it fails, too', [unheard(1, true)], 'over'],
  ['a failing one is passed over', [unheard(1, true), unheard(5)], 'over kept'],
  ['beside one that is heard but fails, the good unheard one stays', [fresh(true), unheard(1)], 'fresh kept'],
  ['failing ones that are heard stay', [fresh(true)], 'fresh'],
  ['a lease ends at its end', [fresh(), { heardMs: 0, leaseEndMs: NOW, isFailing: false }], 'fresh over'],
  ['static nodes are always heard', [{ heardMs: 1 / 0, leaseEndMs: 1 / 0, isFailing: false }, unheard(1)], 'fresh over'], // biome-ignore format: a row
] as const satisfies readonly (readonly [string, readonly Aging[], string])[]) {
  t.test(behaviour, async t => t.equal(standings(nodes, NOW).join(' '), expected))
}

t.test('a key that has a node that does not fail keeps one', async () => {
  const node = fc.record({
    heardMs: fc.nat(NOW),
    leaseEndMs: fc.integer({ min: NOW - 100, max: NOW + 100 }),
    isFailing: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(node, { maxLength: 8 }), nodes => {
      const judged = standings(nodes, NOW)
      const stays = nodes.some((node, i) => judged[i] !== 'over' && !node.isFailing)
      return stays === nodes.some(node => !node.isFailing)
    }),
  )
})

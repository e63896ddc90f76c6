// test/bench/figures.test.ts: committed figures stay honest: never mixed, printed as they are, guarded beyond noise.
import t from 'tap'
import { type Figures, merge } from '../../bench/figures.ts'
import { judge } from '../../bench/gate.ts'
import { printPage } from '../../bench/page.ts'
import { peerResult, rowResult } from './results.ts'

const ABOUT = {
  machine: { CPU: '2' },
  versions: { Node: '1' },
  sluice: '0.1',
  date: '2026-01-02',
  idleShare: 0.987,
}
const CALLS = { perRequest: 4, byName: {} }

// Figures of a row whose quartiles of Sluice's ratio are these.
function committed(low: number, median: number, high: number): Figures {
  const ours = peerResult('sluice', median, { ratio: { low, median, high }, systemCalls: CALLS })
  return merge(null, [rowResult('unix', { peers: [peerResult('nginx', 1), ours] })], ABOUT)
}

t.test('new rows replace those of the same name and stand in the order of the bench', async t => {
  const old = merge(null, [rowResult('https'), rowResult('unix', { rounds: 7 })], ABOUT)
  const merged = merge(old, [rowResult('browser'), rowResult('unix', { rounds: 9 })], ABOUT)
  t.strictSame(Object.keys(merged.rows), ['browser', 'unix', 'https'])
  t.equal(merged.rows.unix!.rounds, 9)
  t.equal(merged.rows.unix!.idleShare, 0.99)
})

t.test('rows of an older Sluice stay, and say so', async t => {
  const old = merge(null, [rowResult('unix')], ABOUT)
  const merged = merge(old, [rowResult('https')], { ...ABOUT, sluice: '0.2' })
  t.equal(merged.rows.unix!.sluice, '0.1')
  t.equal(merged.rows.https!.sluice, '0.2')
})

t.test('rows of another machine or beside other versions are dropped', async t => {
  const old = merge(null, [rowResult('unix')], ABOUT)
  for (const other of [{ machine: { CPU: '4' } }, { versions: { Node: '2' } }])
    t.strictSame(Object.keys(merge(old, [rowResult('https')], { ...ABOUT, ...other }).rows), ['https'])
})

for (const [behaviour, low, high, ratio, failed] of [
  ['a ratio within the quartiles of then passes', 1.0, 1.2, 1.25, false],
  ['a ratio beyond them fails', 1.0, 1.2, 1.31, true],
  ['three percent are noise however steady it was', 1.1, 1.1, 1.13, false],
  ['four percent are not', 1.1, 1.1, 1.145, true],
  ['a cheaper one passes', 1.1, 1.1, 0.5, false],
] as const) {
  t.test(behaviour, async t => {
    const now = rowResult('unix', { peers: [peerResult('sluice', ratio)] })
    t.equal(
      judge(committed(low, 1.1, high), [now]).some(each => each.failed),
      failed,
    )
  })
}

t.test('one more system call a request fails', async t => {
  const judged = (perRequest: number) =>
    judge(committed(1, 1.1, 1.2), [
      rowResult('unix', { peers: [peerResult('sluice', 1, { systemCalls: { perRequest, byName: {} } })] }),
    ])
  t.strictSame(
    judged(5).map(({ failed }) => failed),
    [false, true],
  )
  t.strictSame(
    judged(4.1).map(({ failed }) => failed),
    [false, false],
  )
})

t.test('idle connections are judged by their bytes, whatever nginx takes', async t => {
  const row = (ratio: number) =>
    rowResult('idle', { unit: 'bytes', peers: [peerResult('sluice', ratio, { ratio: null })] })
  const figures = merge(null, [row(1)], ABOUT)
  t.equal(judge(figures, [row(1.02)])[0]!.failed, false)
  t.equal(judge(figures, [row(1.04)])[0]!.failed, true)
})

t.test('a row that cannot be compared fails, and one without Sluice is no concern', async t => {
  const figures = committed(1, 1.1, 1.2)
  t.match(judge(figures, [rowResult('https')]), [{ failed: true, line: /no figures/ }])
  const alone = rowResult('unix', { peers: [peerResult('sluice', 1, { ratio: null })] })
  t.match(judge(figures, [alone]), [{ failed: true, line: /nginx was not measured/ }])
  t.strictSame(judge(figures, [rowResult('unix', { peers: [peerResult('nginx', 1)] })]), [])
})

t.test('the page says what was reached, what was missed and by how much', async t => {
  const sluice = (ratio: number) => [peerResult('nginx', 1), peerResult('sluice', ratio)]
  const ruled = (ratio: number, without: number) => [
    ...sluice(ratio),
    peerResult('sluice-without-rules', without),
  ]
  const page = printPage(
    merge(
      null,
      [
        rowResult('unix', { goal: 1.1, peers: sluice(1.05) }),
        rowResult('https', { goal: 1.12, peers: sluice(1.5) }),
        rowResult('idle', { goal: 1024, unit: 'bytes', peers: sluice(204.8) }),
        rowResult('rules-10', { rulesGoal: 1.5, peers: ruled(1, 0.85) }),
        rowResult('rules-100', { rulesGoal: 1.5, peers: ruled(1, 0.8) }),
        rowResult('rules-1000', { rulesGoal: 1.5, peers: sluice(1) }),
        rowResult('rules-none', { goal: 1, rulesGoal: 1.5, peers: ruled(1.2, 1.1) }),
      ],
      ABOUT,
    ),
  )
  t.match(page, '| [unix](#unix) | unix | 1.05 (1.05-1.05) | 1.10 | reached |')
  t.match(page, '| 1.50 (1.50-1.50) | 1.12 | **missed by 0.38** |')
  t.match(page, '| 2.0 KB | 1.0 KB | **missed by 1.0 KB** |')
  t.match(page, '| [rules-10](#rules-10) | rules-10 | 1.00 (1.00-1.00) | rules add ≤ 1.5 µs | reached |')
  t.match(page, '| rules add ≤ 1.5 µs | **missed by 0.5 µs** |')
  t.match(page, '| 1.00 (1.00-1.00) | rules add ≤ 1.5 µs |  |', 'nothing to compare with')
  t.match(page, '| 1.20 (1.20-1.20) | 1.00, rules add ≤ 1.5 µs | **missed by 0.20**, reached |')
  t.match(page, 'Sluice 0.1, 2026-01-02, 1 round, 99 % of the machine idle before')
})

// test/gateway/boundary.test.ts: a defect costs the connection it met, is counted, and is told once a minute.
import t from 'tap'
import { guard, onDefect } from '../../gateway/boundary.ts'

class Target {
  abandoned = 0
  abandon(): void {
    this.abandoned++
  }
}

t.test('what goes well is not touched', async t => {
  const target = new Target()
  let seen = 0
  guard('fine', target, (_, n: number) => (seen = n), 7)
  t.equal(seen, 7)
  t.equal(target.abandoned, 0)
})

t.test('what throws ends its connection, and the place is told once with its count', async t => {
  const told: [string, number][] = []
  onDefect((place, _error, count) => told.push([place, count]))
  const target = new Target()
  const fail = (): void => {
    throw new Error('ours')
  }
  guard('here', target, fail)
  guard('here', target, fail)
  guard('there', target, fail)
  t.equal(target.abandoned, 3)
  t.strictSame(told, [
    ['here', 1],
    ['there', 1],
  ])
})

t.test('a connection that cannot even be abandoned harms nobody else', async t => {
  const told: string[] = []
  onDefect(place => told.push(place))
  const target = {
    abandon(): void {
      throw new Error('that too')
    },
  }
  guard('worse', target, () => {
    throw new Error('ours')
  })
  t.strictSame(told, ['worse', 'worse, abandoning'])
})

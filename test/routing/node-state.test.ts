// test/routing/node-state.test.ts: every move a node can make, and no other.
import t from 'tap'
import { move, type NodeState } from '../../routing/node-state.ts'

const STATES: readonly NodeState[] = ['up', 'resting', 'draining', 'gone']
const MOVES = new Set([
  'up resting',
  'up draining',
  'up gone',
  'resting up',
  'resting draining',
  'resting gone',
  'draining gone',
])

for (const from of STATES) {
  for (const to of STATES) {
    const isMove = MOVES.has(`${from} ${to}`)
    t.test(`${from} to ${to}: ${isMove ? 'moves' : 'stays'}`, async t => {
      const node = { state: from }
      t.equal(move(node, to), isMove)
      t.equal(node.state, isMove ? to : from)
    })
  }
}

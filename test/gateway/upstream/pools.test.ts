// test/gateway/upstream/pools.test.ts: kept connections of many nodes are looked at in turns, and go with their node.
import t, { type Test } from 'tap'
import type { UpstreamConnection, UpstreamUser } from '../../../gateway/upstream/connection.ts'
import type { Tally } from '../../../gateway/upstream/pool.ts'
import { Pools } from '../../../gateway/upstream/pools.ts'
import type { Node } from '../../../routing/node.ts'
import { fakeNode } from '../../routing/nodes.ts'
import { startRawNode } from '../../support/raw-node.ts'

/** A node for each of the numbers: so many connections to it were in use at a time, until `idleSince`. */
async function start(t: Test, counts: readonly number[], limit = 64) {
  const { address } = await startRawNode(t)
  const port = Number(address.split(':')[1])
  const tally: Tally = { nodeConnections: 0, isOut: false }
  const pools = new Pools(limit, tally)
  t.teardown(() => pools.close())
  const nodes = counts.map((_, i) =>
    fakeNode(`${i}`, 1, undefined, { endpoint: { kind: 'tcp', addresses: ['127.0.0.1'], port } }),
  )
  let ms = 0
  for (const [i, count] of counts.entries()) {
    const opened = await Promise.all(Array.from({ length: count }, () => open(pools, nodes[i]!)))
    for (const connection of opened) {
      connection.idleSince = ++ms
      connection.release(true)
    }
  }
  return { pools, nodes, tally }
}

const nobody: UpstreamUser = {
  upstreamOpened() {},
  upstreamData() {},
  upstreamEnded() {},
  upstreamLost() {},
  upstreamFlushed() {},
}

function open(pools: Pools, node: Node): Promise<UpstreamConnection> {
  return new Promise(resolve => {
    const user = { ...nobody, upstreamOpened: () => resolve(connection) }
    const connection = pools.of(node).take(user, 0, true, true)!
  })
}

t.test('a sweep goes on where the one before ended, whoever leaves meanwhile', async t => {
  const { pools, nodes, tally } = await start(t, [1, 1, 1, 1, 1])
  t.equal(tally.nodeConnections, 5)
  pools.sweep(50_000, 2)
  t.equal(tally.nodeConnections, 5, 'none is old yet')
  pools.sweep(1e6, 1)
  t.equal(tally.nodeConnections, 4)
  pools.forget(nodes[3]!)
  t.equal(tally.nodeConnections, 3)
  pools.sweep(1e6, 1)
  t.equal(tally.nodeConnections, 2)
  pools.sweep(1e6, 9)
  t.equal(tally.nodeConnections, 0)
})

t.test('of one node those go that were idle too long', async t => {
  const { pools, nodes, tally } = await start(t, [4])
  pools.sweep(60_003)
  t.equal(tally.nodeConnections, 2)
  const pool = pools.of(nodes[0]!)
  t.equal(pool.take(nobody, 5, true, false)!.idleSince, 4, 'the one used last comes first')
  t.equal(pool.take(nobody, 5, true, false)!.idleSince, 3)
  t.equal(pool.closeLongest(), false, 'none is left')
})

t.test('one from the middle is forgotten, and the others stay in order', async t => {
  const { pools, nodes } = await start(t, [4])
  const pool = pools.of(nodes[0]!)
  const taken = Array.from({ length: 4 }, () => pool.take(nobody, 5, true, false)!)
  for (const connection of taken.toReversed()) connection.release(true) // 1 2 3 4
  pool.forget(taken[2]!)
  pool.forget(taken[2]!)
  taken[2]!.close()
  t.equal(pool.closeLongest(), true)
  t.strictSame(
    [pool.take(nobody, 5, true, false), pool.take(nobody, 5, true, false)].map(one => one?.idleSince),
    [4, 3],
  )
  t.equal(pool.closeLongest(), false)
})

t.test('beyond the limit the one that was idle longest is closed', async t => {
  const { pools, nodes, tally } = await start(t, [4], 2)
  t.equal(tally.nodeConnections, 2)
  t.equal(pools.of(nodes[0]!).take(nobody, 5, true, false)!.idleSince, 4)
  pools.setLimit(0)
  t.equal(pools.closeLongest(), true)
  t.equal(tally.nodeConnections, 1, 'the one in use')
})

t.test('a node that left keeps nothing', async t => {
  const { pools, nodes, tally } = await start(t, [1])
  const node = nodes[0]!
  node.leave()
  pools.forget(node)
  const connection = await open(pools, node)
  t.equal(tally.nodeConnections, 1)
  connection.release(true)
  t.equal(tally.nodeConnections, 0)
  t.equal(node.connections, null)
})

// test/gateway/big-bodies.test.ts: a hundred megabytes up and down with a slow reader: whole, and hardly any memory for it.
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { Flow, peakMemory, startBigNode, transfer } from './big-transfer.ts'

const BYTES = 100_000_000
const STOPS = 5
const MOST_MEMORY = 20_000_000

for (const proto of ['http', 'uwsgi'] as const) {
  for (const direction of ['up', 'down'] as const) {
    t.test(`100 MB ${direction}, ${proto} node`, async t => {
      let writer = new Flow()
      const node = await startBigNode(t, proto, STOPS, () => writer)
      const gateway = await startGateway(t, [node.address])
      await transfer(gateway, node, writer, { direction, bytes: 100_000, stops: 1 }) // what it loads, it has loaded
      const before = peakMemory(gateway.process.pid!)
      writer = new Flow()
      const { sent, got, gotBytes, mostAhead } = await transfer(gateway, node, writer, {
        direction,
        bytes: BYTES,
        stops: STOPS,
      })
      t.strictSame([gotBytes, got], [BYTES, sent], 'whole')
      const growth = peakMemory(gateway.process.pid!) - before
      t.ok(growth < MOST_MEMORY, `its peak rose by ${Math.round(growth / 1e6)} MB`)
      t.ok(mostAhead < BYTES / 2, `the writer was held up: at most ${Math.round(mostAhead / 1e6)} MB ahead`)
      t.comment(`peak ${before} + ${growth}, ${mostAhead} ahead`)
    })
  }
}

// test/long/big-bodies.ts: gigabytes up and down with a slow reader, over every kind of connection: whole, in little memory.
import t from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { Flow, peakMemory, startBigNode, transfer } from '../gateway/big-transfer.ts'
import { startGateway } from '../support/gateway.ts'

/** `BIG_BYTES=10000000000 node test/long/big-bodies.ts` takes longer still. */
const BYTES = Number(process.env.BIG_BYTES ?? 2_000_000_000)
const STOPS = 50
// What TLS decrypted waits for the garbage collector, which comes every 60 MB or so.
const MOST_MEMORY = { http: 20_000_000, https: 80_000_000 }

t.setTimeout(3_600_000)

for (const scheme of ['http', 'https'] as const) {
  for (const proto of ['http', 'uwsgi'] as const) {
    for (const listen of ['tcp', 'unix'] as const) {
      for (const direction of ['up', 'down'] as const) {
        t.test(`${BYTES / 1e6} MB ${direction}, ${scheme} to ${proto} over ${listen}`, async t => {
          let writer = new Flow()
          const node = await startBigNode(t, proto, STOPS, () => writer, listen)
          const tls = scheme === 'http' ? null : await selfSignedTls()
          const gateway = await startGateway(t, [node.address], {}, { tls })
          await transfer(gateway, node, writer, { direction, bytes: 10_000_000, stops: 1 })
          const before = peakMemory(gateway.process.pid!)
          writer = new Flow()
          const outcome = await transfer(gateway, node, writer, { direction, bytes: BYTES, stops: STOPS })
          t.strictSame([outcome.gotBytes, outcome.got], [BYTES, outcome.sent], 'whole')
          const growth = peakMemory(gateway.process.pid!) - before
          t.ok(growth < MOST_MEMORY[scheme], `its peak rose by ${Math.round(growth / 1e6)} MB`)
        })
      }
    }
  }
}

async function selfSignedTls() {
  const { cert, key } = await makeSelfSigned()
  return { cert, key, ciphers: '', clientCa: '', clientCertRequired: false }
}

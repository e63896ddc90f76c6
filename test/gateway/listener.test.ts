// test/gateway/listener.test.ts: whom a listener takes in.
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { startRawNode } from '../support/raw-node.ts'
import { standStill } from '../support/standstill.ts'

t.test('a client that reset before it was accepted is not taken for a UNIX client', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('ok'))
      }
    },
  })
  const gateway = await startGateway(t, [`http://${node.address}`], { trustedProxies: ['unix'] })
  const first = await connectRaw(t, gateway, request('GET /first'))
  t.equal((await readAnswer(first)).body, 'ok', 'a connection to the node is kept')
  // The kernel takes a client in, with its request, while the gateway does not look.
  const wake = await standStill(gateway.process)
  const forged = ['X-Forwarded-For: 10.9.9.9', 'X-Real-IP: 10.9.9.9', 'Content-Length: 0']
  const client = await connectRaw(t, gateway, request('POST /transfer', ...forged))
  client.reset()
  await client.gone()
  wake()
  for (const target of ['/second', '/third']) {
    const other = await connectRaw(t, gateway, request(`GET ${target}`))
    t.equal((await readAnswer(other)).body, 'ok', 'the next client, who was accepted behind it')
  }
  const seen = node.connections.map(({ received }) => received).join('')
  t.notMatch(seen, '10.9.9.9')
  t.notMatch(seen, '/transfer')
})

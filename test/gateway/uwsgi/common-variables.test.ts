// test/gateway/uwsgi/common-variables.test.ts: what the packets of a client connection have in common is encoded once;
// each packet says all the same what is so at its own request.
import t from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'

t.test('requests of one connection differ in client, version and picture', async t => {
  const packets: Record<string, string | undefined>[] = []
  const node = await startRawNode(t, {
    script: async connection => {
      const packet = await connection.packet()
      packets.push({
        protocol: packet.get('SERVER_PROTOCOL'),
        name: packet.get('SERVER_NAME'),
        address: packet.get('REMOTE_ADDR'),
        hasPort: String(packet.get('REMOTE_PORT') !== '0'),
        own: packet.get('OWN'),
      })
      await connection.send(answer('ok'))
    },
  })
  const gateway = await startGateway(t, [`uwsgi://${node.address}`], {
    trustedProxies: ['127.0.0.1'],
    hostName: 'one',
  })
  const client = await connectRaw(t, gateway)
  const ask = async (version: string, ...fields: string[]) => {
    await client.send(request(`GET / HTTP/1.${version}`, 'Connection: keep-alive', ...fields))
    t.equal((await readAnswer(client)).body, 'ok')
  }
  const usual = { protocol: 'HTTP/1.1', name: 'one', address: '127.0.0.1', hasPort: 'true', own: undefined }
  await ask('1')
  await ask('1', 'X-Forwarded-For: 192.0.2.1')
  await ask('1', 'X-Forwarded-For: 192.0.2.2')
  await ask('1')
  await ask('0')
  await ask('1')
  await gateway.apply({ hostName: 'two', vars: ['OWN=3'] })
  await ask('1')
  t.strictSame(packets, [
    usual,
    { ...usual, address: '192.0.2.1', hasPort: 'false' },
    { ...usual, address: '192.0.2.2', hasPort: 'false' },
    usual,
    { ...usual, protocol: 'HTTP/1.0' },
    usual,
    { ...usual, name: 'two', own: '3' },
  ])
})

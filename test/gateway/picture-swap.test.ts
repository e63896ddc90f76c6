// test/gateway/picture-swap.test.ts: a new picture takes hold between requests, never inside one.
import t, { type Test } from 'tap'
import { nodePicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawNode, type Script, startRawNode } from '../support/raw-node.ts'

const say =
  (name: string): Script =>
  async connection => {
    for (;;) {
      await connection.head()
      await connection.send(answer(name))
    }
  }

/** Puts the node in force and waits until a request reaches it. */
async function swapTo(t: Test, gateway: TestGateway, node: RawNode): Promise<void> {
  gateway.apply({ nodes: [nodePicture(`http://${node.address}`)] })
  await until('the new picture is in force', async () => {
    await readAnswer(await connectRaw(t, gateway, request('GET /probe')))
    return node.connections.length > 0
  })
}

t.test('a request in hand ends with the old one; the next on its connection gets the new one', async t => {
  const old = await startRawNode(t, {
    script: async (connection, index) => {
      await connection.head()
      if (index > 0) await connection.send(answer('probe'))
    },
  })
  const next = await startRawNode(t, { script: say('new') })
  const gateway = await startGateway(t, [`http://${old.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await old.next()
  await until('the request is there', () => connection.received.endsWith('\r\n\r\n'))
  await swapTo(t, gateway, next)
  await connection.send(answer('old'))
  t.equal((await readAnswer(client)).body, 'old')
  await connection.end()
  t.pass('and a connection to a node that left is not kept')
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'new')
})

t.test('idle connections to a node that left are closed, those to one that stays are kept', async t => {
  const leaves = await startRawNode(t, { script: say('leaves') })
  const stays = await startRawNode(t, { script: say('stays') })
  const addresses = [leaves, stays].map(node => nodePicture(`http://${node.address}`))
  const gateway = await startGateway(t, [], { nodes: addresses })
  const client = await connectRaw(t, gateway)
  for (const body of ['leaves', 'stays']) {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, body)
  }
  gateway.apply({ nodes: addresses.slice(1) })
  await leaves.connections[0]!.end()
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'stays')
  t.equal(stays.connections.length, 1)
})

t.test('limits, time-outs and kept connections follow the new one', async t => {
  const node = await startRawNode(t, { script: say('ok') })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  gateway.apply({ maxBodyBytes: 1, maxIdlePerNode: 0 })
  await until('the limit is in force', async () => {
    const other = await connectRaw(t, gateway, request('POST /', 'Content-Length: 2'))
    return (await readAnswer(other)).status === 413
  })
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  await Promise.all(node.connections.map(connection => connection.end()))
  t.pass('no connection is kept any more')
})

// test/gateway/http1/half-close.test.ts: what a client's FIN or RST means at each moment of an exchange.
import t, { type Test } from 'tap'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawConnection, type RawNode, startRawNode } from '../../support/raw-node.ts'

async function inHand(
  t: Test,
  gateway: TestGateway,
  node: RawNode,
  text: string,
): Promise<[RawConnection, RawConnection]> {
  const client = await connectRaw(t, gateway, text)
  const connection = await node.next()
  await connection.head()
  return [client, connection]
}

t.test('by default', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0 })

  t.test('a FIN behind the request waits for the answer', async t => {
    const [client, connection] = await inHand(t, gateway, node, request('GET /'))
    client.finish()
    await roundTrip(t, gateway, node)
    await connection.send(answer('whole'))
    const { head, body } = await readAnswer(client)
    t.equal(body, 'whole')
    t.match(head, /^Connection: close$/m)
    await client.end()
  })

  t.test('a FIN that comes with the request waits for the answer', async t => {
    const client = await connectRaw(t, gateway)
    client.socket.end(request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send(answer('whole'))
    t.equal((await readAnswer(client)).body, 'whole')
    await client.gone()
  })

  t.test('a FIN behind pipelined requests waits for every answer, and only the last says so', async t => {
    const [client, connection] = await inHand(t, gateway, node, request('GET /1') + request('GET /2'))
    client.finish()
    await roundTrip(t, gateway, node)
    await connection.send(answer('1'))
    t.notMatch((await readAnswer(client)).head, /^Connection: close$/m)
    const second = await node.next()
    await second.head()
    await second.send(answer('2'))
    const { head, body } = await readAnswer(client)
    t.equal(body, '2')
    t.match(head, /^Connection: close$/m)
    t.equal((await client.rest()).length, 0)
  })

  t.test('a FIN inside an answer of known length lets it go on', async t => {
    const [client, connection] = await inHand(t, gateway, node, request('GET /'))
    await connection.send(answer('hello').slice(0, -3))
    await client.through('he')
    client.finish()
    await roundTrip(t, gateway, node)
    await connection.send('llo')
    t.equal((await client.rest()).toString(), 'llo')
  })

  t.test('a FIN inside an answer of unknown length is a client that left', async t => {
    for (const reply of [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n',
      'HTTP/1.1 200 OK\r\n\r\nhe',
    ]) {
      const [client, connection] = await inHand(t, gateway, node, request('GET /'))
      await connection.send(reply)
      await client.through('he')
      client.finish()
      await connection.end()
      await client.gone()
      t.notOk(client.hasEnded, 'a reset, for the answer is cut')
    }
  })

  t.test('a FIN inside a request body closes the node connection, never completing the body', async t => {
    for (const [text, part] of [
      [request('POST /', 'Content-Length: 5'), 'he'],
      [request('POST /', 'Transfer-Encoding: chunked'), '2\r\nhe\r\n'],
    ] as const) {
      const [client, connection] = await inHand(t, gateway, node, text + part)
      await connection.through(part)
      client.finish()
      await connection.end()
      t.equal(connection.received.endsWith(part), true)
      t.equal((await readAnswer(client)).status, 400)
    }
  })

  t.test('a FIN inside a head closes without a word', async t => {
    const client = await connectRaw(t, gateway, 'GET / HT')
    client.finish()
    t.equal((await client.rest()).length, 0)
    await client.gone()
  })

  t.test('a FIN between requests closes', async t => {
    const [client, connection] = await inHand(t, gateway, node, request('GET /'))
    await connection.send(answer('ok'))
    await readAnswer(client)
    client.finish()
    await client.end()
  })

  t.test('an RST cancels at the node, whatever it waits for', async t => {
    for (const [text, reply] of [
      [request('GET /'), ''],
      [request('GET /'), answer('hello').slice(0, -3)],
      [`${request('POST /', 'Content-Length: 5')}he`, ''],
    ] as const) {
      const [client, connection] = await inHand(t, gateway, node, text)
      if (reply !== '') {
        await connection.send(reply)
        await client.through('he')
      }
      client.reset()
      await connection.end()
      t.pass('the node sees the end')
    }
  })
})

t.test('with abort-on-close any FIN cancels', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { abortOnClose: true })
  const [client, connection] = await inHand(t, gateway, node, request('GET /'))
  client.finish()
  await connection.end()
  await client.gone()
  t.notOk(client.received, 'no answer')
})

/** Shows that the gateway has seen what was sent before: it serves another client. */
async function roundTrip(t: Test, gateway: TestGateway, node: RawNode): Promise<void> {
  const [client, connection] = await inHand(t, gateway, node, request('GET /other'))
  await connection.send(answer('other'))
  await readAnswer(client)
  client.close()
}

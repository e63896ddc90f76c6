// test/gateway/bad-answers.test.ts: answers that cannot be trusted are 502, or cut so that nobody takes them for whole.
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { startRawNode } from '../support/raw-node.ts'
import { standStill } from '../support/standstill.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

t.test('before a byte of the answer went out: 502', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  for (const [name, reply] of [
    ['garbage', 'garbage\r\n\r\n'],
    ['another protocol', 'SSH-2.0-x\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status line of another shape', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a field without a name', `${OK}: x\r\n\r\n`],
    ['a blank before the colon', `${OK}X : x\r\nContent-Length: 0\r\n\r\n`],
    ['a folded field', `${OK}X: x\r\n y\r\nContent-Length: 0\r\n\r\n`],
    ['a bare LF', `${OK}X: x\nContent-Length: 0\r\n\r\n`],
    ['a NUL', `${OK}X: \0\r\nContent-Length: 0\r\n\r\n`],
    ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['a length that is none', `${OK}Content-Length: x\r\n\r\n`],
    ['length and coding', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding we do not know', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a broken chunk right behind the head', `${OK}Transfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n0\r\n\r\n`],
    ['more fields than anybody sends', `${OK}${'X: 1\r\n'.repeat(600)}\r\n`],
    ['a head without an end', `${OK}X: ${'x'.repeat(70_000)}`],
  ] as const) {
    t.test(name, async t => {
      const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 0'))
      const connection = await node.next()
      await connection.head()
      connection.send(reply).catch(() => {})
      const { status, head } = await readAnswer(client)
      t.equal(status, 502)
      t.notMatch(head, /^connection/im, 'the client may go on')
      await connection.end()
    })
  }

  t.test('a head cut short', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    connection.socket.end(`${OK}Content-Le`)
    t.equal((await readAnswer(client)).status, 502)
    t.equal(node.connections.at(-1), connection, 'bytes came: it is not sent again')
  })

  t.test('nothing but an interim answer', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    connection.socket.end('HTTP/1.1 100 Continue\r\n\r\n')
    t.equal((await readAnswer(client)).status, 502)
  })
})

t.test('"Status:" answers with chunks are refused whatever came before', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`uwsgi://${node.address}`])
  const client = await connectRaw(t, gateway)
  for (const [reply, wanted] of [
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 200],
    ['Status: 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 502],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200],
    ['Status: 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 502],
  ] as const) {
    await client.send(request('POST /', 'Content-Length: 0'))
    const connection = await node.next()
    await connection.packet()
    connection.socket.end(reply)
    t.equal((await readAnswer(client)).status, wanted, reply)
  }
})

t.test('behind that: the client sees a cut, never a whole', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  for (const [name, reply, mark] of [
    ['shorter than its length', answer('hello').slice(0, -2), 'hel'],
    ['without its last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n`, 'hel\r\n'],
    ['cut inside a chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`, 'hel'],
  ] as const) {
    for (const way of ['finish', 'reset'] as const) {
      t.test(`${name}, by a ${way === 'finish' ? 'FIN' : 'RST'}`, async t => {
        const client = await connectRaw(t, gateway, request('GET /'))
        const connection = await node.next()
        await connection.head()
        await connection.send(reply)
        await client.through(mark)
        connection[way]()
        await client.gone()
        t.notOk(client.hasEnded, 'a reset')
      })
    }
  }

  t.test('without framing, by an RST', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send(`${OK}\r\nhel`)
    await client.through('hel\r\n')
    connection.reset()
    await client.gone()
    t.notOk(client.hasEnded, 'a reset')
    t.notMatch(client.received, '0\r\n\r\n')
  })

  t.test('without framing, by an RST that a write of the request body meets first', async t => {
    for (let i = 0; i < 5; i++) {
      const client = await connectRaw(t, gateway, request('POST /', 'Content-Length: 1000'))
      const connection = await node.next()
      await connection.head()
      await connection.send(`${OK}\r\nhel`)
      await client.through('hel\r\n')
      // Both wait for the gateway when it wakes, the body in front.
      const wake = await standStill(gateway.process)
      await client.send('x'.repeat(100))
      connection.reset()
      await connection.gone()
      wake()
      await client.end()
      t.notOk(client.hasEnded, 'a reset')
      t.notMatch(client.received, '0\r\n\r\n')
    }
  })

  t.test('without framing for HTTP/1.0, by an RST', async t => {
    const client = await connectRaw(t, gateway, request('GET / HTTP/1.0'))
    const connection = await node.next()
    await connection.head()
    await connection.send(`${OK}\r\nhel`)
    await client.through('hel')
    connection.reset()
    await client.gone()
    t.notOk(client.hasEnded, 'a reset')
  })

  for (const [name, line] of [
    ['HTTP/1.1', 'GET /'],
    ['HTTP/1.0', 'GET / HTTP/1.0'],
  ] as const) {
    t.test(`a broken chunk in mid-body for ${name}`, async t => {
      const client = await connectRaw(t, gateway, request(line))
      const connection = await node.next()
      await connection.head()
      await connection.send(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n`)
      await client.through('hel')
      await connection.send('nonsense\r\n')
      await client.gone()
      t.notOk(client.hasEnded, 'a reset')
      t.notMatch(client.received, 'nonsense')
      await connection.end()
    })
  }
})

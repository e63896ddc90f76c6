// test/gateway/tls.test.ts: the data path under TLS: the same requests, bodies, ends and time-outs.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import t, { type Test } from 'tap'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { RawConnection, startRawNode } from '../support/raw-node.ts'
import { temporaryDirectory } from '../support/tmp.ts'

const folder = temporaryDirectory(t)
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=a.test'
execFileSync('/usr/bin/openssl', [...words.split(' '), '-keyout', keyFile, '-out', certFile], {
  stdio: 'ignore',
})
const TLS = {
  tls: {
    cert: readFileSync(certFile, 'latin1'),
    key: readFileSync(keyFile, 'latin1'),
    ciphers: '',
    clientCa: '',
    clientCertRequired: false,
  },
}

async function connectTls(t: Test, gateway: TestGateway): Promise<RawConnection> {
  // The types of Node do not know allowHalfOpen here.
  const options = { port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, allowHalfOpen: true }
  const socket = connect(options as ConnectionOptions)
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return new RawConnection(socket)
}

t.test('under TLS', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0 }, TLS)

  t.test('the node is told https, and the connection is kept', async t => {
    const client = await connectTls(t, gateway)
    for (const body of ['1', '2']) {
      await client.send(request('GET /'))
      const connection = await node.next()
      t.match(await connection.head(), 'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n')
      await connection.send(answer(body))
      t.equal((await readAnswer(client)).body, body)
    }
  })

  t.test('bodies larger than all buffers arrive whole both ways', async t => {
    const body = 'b'.repeat(5_000_000)
    const client = await connectTls(t, gateway)
    client.socket.write(request('POST /', `Content-Length: ${body.length}`) + body)
    const connection = await node.next()
    await connection.head()
    t.equal((await connection.bytes(body.length)).toString(), body)
    connection.socket.write(answer(body))
    t.equal((await readAnswer(client)).body, body)
  })

  t.test('an end behind the request waits for the answer', async t => {
    const client = await connectTls(t, gateway)
    client.socket.end(request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send(answer('whole'))
    t.equal((await readAnswer(client)).body, 'whole')
  })

  t.test(
    'an end inside a body closes the node connection, though it comes while the body is held',
    async t => {
      for (let i = 0; i < 10; i++) {
        const client = await connectTls(t, gateway)
        client.socket.end(`${request('POST /', 'Content-Length: 5')}he`)
        t.equal((await readAnswer(client)).status, 400)
        const connection = await node.next()
        await connection.end()
      }
    },
  )

  t.test('a client that goes cancels at the node', async t => {
    const client = await connectTls(t, gateway)
    await client.send(request('GET /'))
    const connection = await node.next()
    await connection.head()
    await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n')
    await client.through('he')
    client.close()
    await connection.end()
  })

  t.test('Connection: close ends it properly', async t => {
    const client = await connectTls(t, gateway)
    await client.send(request('GET /', 'Connection: close'))
    const connection = await node.next()
    await connection.head()
    await connection.send(answer('last'))
    t.equal((await readAnswer(client)).body, 'last')
    await client.end()
  })

  t.test('clear text on it is refused without harm', async t => {
    const client = await connectRaw(t, gateway, request('GET /'))
    await client.end()
    t.notMatch(client.received, 'HTTP')
  })
})

t.test('a handshake that never comes is given up', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 300 }, TLS)
  const client = await connectRaw(t, gateway)
  await client.end()
  t.equal(client.received, '')
})

t.test('a client that leaves in the midst of the handshake is not waited for', async t => {
  const gateway = await startGateway(t, [], {}, TLS)
  for (const hello of ['', '\x16\x03\x01']) {
    const client = await connectRaw(t, gateway, hello)
    client.finish()
    await client.gone()
    t.equal(client.socket.errored, null)
  }
})

t.test('a head that never comes is given up', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 1_500 }, TLS)
  const client = await connectTls(t, gateway)
  await client.send('GET / HT')
  t.equal((await readAnswer(client)).status, 408)
})

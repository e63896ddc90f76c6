// test/gateway/proxy-protocol/connections.test.ts: connections that begin with a PROXY header, in clear and under TLS: who
// the client is then, and who is turned away.
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import t, { type Test } from 'tap'
import type { Picture } from '../../../base/picture.ts'
import { makeSelfSigned } from '../../../certs/manage/self-signed.ts'
import { accessLogPicture, startGateway, type TestGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request, type Where } from '../../support/raw-client.ts'
import { RawConnection, type Script, startRawNode } from '../../support/raw-node.ts'
import { readText, temporaryDirectory } from '../../support/tmp.ts'
import { CHECKSUM, INET6, UNIX, v2 } from './samples.ts'

const TLS = { ...(await makeSelfSigned()), ciphers: '', clientCa: '', clientCertRequired: false }
const CLIENT = Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 40001 443\r\n')
const FORGED = 'X-Forwarded-For: 10.9.9.9'

/** Answers with the X-Forwarded-For that it was told. */
const teller: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    await connection.bytes(Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0))
    const told = [...head.matchAll(/^X-Forwarded-For: (.*)$/gim)].map(([, value]) => value!.trim())
    await connection.send(answer(told.join('|')))
  }
}

async function start(
  t: Test,
  changes: Partial<Picture> = {},
  bind = {},
  listener = {},
): Promise<TestGateway> {
  const node = await startRawNode(t, { script: teller })
  return startGateway(t, [`http://${node.address}`], { proxyProtocol: true, ...changes }, listener, bind)
}

/** What the node is told of a client that sends these bytes and then a request. */
async function told(t: Test, to: Where, header: Buffer, ...fields: string[]): Promise<string> {
  const client = await connectRaw(t, to)
  await client.send(Buffer.concat([header, Buffer.from(request('GET /', ...fields))]))
  const { body } = await readAnswer(client)
  await client.send(request('GET /again'))
  t.equal((await readAnswer(client)).body, body.replace('10.9.9.9', '127.0.0.1'), 'the connection is kept')
  client.close()
  return body
}

/** A secure connection behind a header, which is sent as `send` likes. */
async function connectSecure(
  t: Test,
  to: Where,
  send: (raw: RawConnection) => Promise<void>,
): Promise<RawConnection> {
  const raw = await connectRaw(t, to)
  await send(raw)
  raw.socket.removeAllListeners('data')
  const options = { socket: raw.socket, rejectUnauthorized: false }
  const socket = connect(options as ConnectionOptions)
  await once(socket, 'secureConnect')
  return new RawConnection(socket)
}

t.test('the client is whom the header names, whatever its form', async t => {
  const gateway = await start(t)
  for (const [what, header, client] of [
    ['version 1', CLIENT, '192.0.2.7'],
    ['version 1, IPv6', Buffer.from('PROXY TCP6 2001:db8::7 ::1 1 2\r\n'), '2001:db8::7'],
    ['version 1, unknown', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
    ['version 2', v2(), '192.0.2.7'],
    ['version 2, IPv6', v2({ kind: 0x21, addresses: INET6 }), '2001:db8::7'],
    ['version 2, UNIX', v2({ kind: 0x31, addresses: UNIX }), '127.0.0.1'],
    ['version 2, the proxy itself', v2({ command: 0x20, kind: 0 }), '127.0.0.1'],
    ['version 2, unknown', v2({ kind: 0 }), '127.0.0.1'],
    [
      'version 2, TLVs',
      v2({
        tlvs: [
          [1, Buffer.from('h2')],
          [CHECKSUM, Buffer.alloc(4)],
        ],
      }),
      '192.0.2.7',
    ],
  ] as const) {
    t.equal(await told(t, gateway, header), client, what)
    t.equal(await told(t, gateway, header, FORGED), client, `${what}: what it claims is not believed`)
  }
})

t.test('a header may come byte by byte, and with a body behind it', async t => {
  const gateway = await start(t)
  for (const header of [CLIENT, v2({ tlvs: [[4, Buffer.alloc(20)]] })]) {
    const client = await connectRaw(t, gateway)
    await client.drip(Buffer.concat([header, Buffer.from(request('GET /'))]))
    t.equal((await readAnswer(client)).body, '192.0.2.7')
    const other = await connectRaw(t, gateway)
    const body = 'b'.repeat(300_000)
    await other.send(
      Buffer.concat([header, Buffer.from(request('POST /', `Content-Length: ${body.length}`) + body)]),
    )
    t.equal((await readAnswer(other)).body, '192.0.2.7')
  }
})

t.test('an end right behind the request waits for the answer', async t => {
  const gateway = await start(t)
  const client = await connectRaw(t, gateway)
  client.socket.end(Buffer.concat([CLIENT, Buffer.from(request('GET /'))]))
  t.equal((await readAnswer(client)).body, '192.0.2.7')
})

t.test('anything else closes the connection, and the event log says whose and why', async t => {
  for (const [what, bytes, cause] of [
    ['HTTP', Buffer.from(request('GET /')), /^no PROXY protocol header$/],
    ['a wrong line', Buffer.from(`PROXY TCP4 1.2.3.4\r\n${request('GET /')}`), /exactly two addresses/],
    ['a line too long', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}\r\n`), /longer than 107/],
    ['a header too long', v2({ size: 5_000 }), /longer than 4096/],
    ['a header cut short', v2().subarray(0, 20), /cut short/],
    ['a checksum that is wrong', v2({ tlvs: [[CHECKSUM, Buffer.from('abcd')]] }), /checksum/],
  ] as const) {
    const gateway = await start(t)
    for (let i = 0; i < 3; i++) {
      const client = await connectRaw(t, gateway)
      client.socket.end(bytes)
      await client.end()
      t.equal(client.received, '', what)
    }
    await until('it is told', () => gateway.events.length > 0)
    t.match(gateway.events, [
      { level: 'warn', text: 'connection refused', fields: { peer: '127.0.0.1', cause } },
    ])
    t.equal(gateway.events.length, 1, 'once in a while')
  }
})

t.test('a header that never comes is given up', async t => {
  const gateway = await start(t, { headersTimeoutMs: 300 })
  const silent = await connectRaw(t, gateway)
  const slow = await connectRaw(t, gateway, 'PROXY TC')
  await Promise.all([silent.end(), slow.end()])
  await until('it is told', () => gateway.events.length > 0)
  t.match(gateway.events[0], { fields: { cause: /within http-headers-timeout/ } })
})

t.test('who connects and goes without a word is no news', async t => {
  const gateway = await start(t)
  const client = await connectRaw(t, gateway)
  client.finish()
  await client.end()
  t.equal(await told(t, gateway, CLIENT), '192.0.2.7')
  t.same(gateway.events, [])
})

t.test('with trusted-proxy only those peers may connect', async t => {
  const gateway = await start(t, { trustedProxies: ['10.0.0.0/8', '192.0.2.7'] })
  const spoofing = await connectRaw(t, gateway)
  await spoofing.send(Buffer.concat([CLIENT, Buffer.from(request('GET /'))])).catch(() => {})
  await spoofing.end()
  t.equal(spoofing.received, '')
  await until('it is told', () => gateway.events.length > 0)
  t.match(gateway.events[0], { fields: { peer: '127.0.0.1', cause: /not in trusted-proxy/ } })
  await gateway.apply({ trustedProxies: ['127.0.0.1'] })
  t.equal(await told(t, gateway, CLIENT, FORGED), '192.0.2.7', 'the client of one is not one')
})

t.test('X-Forwarded-For is believed of the client in the header, and of nobody it does not name', async t => {
  const gateway = await start(t, { trustedProxies: ['127.0.0.1', '192.0.2.7'] })
  const own = Buffer.from(request('GET /', FORGED))
  for (const [what, header, expected] of [
    ['a proxy behind the proxy', CLIENT, /^10\.9\.9\.9/],
    ['the proxy itself', v2({ command: 0x20 }), /^10\.9\.9\.9/],
    ['a UNIX client of the proxy', v2({ kind: 0x31, addresses: UNIX }), /^127\.0\.0\.1$/],
    ['somebody unknown', Buffer.from('PROXY UNKNOWN\r\n'), /^127\.0\.0\.1$/],
  ] as const) {
    const client = await connectRaw(t, gateway)
    await client.send(Buffer.concat([header, own]))
    t.match((await readAnswer(client)).body, expected, what)
  }
})

t.test('the log names the client', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const gateway = await start(t, { accessLog: accessLogPicture(file, 'combined') })
  await told(t, gateway, v2())
  await until('it is written', () => /^192\.0\.2\.7 /.test(readText(file)))
})

t.test('over a UNIX socket', async t => {
  const path = join(temporaryDirectory(t), 'gateway.sock')
  const gateway = await start(t, {}, { path })
  t.equal(await told(t, { path }, CLIENT), '192.0.2.7')
  await gateway.apply({ trustedProxies: ['127.0.0.1'] })
  const client = await connectRaw(t, { path })
  await client.end()
  await gateway.apply({ trustedProxies: ['unix'] })
  t.equal(await told(t, { path }, CLIENT), '192.0.2.7')
})

for (const unix of [false, true]) {
  t.test(`before TLS${unix ? ', over a UNIX socket' : ''}: fifty at a time, each its own client`, async t => {
    const path = join(temporaryDirectory(t), 'gateway.sock')
    const gateway = await start(t, {}, unix ? { path } : {}, { tls: TLS })
    const where = unix ? { path } : gateway
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const header = Buffer.from(`PROXY TCP4 192.0.2.${i} 198.51.100.1 ${1000 + i} 443\r\n`)
        const client = await connectSecure(t, where, async raw => {
          if (i % 5 === 0) await raw.drip(header)
          else await raw.send(header)
        })
        for (let n = 0; n < 2; n++) {
          await client.send(request('GET /'))
          const { body } = await readAnswer(client)
          if (body !== `192.0.2.${i}`) t.fail(`client ${i} is taken for ${body}`)
        }
        client.close()
      }),
    )
    const plain = await connectRaw(t, where)
    plain.socket.end(Buffer.concat([CLIENT, Buffer.from(request('GET /'))]))
    await plain.end()
    t.equal(plain.received.includes('HTTP'), false, 'clear text behind the header is refused')
  })
}

t.test('a header and the first bytes of TLS in one packet', async t => {
  const gateway = await start(t, {}, {}, { tls: TLS })
  const relay = createServer(client => {
    const raw = connectTcp(gateway.port, '127.0.0.1')
    client.once('data', (hello: Buffer) => {
      raw.write(Buffer.concat([v2(), hello]))
      client.pipe(raw).pipe(client)
    })
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const { port } = relay.address() as AddressInfo
  const socket = connect({ port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const client = new RawConnection(socket)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, '192.0.2.7')
  client.close()
  relay.close()
})

t.test('a header inside TLS is no header', async t => {
  const gateway = await start(t, {}, {}, { tls: TLS })
  const client = new RawConnection(connect({ port: gateway.port, rejectUnauthorized: false }))
  await client.gone()
  await until('it is told', () => gateway.events.length > 0)
})

t.test('a reload switches it on and off for the connections that follow', async t => {
  const gateway = await start(t, { proxyProtocol: false })
  const before = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(before)).body, '127.0.0.1')
  await gateway.apply({ proxyProtocol: true })
  t.equal(await told(t, gateway, CLIENT), '192.0.2.7')
  await before.send(request('GET /'))
  t.equal((await readAnswer(before)).body, '127.0.0.1', 'those that are open stay what they are')
  await gateway.apply({ proxyProtocol: false })
  t.equal(await told(t, gateway, Buffer.alloc(0)), '127.0.0.1')
})

t.test('a connection that still waits for its header is none in hand when the process stops', async t => {
  const gateway = await start(t)
  const silent = await connectRaw(t, gateway)
  t.equal(await told(t, gateway, CLIENT), '192.0.2.7')
  const exited = once(gateway.process, 'exit')
  gateway.process.send({ kind: 'stop', graceMs: 10_000 })
  await silent.end()
  t.strictSame(await exited, [0, null])
})

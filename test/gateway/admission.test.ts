// test/gateway/admission.test.ts: who is let in, and who has to go, where the number of connections is limited.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import type { Picture, TlsPicture } from '../../base/picture.ts'
import { startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request, type Where } from '../support/raw-client.ts'
import { RawConnection, startRawNode } from '../support/raw-node.ts'
import { temporaryDirectory } from '../support/tmp.ts'

t.jobs = 3 // mostly waiting

/** A connection that has had an answer, and is idle. */
async function idleClient(t: Test, to: Where): Promise<RawConnection> {
  const client = await connectRaw(t, to)
  await serve(client)
  return client
}

async function serve(client: RawConnection): Promise<void> {
  await client.send(request('GET /'))
  const { status } = await readAnswer(client)
  if (status !== 200) throw new Error(`answered ${status}`)
}

async function connectFrom(t: Test, port: number, localAddress: string): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return new RawConnection(socket)
}

/** The welcome page answers: no node is needed. */
function limited(t: Test, changes: Partial<Picture>): ReturnType<typeof startGateway> {
  return startGateway(t, [], changes)
}

t.test('at the limit the connection that has been idle longest makes room', async t => {
  const gateway = await limited(t, { maxConnections: 3 })
  const first = await idleClient(t, gateway)
  const second = await idleClient(t, gateway)
  const third = await idleClient(t, gateway)
  await serve(first)
  const fourth = await idleClient(t, gateway)
  await second.end()
  t.ok(second.hasEnded, 'closed in peace')
  for (const client of [first, third, fourth]) await serve(client)
  const fifth = await idleClient(t, gateway)
  await first.end()
  for (const client of [third, fourth, fifth]) await serve(client)
  t.strictSame(gateway.events, [], 'no trouble: nobody was refused')
})

t.test('who never sends anything is idle too, after a moment for the first request', async t => {
  const gateway = await limited(t, { maxConnections: 2 })
  const silent = [await connectRaw(t, gateway), await connectRaw(t, gateway)]
  t.equal((await readAnswer(await connectRaw(t, gateway))).status, 503)
  await until('one of them gives way', async () => {
    const next = await connectRaw(t, gateway, request('GET /'))
    return (await readAnswer(next)).status === 200
  })
  await silent[0]!.end()
  t.notOk(silent[1]!.hasEnded, 'one for one')
})

t.test('nor do handshakes that do not go on keep others out for long', async t => {
  const gateway = await startGateway(t, [], { maxConnections: 2 }, { tls: certificate(t) })
  const silent = [await connectRaw(t, gateway), await connectRaw(t, gateway, '\x16\x03\x01')]
  await until('one of them gives way', async () => {
    const next = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
    t.teardown(() => next.destroy())
    next.on('error', () => {}) // refused
    return new Promise<boolean>(resolve => {
      next.on('secureConnect', () => resolve(true)).on('close', () => resolve(false))
    })
  })
  await silent[0]!.end()
  t.notOk(silent[1]!.hasEnded, 'one for one')
})

t.test('where none is idle the new one is told 503, and nobody else notices', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxConnections: 2 })
  const waiting = await connectRaw(t, gateway, request('GET /waits'))
  const connection = await node.next()
  await connection.head()
  const half = await connectRaw(t, gateway, 'GET /half HTTP/1.1\r\nHost: a.test\r\n')
  await until('both are in', async () => {
    const refused = await readAnswer(await connectRaw(t, gateway)) // answered unasked
    t.equal(refused.status, 503)
    t.match(refused.head, /^Connection: close$/m)
    t.match(refused.head, /^Retry-After: \d+$/m)
    return true
  })
  await connection.send(answer('whole'))
  t.equal((await readAnswer(waiting)).body, 'whole')
  await half.send('\r\n') // the kept connection to the node serves it
  await connection.head()
  await connection.send(answer('half'))
  t.equal((await readAnswer(half)).body, 'half')
  const next = await connectRaw(t, gateway, request('GET /next')) // now one is idle
  await connection.head()
  await connection.send(answer('next'))
  t.equal((await readAnswer(next)).body, 'next')
  await until('it is told', () => gateway.events.length > 0)
  t.match(gateway.events, [{ text: 'connection refused: too many are open', fields: { clients: 2 } }])
})

t.test('a refused client that sends a lot at once still reads why', async t => {
  const gateway = await limited(t, { maxConnections: 1 })
  const half = await connectRaw(t, gateway, 'GET / HTTP/1.1\r\n')
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.write(request('POST /', 'Content-Length: 300000') + 'x'.repeat(300_000))
  const client = new RawConnection(socket)
  t.equal((await readAnswer(client)).status, 503)
  await client.end()
  t.ok(client.hasEnded)
  await client.send('y'.repeat(100_000)) // still drained: no reset answers it
  client.finish()
  await client.gone()
  t.equal(socket.errored, null)
  half.close()
  await until('there is room again', async () => {
    const next = await connectRaw(t, gateway, request('GET /'))
    return (await readAnswer(next)).status === 200
  })
})

t.test('a limit that a reload lowers closes idle connections, not busy ones', async t => {
  const gateway = await limited(t, { maxConnections: 10 })
  const half = await connectRaw(t, gateway, 'GET / HTTP/1.1\r\n')
  const idle = [await idleClient(t, gateway), await idleClient(t, gateway), await idleClient(t, gateway)]
  await gateway.apply({ maxConnections: 2 })
  await Promise.all([idle[0]!.end(), idle[1]!.end()])
  await serve(idle[2]!)
  await half.send('Host: a.test\r\n\r\n')
  t.equal((await readAnswer(half)).status, 200)
})

t.test('one address has its share of connections, others have theirs', async t => {
  const gateway = await limited(t, { maxConnectionsPerIp: 2 })
  const first = await connectFrom(t, gateway.port, '127.0.0.2')
  const second = await connectFrom(t, gateway.port, '127.0.0.2')
  await serve(first)
  await serve(second)
  const refused = await readAnswer(await connectFrom(t, gateway.port, '127.0.0.2'))
  t.equal(refused.status, 429)
  t.match(refused.head, /^Connection: close$/m)
  t.match(refused.head, /^Retry-After: \d+$/m)
  await serve(await connectFrom(t, gateway.port, '127.0.0.3'))
  await serve(first)
  second.close()
  await until('there is room again', async () => {
    const next = await connectFrom(t, gateway.port, '127.0.0.2')
    await next.send(request('GET /'))
    const { status } = await readAnswer(next)
    if (status !== 200) next.close()
    return status === 200
  })
  t.match(gateway.events[0], {
    text: 'connection refused: too many of one address',
    fields: { client: '127.0.0.2' },
  })
})

t.test('who has too many connections does not push out the idle ones of others', async t => {
  const gateway = await limited(t, { maxConnections: 3, maxConnectionsPerIp: 1 })
  const others = [
    await connectFrom(t, gateway.port, '127.0.0.2'),
    await connectFrom(t, gateway.port, '127.0.0.3'),
  ]
  for (const other of others) await serve(other)
  await serve(await connectFrom(t, gateway.port, '127.0.0.4'))
  for (let i = 0; i < 5; i++) {
    t.equal((await readAnswer(await connectFrom(t, gateway.port, '127.0.0.4'))).status, 429)
  }
  for (const other of others) await serve(other)
})

t.test('the proxies of trusted-proxy are not counted', async t => {
  const gateway = await limited(t, { maxConnectionsPerIp: 1, trustedProxies: ['127.0.0.2/32'] })
  for (let i = 0; i < 3; i++) await serve(await connectFrom(t, gateway.port, '127.0.0.2'))
  await serve(await connectFrom(t, gateway.port, '127.0.0.3'))
  t.equal((await readAnswer(await connectFrom(t, gateway.port, '127.0.0.3'))).status, 429)
})

t.test('UNIX clients are not counted by address, but they count', async t => {
  const path = join(temporaryDirectory(t), 'gateway.sock')
  const changes = { maxConnections: 2, maxConnectionsPerIp: 1 }
  await startGateway(t, [], changes, {}, { path })
  const half = [await connectRaw(t, { path }, 'GET /'), await connectRaw(t, { path }, 'GET /')]
  t.equal((await readAnswer(await connectRaw(t, { path }))).status, 503)
  t.ok(half.every(client => !client.hasEnded))
})

t.test('behind the PROXY protocol the client counts that is named, an IPv6 network as one', async t => {
  const gateway = await limited(t, { maxConnectionsPerIp: 2, proxyProtocol: true })
  const named = async (address: string): Promise<RawConnection> => {
    const family = address.includes(':') ? 'TCP6' : 'TCP4'
    const own = family === 'TCP6' ? '::1' : '127.0.0.1'
    return connectRaw(t, gateway, `PROXY ${family} ${address} ${own} 1 2\r\n`)
  }
  await serve(await named('2001:db8:0:1::1'))
  await serve(await named('2001:db8:0:1:ffff::2'))
  t.equal((await readAnswer(await named('2001:db8::1:0:0:0:3'))).status, 429, 'the same 64 bits')
  await serve(await named('2001:db8:0:2::1'))
  await serve(await named('192.0.2.1'))
  await serve(await named('::ffff:192.0.2.1'))
  t.equal((await readAnswer(await named('192.0.2.1'))).status, 429, 'IPv4 in IPv6 is IPv4')
  await serve(await named('192.0.2.2'))
})

t.test('a reload that turns the limit per address on counts from there', async t => {
  const gateway = await limited(t, {})
  const early = [await idleClient(t, gateway), await idleClient(t, gateway)]
  await gateway.apply({ maxConnectionsPerIp: 1 })
  await serve(await connectRaw(t, gateway))
  t.equal((await readAnswer(await connectRaw(t, gateway))).status, 429)
  for (const client of early) await serve(client)
  await gateway.apply({ maxConnectionsPerIp: 0 })
  for (const client of early) client.close()
  for (let i = 0; i < 3; i++) await idleClient(t, gateway)
})

t.test('under TLS a refused client is closed before the handshake', async t => {
  const gateway = await startGateway(t, [], { maxConnections: 1 }, { tls: certificate(t) })
  const first = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
  t.teardown(() => first.destroy())
  await once(first, 'secureConnect')
  first.write('GET / HTTP/1.1\r\n')
  const refused = await connectRaw(t, gateway)
  await refused.end()
  t.equal(refused.received, '')
  first.write('Host: a.test\r\n\r\n')
  const [bytes] = (await once(first, 'data')) as [Buffer]
  t.match(bytes.toString(), /^HTTP\/1.1 200 /)
})

function certificate(t: Test): TlsPicture {
  const folder = temporaryDirectory(t)
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=a.test'
  execFileSync('/usr/bin/openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const [certText, keyText] = [readFileSync(cert, 'latin1'), readFileSync(key, 'latin1')]
  return { cert: certText, key: keyText, ciphers: '', clientCa: '', clientCertRequired: false }
}

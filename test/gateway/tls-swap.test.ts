// test/gateway/tls-swap.test.ts: a new picture changes a listener's TLS for the handshakes that follow, and for nobody else.
import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { RawConnection, startRawNode } from '../support/raw-node.ts'

const [FIRST, SECOND] = [await makeSelfSigned(), await makeSelfSigned()]
const TLS = { ciphers: '', clientCa: '', clientCertRequired: false }
const NO_CLIENT_CERTIFICATE = { ...TLS, ...FIRST, clientCa: SECOND.cert, clientCertRequired: true }

interface Secure {
  readonly socket: TLSSocket
  readonly client: RawConnection
}

async function start(t: Test, tls = { ...TLS, ...FIRST }): Promise<TestGateway> {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('ok'))
      }
    },
  })
  return startGateway(t, [`http://${node.address}`], {}, { tls })
}

async function secure(t: Test, gateway: TestGateway, more: ConnectionOptions = {}): Promise<Secure> {
  const socket = connect({ port: gateway.port, rejectUnauthorized: false, ...more })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return { socket, client: new RawConnection(socket) }
}

async function isServed(t: Test, { client }: Secure): Promise<void> {
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
}

/** What a client needs to come back without a handshake of its own. */
async function sessionOf(t: Test, gateway: TestGateway, more: ConnectionOptions): Promise<Buffer> {
  const socket = connect({ port: gateway.port, rejectUnauthorized: false, ...more })
  const session = once(socket, 'session')
  const secure = { socket, client: new RawConnection(socket) }
  await isServed(t, secure)
  const [bytes] = (await session) as [Buffer]
  secure.client.close()
  return bytes
}

const shown = ({ socket }: Secure): Buffer => socket.getPeerX509Certificate()!.raw
const certificate = (pem: string): Buffer => Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64')

t.test('the next handshake shows the new certificate; open connections live on', async t => {
  const gateway = await start(t)
  const before = await secure(t, gateway)
  await isServed(t, before)
  await gateway.applyToListener({ tls: { ...TLS, ...SECOND } })
  const after = await secure(t, gateway)
  t.same(shown(before), certificate(FIRST.cert))
  t.same(shown(after), certificate(SECOND.cert))
  await Promise.all([isServed(t, before), isServed(t, after)])
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(
    `${maxVersion}: clients resume over a change of certificates, but not of what they must meet`,
    async t => {
      const gateway = await start(t)
      const session = await sessionOf(t, gateway, { maxVersion })
      await gateway.applyToListener({ tls: { ...TLS, ...SECOND } })
      const resumed = await secure(t, gateway, { maxVersion, session })
      t.ok(resumed.socket.isSessionReused())
      await isServed(t, resumed)
      await gateway.applyToListener({ tls: { ...TLS, ...SECOND, ciphers: 'ECDHE+AESGCM' } })
      t.notOk((await secure(t, gateway, { maxVersion, session })).socket.isSessionReused())
    },
  )

  t.test(`${maxVersion}: a client certificate that is asked for from now on is not resumed away`, async t => {
    const gateway = await start(t)
    const session = await sessionOf(t, gateway, { maxVersion })
    await gateway.applyToListener({ tls: NO_CLIENT_CERTIFICATE })
    const socket = connect({ port: gateway.port, rejectUnauthorized: false, maxVersion, session })
    const client = new RawConnection(socket)
    socket.write(request('GET /'))
    await client.gone()
    t.equal(client.received, '')
  })
}

t.test('ciphers change, too', async t => {
  const gateway = await start(t)
  const asks = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' } as const
  t.equal((await secure(t, gateway, asks)).socket.getCipher().name, asks.ciphers)
  await gateway.applyToListener({ tls: { ...TLS, ...FIRST, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } })
  await t.rejects(secure(t, gateway, asks))
  await isServed(t, await secure(t, gateway))
})

t.test('a picture that changes nothing of it keeps it as it is', async t => {
  const gateway = await start(t)
  const session = await sessionOf(t, gateway, {})
  for (let i = 0; i < 3; i++) await gateway.apply({ keepaliveMs: 5_000 + i })
  t.ok((await secure(t, gateway, { session })).socket.isSessionReused())
})

t.test('one that OpenSSL refuses changes nothing at all', async t => {
  const gateway = await start(t)
  const bad = { ...TLS, cert: FIRST.cert, key: SECOND.key }
  await t.rejects(gateway.applyToListener({ tls: bad, toHttps: { port: '1' } }), /key/i)
  const client = await secure(t, gateway)
  t.same(shown(client), certificate(FIRST.cert))
  await isServed(t, client)
})

t.test('a handshake has the time of the picture in force when it began', async t => {
  const gateway = await start(t)
  await gateway.apply({ headersTimeoutMs: 300 })
  const silent = await connectRaw(t, gateway)
  await silent.end()
  t.equal(silent.received, '')
})

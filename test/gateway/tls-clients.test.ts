// test/gateway/tls-clients.test.ts: TLS versions, certificates of clients, where TLS says an answer ends, and handshakes that lead nowhere.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import t from 'tap'
import type { TlsPicture } from '../../base/picture.ts'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { startGateway } from '../support/gateway.ts'
import { RawConnection, type Script, startRawNode } from '../support/raw-node.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'
import { decodePacket, packetEnd } from '../support/uwsgi-packet.ts'
import { readAnswer, requestText } from './uwsgi/http-client.ts'

const run = promisify(execFile)
const server = await makeSelfSigned()
const TLS: TlsPicture = { ...server, ciphers: '', clientCa: '', clientCertRequired: false }

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const httpNode: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    const body = await connection.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
    await connection.send(body)
  }
}

const uwsgiNode: Script = async connection => {
  await connection.packet()
  await connection.send(OK)
  connection.close()
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`${version}: requests on one connection, a megabyte both ways`, async t => {
    const node = await startRawNode(t, { script: httpNode })
    const gateway = await startGateway(t, [`http://${node.address}`], {}, { tls: TLS })
    const { client, socket } = await secure(t, gateway.port, {
      maxVersion: version,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    t.equal(socket.getProtocol(), version)
    t.equal(socket.alpnProtocol, 'http/1.1')
    for (const size of [1, 1_000_000, 0]) {
      const body = randomBytes(size)
      void client.send(requestText('POST', `/${size}`, `Content-Length: ${size}`))
      void client.send(body)
      const answer = await readAnswer(client)
      t.ok(answer.status === 200 && answer.body.equals(body), `${size} bytes`)
    }
    const { received } = node.connections[0]!
    t.match(received, /^POST \/1 HTTP\/1\.1\r\n/)
    t.match(received, '\r\nX-Forwarded-Proto: https\r\n')
    t.match(received, '\r\nX-Forwarded-For: 127.0.0.1\r\n')
  })
}

t.test('older versions are refused', async t => {
  const gateway = await startGateway(t, [], {}, { tls: TLS })
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
  await t.rejects(secure(t, gateway.port, old))
  await secure(t, gateway.port)
})

t.test(
  'a client that likes AES-256 better gets AES-128, and one that has nothing else gets AES-256',
  async t => {
    const gateway = await startGateway(t, [], {}, { tls: TLS })
    for (const [offered, chosen] of [
      ['TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
      ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    ] as const) {
      const { socket } = await secure(t, gateway.port, { ciphers: offered })
      t.equal(socket.getCipher().name, chosen)
    }
  },
)

t.test('uwsgi nodes are told that it is TLS', async t => {
  const node = await startRawNode(t, { script: uwsgiNode })
  const gateway = await startGateway(t, [`uwsgi://${node.address}`], {}, { tls: TLS })
  const { client, socket } = await secure(t, gateway.port)
  await client.send(requestText('GET', '/'))
  t.equal((await readAnswer(client)).status, 200)
  const vars = sentTo(node.connections[0]!)
  t.match(vars, { HTTPS: 'on', SERVER_PORT: String(gateway.port), REMOTE_PORT: String(socket.localPort) })
  t.notOk('HTTPS_DN' in vars || 'HTTPS_CLIENT_CERTIFICATE' in vars)
})

t.test('an answer that ends with its connection is not taken for cut', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      await connection.packet()
      await connection.send('HTTP/1.1 200 OK\r\n\r\nto the end')
      connection.close()
    },
  })
  const gateway = await startGateway(t, [`uwsgi://${node.address}`], {}, { tls: TLS })
  for (const version of ['--http1.0', '--http1.1']) {
    const { stdout } = await run('/usr/bin/curl', ['-sSk', version, gateway.url])
    t.equal(stdout, 'to the end', version)
  }
})

t.test('TLS itself says where an answer ends, unless it was cut', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      const path = (await connection.packet()).get('PATH_INFO')
      await connection.send(
        `HTTP/1.1 200 OK\r\n${path === '/cut' ? 'Content-Length: 100\r\n' : ''}\r\nanswer`,
      )
      connection.close()
    },
  })
  const gateway = await startGateway(t, [`uwsgi://${node.address}`], {}, { tls: TLS })
  for (const [request, isCut] of [
    ['GET / HTTP/1.0', false],
    ['GET / HTTP/1.1', false],
    ['GET /cut HTTP/1.1', true],
  ] as const) {
    const client = spawn('/usr/bin/openssl', [
      's_client',
      '-quiet',
      '-ign_eof',
      '-connect',
      `127.0.0.1:${gateway.port}`,
    ])
    let said = ''
    for (const stream of [client.stdout, client.stderr])
      stream.setEncoding('latin1').on('data', text => {
        said += text
      })
    client.stdin.write(`${request}\r\nHost: a\r\nConnection: close\r\n\r\n`)
    await once(client, 'close')
    t.match(said, '\nanswer')
    t.equal(/unexpected eof|errno=104/.test(said), isCut, request)
  }
})

t.test('certificates of clients', async t => {
  const made = makeCertificates(temporaryDirectory(t))
  const node = await startRawNode(t, { script: uwsgiNode })
  const known = {
    HTTPS_DN: made.subject,
    HTTPS_CLIENT_CERTIFICATE: new X509Certificate(made.client.cert).raw.toString('latin1'),
  }
  for (const clientCertRequired of [true, false]) {
    const tls = { ...TLS, clientCa: made.ca, clientCertRequired }
    const gateway = await startGateway(t, [`uwsgi://${node.address}`], {}, { tls })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const what = `${clientCertRequired ? 'required' : 'optional'}, ${maxVersion}`
      await t.test(what, async t => {
        t.match(await visit({ ...made.client, maxVersion }), known, 'the right one')
        t.equal(await visit({ ...made.stranger, maxVersion }), null, 'one of another CA')
        const none = await visit({ maxVersion })
        if (clientCertRequired) t.equal(none, null, 'none')
        else t.match(none, { HTTPS: 'on', HTTPS_DN: undefined, HTTPS_CLIENT_CERTIFICATE: undefined }, 'none')
      })
      await t.test(`${what}, sessions resumed`, async t => {
        const session = await sessionOf(t, gateway.port, { ...made.client, maxVersion })
        t.match(await visit({ ...made.client, maxVersion, session }), known, 'the right one')
        const bad = await sessionOf(t, gateway.port, { ...made.stranger, maxVersion })
        t.equal(await visit({ ...made.stranger, maxVersion, session: bad }), null, 'one of another CA')
        const alone = await visit({ maxVersion, session: bad })
        if (clientCertRequired) t.equal(alone, null, 'its session alone')
        else
          t.match(
            alone,
            { HTTPS: 'on', HTTPS_DN: undefined, HTTPS_CLIENT_CERTIFICATE: undefined },
            'its session alone',
          )
      })
    }

    // What the node saw; null when the client is not let in.
    async function visit(options: ConnectionOptions): Promise<Record<string, string> | null> {
      const seen = node.connections.length
      try {
        const { client } = await secure(t, gateway.port, options)
        await client.send(requestText('GET', '/'))
        await readAnswer(client)
        client.close()
      } catch {
        if (node.connections.length !== seen) t.fail('a node was reached')
        return null
      }
      return sentTo(node.connections[seen]!)
    }
  }
})

t.test('what is no handshake harms nobody', async t => {
  const gateway = await startGateway(t, [], {}, { tls: TLS })
  const { client } = await secure(t, gateway.port)
  for (const bytes of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', '\x16\x03\x01\xff\xff', randomBytes(500)]) {
    const wrong = new RawConnection(connect(gateway.port, '127.0.0.1'))
    await wrong.send(bytes)
    wrong.finish()
    await wrong.gone()
    t.notMatch(wrong.received, 'HTTP/1.1 200')
  }
  const left = new RawConnection(connect(gateway.port, '127.0.0.1'))
  await left.send('\x16\x03\x01')
  left.reset()
  await client.send(requestText('GET', '/'))
  t.equal((await readAnswer(client)).status, 200, 'a connection made before')
  await secure(t, gateway.port)
  t.same(gateway.events, [])
})

t.test('a handshake that stands still ends in time, and so does a silent connection', async t => {
  const gateway = await startGateway(t, [], { headersTimeoutMs: 1_500 }, { tls: TLS })
  for (const bytes of ['', '\x16\x03\x01\x02\x00\x01']) {
    const slow = new RawConnection(connect(gateway.port, '127.0.0.1'))
    if (bytes !== '') await slow.send(bytes)
    await slow.end()
    slow.close()
  }
  const { client } = await secure(t, gateway.port)
  await client.end()
  const late = await secure(t, gateway.port)
  await late.client.send('GET / HTT')
  t.match(await late.client.head(), /^HTTP\/1\.1 408 /)
})

async function secure(
  t: Test,
  port: number,
  options: ConnectionOptions = {},
): Promise<{ client: RawConnection; socket: TLSSocket }> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return { client: new RawConnection(socket), socket }
}

// A session as the server gives it out; undefined when the client was thrown out before.
async function sessionOf(t: Test, port: number, options: ConnectionOptions): Promise<Buffer | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  return new Promise(resolve => {
    socket.once('session', resolve)
    socket.once('close', () => resolve(undefined))
  })
}

function sentTo(connection: RawConnection): Record<string, string> {
  const bytes = Buffer.from(connection.received, 'latin1')
  return Object.fromEntries(decodePacket(bytes.subarray(0, packetEnd(bytes))).vars)
}

// Two CAs, and a client's certificate of each.
function makeCertificates(directory: string) {
  const subject = '/C=IT/O=M\\xC3\\xBCller & Co/OU=one/OU=two/CN=y'
  const openssl = (...args: string[]) =>
    execFileSync('/usr/bin/openssl', args, { cwd: directory, stdio: 'pipe' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  writeFileSync(join(directory, 'empty.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n')
  const common = ['req', '-utf8', '-config', 'empty.cnf', ...ec]
  const make = (ca: string, client: string) => {
    openssl(
      ...common,
      '-x509',
      '-subj',
      `/CN=${ca}`,
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-keyout',
      `${ca}.key`,
      '-out',
      `${ca}.crt`,
    )
    openssl(
      ...common,
      '-subj',
      '/C=IT/O=Müller & Co/OU=one/OU=two/CN=y',
      '-keyout',
      `${client}.key`,
      '-out',
      `${client}.csr`,
    )
    openssl(
      'x509',
      '-req',
      '-in',
      `${client}.csr`,
      '-CA',
      `${ca}.crt`,
      '-CAkey',
      `${ca}.key`,
      '-set_serial',
      '2',
      '-out',
      `${client}.crt`,
    )
    const read = (name: string) => readFileSync(join(directory, name), 'utf8')
    return { cert: read(`${client}.crt`), key: read(`${client}.key`) }
  }
  const client = make('ca', 'client')
  const stranger = make('other', 'stranger')
  return { subject, client, stranger, ca: readFileSync(join(directory, 'ca.crt'), 'utf8') }
}

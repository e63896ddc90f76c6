// test/gateway/proxy-protocol/peers.test.ts: the PROXY protocol as others speak it, curl and HAProxy, before clear listeners
// and before TLS.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { makeSelfSigned } from '../../../certs/manage/self-signed.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { answer } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'
import { freshDirectory } from '../../support/sluice.ts'

const TLS = { ...(await makeSelfSigned()), ciphers: '', clientCa: '', clientCertRequired: false }
/** Clients come from here, HAProxy from 127.0.0.1: they can be told apart. */
const CLIENT = '127.0.0.77'

for (const tls of [null, TLS]) {
  const scheme = tls === null ? 'http' : 'https'

  t.test(`curl, ${scheme}: it names itself`, async t => {
    const { port } = await start(t, tls)
    const url = `${scheme}://127.0.0.1:${port}/`
    t.equal(await curl('--haproxy-protocol', url, url), '127.0.0.1127.0.0.1')
    await t.rejects(curl(url), 'and is turned away when it does not')
  })

  for (const send of ['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options crc32c,unique-id']) {
    t.test(`HAProxy, ${scheme}, ${send}: it names clients, and its health checks are no trouble`, async t => {
      const gateway = await start(t, tls)
      const port = await startHaproxy(t, `127.0.0.1:${gateway.port} ${send} check inter 50 check-send-proxy`)
      const url = `${scheme}://127.0.0.1:${port}/`
      t.equal(await curl('--interface', CLIENT, url, url), CLIENT + CLIENT, 'two requests on one connection')
      t.equal(await curl('--interface', CLIENT, '-H', 'X-Forwarded-For: 10.9.9.9', url), CLIENT)
      t.same(gateway.events, [])
    })
  }
}

/** A gateway that expects the protocol, and whose node answers with the client that it was told. */
async function start(t: Test, tls: typeof TLS | null): Promise<TestGateway> {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        const head = await connection.head()
        await connection.send(answer(/^X-Forwarded-For: (.*)\r$/m.exec(head)?.[1] ?? 'nothing'))
      }
    },
  })
  const changes = { proxyProtocol: true, trustedProxies: ['127.0.0.1'] }
  return startGateway(t, [`http://${node.address}`], changes, { tls })
}

async function curl(...args: string[]): Promise<string> {
  return (await promisify(execFile)('/usr/bin/curl', ['-sSk', '--max-time', '5', ...args])).stdout
}

/** HAProxy in TCP mode, on a socket of ours. @param server its address and settings. @returns its port, once it serves */
async function startHaproxy(t: Test, server: string): Promise<number> {
  const directory = freshDirectory(t, {
    'haproxy.cfg': `global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 9s
  timeout server 9s
  unique-id-format %{+X}o%ci:%cp
frontend in
  bind fd@3
  default_backend gateway
backend gateway
  server gateway ${server}
`,
  })
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 })
  const { port } = bound.address() as net.AddressInfo
  const child = spawn('/usr/sbin/haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], {
    stdio: ['ignore', 'ignore', 'pipe', bound.fd()],
  })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  t.teardown(async () => {
    bound.close()
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  await until('HAProxy accepts', () => {
    if (child.exitCode !== null) throw new Error(`HAProxy ended: ${said}`)
    return accepts(port)
  })
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

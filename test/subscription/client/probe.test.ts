// test/subscription/client/probe.test.ts: one look at a service, by a connect or a request, over TCP, TLS and UNIX sockets.
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { makeSelfSigned } from '../../../certs/manage/self-signed.ts'
import { probe } from '../../../subscription/client/probe.ts'
import type { Place } from '../../../subscription/connect.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

const TCP = { kind: 'tcp' } as const
const HTTP = { kind: 'http', path: '/health', host: 'a.example', isTls: false } as const

t.test('tcp: well is what takes a connection', async t => {
  const place = await on(t, net.createServer())
  t.equal(await probe(TCP, place, 10_000), null)
  t.match(await probe(TCP, { host: '127.0.0.1', port: 1 }, 1000), 'ECONNREFUSED')
  t.match(await probe(TCP, { path: '/no/such.sock' }, 1000), 'ENOENT')
  t.equal(await probe({ kind: 'none' }, { path: '/no/such.sock' }, 10_000), null)
})

for (const [status, isWell] of [
  [200, true],
  [204, true],
  [302, true],
  [404, false],
  [500, false],
] as const) {
  t.test(`http: an answer of ${status} is ${isWell ? 'well' : 'not'}`, async t => {
    const place = await on(
      t,
      http.createServer((_, answer) => answer.writeHead(status, { location: '/elsewhere' }).end()),
    )
    t.equal(await probe(HTTP, place, 1000), isWell ? null : `it answers ${status}`)
  })
}

t.test('http: asks once, for the key, on a connection that it closes, and does not read on', async t => {
  const heads: string[] = []
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', data => {
      heads.push(String(data))
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.write('x'.repeat(1_000_000)) // and no end
    })
    socket.once('close', () => server.emit('left'))
  })
  const left = once(server, 'left')
  const place = await on(t, server)
  t.equal(await probe(HTTP, place, 10_000), null)
  await left
  t.equal(heads.length, 1)
  t.match(heads[0], /^GET \/health HTTP\/1\.1\r\n/)
  t.match(heads[0], /\r\nhost: a\.example\r\n/i)
  t.match(heads[0], /\r\nconnection: close\r\n/i)
})

t.test('http: on UNIX sockets, by path and by name, and by TLS whatever the certificate says', async t => {
  const answer: http.RequestListener = (_, response) => response.end()
  const path = join(temporaryDirectory(t), 'app.sock')
  for (const place of [{ path }, { path: `\0sluice-probe-${process.pid}` }]) {
    const server = http.createServer(answer).listen(place.path)
    t.teardown(() => server.close())
    await once(server, 'listening')
    t.equal(await probe(HTTP, place, 10_000), null)
    t.equal(await probe(TCP, place, 10_000), null)
  }
  const place = await on(t, https.createServer(await makeSelfSigned(), answer))
  t.equal(await probe({ ...HTTP, isTls: true }, place, 5000), null)
  t.not(await probe(HTTP, place, 10_000), null, 'who speaks TLS does not answer plain http')
})

t.test('http: who does not answer, or not in http, is not well', async t => {
  const mute = await on(t, net.createServer())
  t.equal(await probe(HTTP, mute, 50), 'no answer within 50 ms')
  const other = await on(
    t,
    net.createServer(socket => socket.end('SSH-2.0-x\r\n')),
  )
  t.type(await probe(HTTP, other, 1000), 'string')
  const closing = await on(
    t,
    net.createServer(socket => socket.end()),
  )
  t.type(await probe(HTTP, closing, 1000), 'string')
  t.match(await probe(HTTP, { host: '127.0.0.1', port: 1 }, 1000), 'ECONNREFUSED')
})

async function on(t: Test, server: Server): Promise<Place> {
  const sockets = new Set<net.Socket>()
  server.on('connection', socket => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

// test/gateway/tls-writes.test.ts: when a buffer that was written to a secure socket may be used again.

import type { AddressInfo } from 'node:net'
import { connect as connectTls, createServer } from 'node:tls'
import t from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { adopt } from '../../gateway/node-socket.ts'
import type { Socket } from '../../gateway/socket.ts'
import type { Test } from '../support/tmp.ts'

const SIZE = 300_000
const certificate = await makeSelfSigned()

t.test('a write at rest is copied: its buffer serves again at once', async t => {
  const seen = await received(t, socket => {
    const bytes = Buffer.alloc(SIZE, 'a')
    socket.write(bytes)
    t.ok(socket.pending > 0, 'TLS tells later that it has taken it')
    t.notOk(socket.isBorrowing)
    bytes.fill('x')
  })
  t.equal(seen, 'a'.repeat(SIZE))
})

t.test('a write behind another is borrowed until its turn', async t => {
  const seen = await received(t, socket => {
    const bytes = Buffer.alloc(SIZE, 'b')
    socket.write(Buffer.alloc(SIZE, 'a'))
    socket.write(bytes)
    t.ok(socket.isBorrowing)
    setImmediate(function look() {
      if (socket.isBorrowing) return void setImmediate(look)
      bytes.fill('x')
    })
  })
  t.equal(seen, 'a'.repeat(SIZE) + 'b'.repeat(SIZE))
})

t.test('so is one behind an empty write, and behind a text', async t => {
  const seen = await received(t, socket => {
    socket.tellFlushed()
    socket.write(Buffer.from('one'))
    t.ok(socket.isBorrowing)
    socket.writeText('two')
    socket.write(Buffer.from('three'))
    t.ok(socket.isBorrowing)
  })
  t.equal(seen, 'onetwothree')
})

/** @returns what a client reads that `act` wrote, up to the end mark */
function received(t: Test, act: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer({ ...certificate, allowHalfOpen: true }, secure => {
      const socket = adopt(secure, null)
      const onFlushed = () => socket.pending === 0 && !socket.isBorrowing && socket.destroy()
      socket.begin({ onOpen() {}, onData() {}, onEnd() {}, onClose() {}, onFlushed })
      queueMicrotask(() => {
        act(socket)
        socket.tellFlushed(true)
      })
    })
    t.teardown(() => server.close())
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      let text = ''
      client.setEncoding('latin1')
      client.on('data', chunk => {
        text += chunk
      })
      client.on('error', reject)
      client.on('end', () => resolve(text))
    })
  })
}

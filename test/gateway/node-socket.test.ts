// test/gateway/node-socket.test.ts: what accepted sockets do behind the socket interface, on real ones.
import { once } from 'node:events'
import net from 'node:net'
import t, { type Test } from 'tap'
import { adopt, selfTest } from '../../gateway/node-socket.ts'
import type { SocketOwner } from '../../gateway/socket.ts'

const SILENT: SocketOwner = { onOpen() {}, onData() {}, onEnd() {}, onClose() {}, onFlushed() {} }

/** A client and the socket that was accepted for it. */
async function pair(t: Test): Promise<{ client: net.Socket; accepted: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  t.teardown(() => {
    client.destroy()
    accepted.destroy()
    server.close()
  })
  return { client, accepted }
}

t.test('a connection that is written to once is spared the system call against delays', async t => {
  await selfTest()
  const { client, accepted } = await pair(t)
  const calls: unknown[][] = []
  const setNoDelay = accepted.setNoDelay.bind(accepted)
  accepted.setNoDelay = (...settings) => {
    calls.push(settings)
    return setNoDelay(...settings)
  }
  const socket = adopt(accepted, null)
  socket.begin(SILENT)
  const received: string[] = []
  client.setEncoding('latin1').on('data', (text: string) => received.push(text))
  socket.writeText('one')
  t.same(calls, [])
  socket.write(Buffer.from('two'))
  t.same(calls, [[true]], 'a second write may follow close behind, and must not wait')
  socket.give('', Buffer.from('three'), 0, 5)
  t.equal(calls.length, 1)
  socket.finish()
  await once(client, 'end')
  t.equal(received.join(''), 'onetwothree')
})

t.test(
  'of a connection that was read before all that is left is told, what comes behind, and the end',
  async t => {
    await selfTest()
    const { client, accepted } = await pair(t)
    client.write('header early ')
    const [first] = (await once(accepted, 'data')) as [Buffer]
    accepted.pause().unshift(first.subarray('header '.length)) // as the PROXY header is taken off
    const socket = adopt(accepted, null)
    const told: string[] = []
    const ended = new Promise<void>(resolve => {
      socket.begin({
        ...SILENT,
        onData: (bytes, start, end) => {
          told.push(bytes.toString('latin1', start, end))
          if (told.length === 1) client.end('late')
        },
        onEnd: resolve,
      })
    })
    await ended
    t.equal(told.join(''), 'early late')
  },
)

// test/gateway/resting-connections.test.ts: what idle connections to nodes read into is one buffer for all of them: it costs
// no memory for each, and no answer is written over another.
import { once } from 'node:events'
import { createServer } from 'node:http'
import net from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { connect } from '../../gateway/node-socket.ts'
import type { Socket, SocketOwner } from '../../gateway/socket.ts'
import { startGateway } from '../support/gateway.ts'
import { connectRaw, readAnswer, request } from '../support/raw-client.ts'

const CONNECTIONS = 300
const SIZES = [1, 200, 16_000, 16_384, 17_000, 70_000, 300, 400_000, 90, 16_385]

const bodyOf = (size: number, client: number): string => `<${client}>`.repeat(size).slice(0, size)

async function listen(t: Test, server: net.Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return (server.address() as net.AddressInfo).port
}

t.test('short and long answers on kept connections arrive whole, also at slow clients', async t => {
  const node = createServer((asked, answer) => {
    const [, size, client] = asked.url!.split('/').map(Number)
    answer.end(bodyOf(size!, client!))
  })
  const gateway = await startGateway(t, [`http://127.0.0.1:${await listen(t, node)}`])
  t.teardown(() => node.closeAllConnections())
  const ask = async (number: number, sizes: readonly number[], isSlow: boolean) => {
    const client = await connectRaw(t, gateway)
    if (isSlow) client.socket.pause()
    client.socket.write(sizes.map(size => request(`GET /${size}/${number}`, 'Host: a')).join(''))
    return async () => {
      client.socket.resume()
      for (const size of sizes) {
        const { body } = await readAnswer(client)
        if (body !== bodyOf(size, number)) return t.fail(`client ${number} got another body of ${size}`)
      }
      return t.pass(`client ${number}`)
    }
  }
  // More than the kernel holds, so that what waits in the gateway is a short answer.
  const slow = await Promise.all([1, 2, 3].map(number => ask(number, new Array(300).fill(16_000), true)))
  for (let number = 4; number < 12; number++) {
    const sizes = SIZES.map((_, i) => SIZES[(i * 7 + number) % SIZES.length]!)
    const read = await ask(number, [...sizes, ...sizes], false)
    await read()
  }
  for (const read of slow) await read()
})

t.test('connections that rest need no memory of their own', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const port = await listen(
    t,
    net.createServer(socket => socket.on('error', () => {}).on('data', bytes => socket.write(bytes))),
  )
  collect()
  const before = process.memoryUsage().arrayBuffers
  const sockets: Socket[] = []
  for (let i = 0; i < CONNECTIONS; i++) sockets.push(await restAfterAnswer(port, `${i}`))
  collect()
  const each = (process.memoryUsage().arrayBuffers - before) / CONNECTIONS
  t.ok(each < 20_000, `${Math.round(each)} bytes each, with the spare buffers`)
  for (const socket of sockets) socket.destroy()
})

function restAfterAnswer(port: number, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const owner: SocketOwner = {
      onOpen: () => socket.writeText(text),
      onData: (bytes, start, end) => {
        if (bytes.toString('latin1', start, end) !== text) return reject(new Error('another text'))
        socket.rest()
        resolve(socket)
      },
      onEnd() {},
      onClose: reject,
      onFlushed() {},
    }
    const socket = connect({ kind: 'tcp', addresses: ['127.0.0.1'], port }, '127.0.0.1', owner)
  })
}

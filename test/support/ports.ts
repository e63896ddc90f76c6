// test/support/ports.ts: ports that nobody has at the moment, for programs that do not say which they got.
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'

/** @param host '::': free for IPv4 and IPv6 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Of 127.0.0.1. */
export async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

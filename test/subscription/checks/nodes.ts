// test/subscription/checks/nodes.ts: nodes to be checked, well and unwell.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import net from 'node:net'
import type { Test } from 'tap'
import type { NodeEndpoint } from '../../../base/picture.ts'

export function tcp(port: number): NodeEndpoint & { kind: 'tcp' } {
  return { kind: 'tcp', addresses: ['127.0.0.1'], port }
}

/** An http server on a port of its own, or on a path. */
export async function startHttp(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  path?: string,
) {
  const server = createServer(answer)
  await new Promise<void>(resolve => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const port = path === undefined ? (server.address() as net.AddressInfo).port : 0
  return { endpoint: tcp(port), address: `127.0.0.1:${port}` }
}

/** Says something to whoever connects and ends, or says nothing. */
export async function startRaw(t: Test, greeting: string) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).resume()
    if (greeting !== '') socket.end(greeting)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return tcp((server.address() as net.AddressInfo).port)
}

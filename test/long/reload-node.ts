// test/long/reload-node.ts: the process of the http nodes: one port for each version of the config, named in each answer.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BIG_BYTES, BLOCK } from './reload-clients.ts'

/** From this process, once every port listens. */
export type FromNode = { readonly kind: 'ports'; readonly ports: readonly number[] }

const PIECE_MS = 30
const KEEP_ALIVE_MS = 600_000
/** The only one: from then on the stream is idle until its client leaves. */
const FIRST_EVENT = 'data: first\n\n'
// RFC 6455 section 1.3.
const WEBSOCKET = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const count = Number(process.argv[2])
const ports = await Promise.all(Array.from({ length: count }, listen))
process.on('disconnect', () => process.exit())
process.send?.({ kind: 'ports', ports } satisfies FromNode)

async function listen(): Promise<number> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, serve)
  server.on('upgrade', echo)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return (server.address() as AddressInfo).port
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const port = (request.socket.address() as AddressInfo).port
  const act = request.url?.split('/').at(-1)
  if (act === 'up') receive(request, response, port)
  else if (act === 'down') sendInPieces(response, port)
  else if (act === 'events')
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(FIRST_EVENT)
  else if (act === 'flood') {
    response.writeHead(200, { 'X-Port': port, 'Content-Length': BIG_BYTES })
    for (let sent = 0; sent < BIG_BYTES; sent += BLOCK.length) response.write(BLOCK)
    response.end()
  } else {
    const id = String(request.headers['x-id'])
    response.writeHead(200, { 'X-Port': port, 'Content-Length': id.length }).end(id)
  }
}

function receive(request: IncomingMessage, response: ServerResponse, port: number): void {
  const hash = createHash('sha1')
  request.on('data', bytes => hash.update(bytes))
  request.on('end', () => {
    const text = hash.digest('hex')
    response.writeHead(200, { 'X-Port': port, 'Content-Length': text.length }).end(text)
  })
}

// So slow that a reload meets it on its way.
function sendInPieces(response: ServerResponse, port: number): void {
  response.writeHead(200, { 'X-Port': port, 'Content-Length': BIG_BYTES })
  let left = BIG_BYTES / BLOCK.length
  const timer = setInterval(() => {
    response.write(BLOCK)
    left--
    if (left > 0) return
    clearInterval(timer)
    response.end()
  }, PIECE_MS)
  response.on('close', () => clearInterval(timer))
}

/** What comes through the tunnel goes back as it is: frames do not matter to gateways. */
function echo({ headers }: IncomingMessage, duplex: Duplex): void {
  const socket = duplex as Socket
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${WEBSOCKET}`).digest('base64')
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${accept}`, // HAProxy looks at it
  ]
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.pipe(socket)
}

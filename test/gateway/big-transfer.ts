// test/gateway/big-transfer.ts: a large body through a gateway while its reader stops again and again, for tests and long runs.
import { createHash, type Hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'
import { decodePacket, packetEnd } from '../support/uwsgi-packet.ts'

export interface Transfer {
  readonly direction: 'up' | 'down'
  readonly bytes: number
  /** How often the reader stops, until nothing moves any more. */
  readonly stops: number
}

export interface Outcome {
  readonly sent: string
  readonly got: string
  readonly gotBytes: number
  /** Most bytes that were under way while the reader stood still: in the gateway and in the kernel. */
  readonly mostAhead: number
}

/** A node that takes any body and then says its sum, or gives one of `?bytes=N`. */
export interface BigNode {
  readonly address: string
  /** The transfer in hand, from the node's side. */
  flow: Flow
}

/** Peak of a process's memory, in bytes. */
export function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

/** One side of a body: what it sent or got. */
export class Flow {
  readonly hash: Hash = createHash('sha256')
  bytes = 0
  isOver = false
}

const PIECE_BYTES = 65_536
const NOISE = randomBytes(PIECE_BYTES * 17)

/** Writes that many bytes as fast as they are taken. */
export async function pump(to: Writable, total: number, flow: Flow): Promise<void> {
  while (flow.bytes < total) {
    const at = (flow.bytes * 7) % (NOISE.length - PIECE_BYTES) // no two neighbours are alike
    const piece = NOISE.subarray(at, at + Math.min(PIECE_BYTES, total - flow.bytes))
    flow.hash.update(piece)
    flow.bytes += piece.length
    if (!to.write(piece)) await once(to, 'drain')
  }
  flow.isOver = true
}

/**
 * Reads `total` bytes, and stops `stops` times on the way until the writer can send no more.
 *
 * @returns most bytes that the writer was ahead
 */
export function sip(from: Readable, total: number, stops: number, flow: Flow, writer: Flow): Promise<number> {
  let mostAhead = 0
  let next = 0
  return new Promise((resolve, reject) => {
    from.on('data', (piece: Buffer) => {
      flow.hash.update(piece)
      flow.bytes += piece.length
      flow.isOver = flow.bytes >= total
      if (flow.isOver) return resolve(mostAhead)
      if (flow.bytes < next) return
      next += total / stops
      from.pause()
      void standsStill(writer).then(() => {
        mostAhead = Math.max(mostAhead, writer.bytes - flow.bytes)
        from.resume()
      }, reject)
    })
    from.once('close', () => resolve(mostAhead)) // too early: the sums will tell
    from.once('error', reject)
  })
}

/** Starts a node of either kind, over TCP or a UNIX socket. */
export async function startBigNode(
  t: Test,
  proto: 'http' | 'uwsgi',
  stops: number,
  writer: () => Flow,
  listen: 'tcp' | 'unix' = 'tcp',
): Promise<BigNode & { mostAhead: number }> {
  const node = { address: '', flow: new Flow(), mostAhead: 0 }
  const serve = async (target: string, bytes: number, body: Readable, answer: Writable): Promise<void> => {
    node.flow = new Flow()
    const wanted = /bytes=(\d+)/.exec(target)
    if (wanted !== null) await pump(answer, Number(wanted[1]), node.flow)
    else {
      node.mostAhead = await sip(body, bytes, stops, node.flow, writer())
      answer.write(node.flow.hash.digest('hex'))
    }
    answer.end()
  }
  const server = proto === 'http' ? createHttpServer() : createServer()
  if (proto === 'http')
    server.on('request', (incoming, response) =>
      serve(incoming.url!, Number(incoming.headers['content-length'] ?? 0), incoming, response),
    )
  else server.on('connection', socket => serveUwsgi(socket, serve))
  const path = listen === 'unix' ? join(temporaryDirectory(t), 'node.sock') : ''
  if (path !== '') server.listen(path)
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  node.address = `${proto}://${path || `127.0.0.1:${(server.address() as AddressInfo).port}`}`
  return node
}

/** Sends one body through the gateway and reads it, one of both slowly. */
export async function transfer(
  gateway: TestGateway,
  node: BigNode & { mostAhead: number },
  writer: Flow,
  { direction, bytes, stops }: Transfer,
): Promise<Outcome> {
  const isUp = direction === 'up'
  const target = isUp ? '/' : `/?bytes=${bytes}`
  const ask = gateway.url.startsWith('https') ? requestTls : request
  const outgoing = ask(`${gateway.url}${target}`, {
    method: isUp ? 'POST' : 'GET',
    headers: isUp ? { 'Content-Length': bytes } : {},
    agent: false,
    rejectUnauthorized: false,
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  if (isUp) await pump(outgoing, bytes, writer)
  outgoing.end()
  const [response] = await answered
  const flow = new Flow()
  if (isUp) {
    let text = ''
    for await (const piece of response) text += piece
    return {
      sent: writer.hash.digest('hex'),
      got: text,
      gotBytes: node.flow.bytes,
      mostAhead: node.mostAhead,
    }
  }
  const mostAhead = await sip(response, bytes, stops, flow, node.flow)
  return { sent: node.flow.hash.digest('hex'), got: flow.hash.digest('hex'), gotBytes: flow.bytes, mostAhead }
}

// Polls: a writer that is held up has no event for it. Looking too early only makes a stop shorter.
async function standsStill(writer: Flow): Promise<void> {
  let before = -1
  let same = 0
  await until('the writer is held up', () => {
    same = writer.bytes === before ? same + 1 : 0
    before = writer.bytes
    return same >= 3 || writer.isOver
  })
}

type Serve = (target: string, bytes: number, body: Readable, answer: Writable) => Promise<void>

async function serveUwsgi(socket: Socket, serve: Serve): Promise<void> {
  let bytes = Buffer.alloc(0)
  let end = -1
  while (end < 0) {
    await once(socket, 'readable')
    for (let more = socket.read(); more !== null && end < 0; more = socket.read()) {
      bytes = Buffer.concat([bytes, more])
      end = packetEnd(bytes)
    }
  }
  const { get } = decodePacket(bytes.subarray(0, end))
  socket.unshift(bytes.subarray(end))
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')
  await serve(get('REQUEST_URI')!, Number(get('CONTENT_LENGTH') ?? 0), socket, socket)
}

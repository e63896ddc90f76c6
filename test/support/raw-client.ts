// test/support/raw-client.ts: a client whose every byte is the test's own: raw requests out, answers read as they came.
import { once } from 'node:events'
import { connect } from 'node:net'
import { RawConnection } from './raw-node.ts'

/** The part of tap's t that is used here. */
export interface Test {
  teardown(fn: () => unknown): unknown
}

/** Where a gateway listens: its port on 127.0.0.1, or a path, or another host; and the address that the client has. */
export type Where =
  | { readonly port: number; readonly host?: string; readonly from?: string }
  | { readonly path: string }

export interface RawAnswer {
  readonly status: number
  /** Status line and fields, without the empty line. */
  readonly head: string
  /** Data only: chunks are taken off. Latin-1. */
  readonly body: string
}

/** Opens a connection, and sends `text` when there is one. It closes with the test. */
export async function connectRaw(t: Test, to: Where, text = ''): Promise<RawConnection> {
  const where =
    'path' in to ? { path: to.path } : { port: to.port, host: to.host ?? '127.0.0.1', localAddress: to.from }
  const socket = connect({ ...where, allowHalfOpen: true, noDelay: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const client = new RawConnection(socket)
  if (text !== '') await client.send(text)
  return client
}

/** A whole request: `request('GET /', 'Host: a')` ends its lines; the version is added unless it is there. */
export function request(line: string, ...fields: string[]): string {
  const whole = line.includes(' HTTP/') ? line : `${line} HTTP/1.1`
  const host = fields.some(field => /^host:/i.test(field)) || whole.endsWith('/1.0') ? [] : ['Host: a.test']
  return `${[whole, ...host, ...fields].join('\r\n')}\r\n\r\n`
}

/** A whole answer with its length. */
export function answer(body: string, ...fields: string[]): string {
  return `${['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...fields].join('\r\n')}\r\n\r\n${body}`
}

/** Reads the next answer: by its length, its chunks, or up to the end of the connection. */
export async function readAnswer(client: RawConnection, toHead = false): Promise<RawAnswer> {
  const head = (await client.head()).slice(0, -4)
  const status = Number(head.split(' ')[1])
  const length = /^content-length: *(\d+)$/im.exec(head)
  if (toHead || status < 200 || status === 204 || status === 304) return { status, head, body: '' }
  if (/^transfer-encoding: *chunked$/im.test(head)) return { status, head, body: await readChunks(client) }
  if (length !== null)
    return { status, head, body: (await client.bytes(Number(length[1]))).toString('latin1') }
  return { status, head, body: (await client.rest()).toString('latin1') }
}

async function readChunks(client: RawConnection): Promise<string> {
  let body = ''
  for (;;) {
    const size = Number.parseInt(await client.through('\r\n'), 16)
    if (size === 0) break
    body += (await client.bytes(size)).toString('latin1')
    await client.through('\r\n')
  }
  while ((await client.through('\r\n')) !== '\r\n');
  return body
}

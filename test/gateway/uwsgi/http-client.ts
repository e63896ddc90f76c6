// test/gateway/uwsgi/http-client.ts: whole answers for tests, with what a library would hide: framing, cuts, 100 Continue.
import { connect } from 'node:net'
import { RawConnection } from '../../support/raw-node.ts'
import type { Test } from '../../support/tmp.ts'

export interface Answer {
  readonly status: number
  /** Lower-case names; repeats joined by ', '. */
  readonly fields: Readonly<Record<string, string>>
  readonly body: Buffer
  /** How its end was known. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
}

/** Connects to a port of 127.0.0.1 or a UNIX path; closed with the test. */
export function dial(t: Test, where: number | string): RawConnection {
  const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where)
  const connection = new RawConnection(socket)
  t.teardown(() => socket.destroy())
  return connection
}

/** A request's text. @param fields whole lines, parted by line feeds; Host is added */
export function requestText(method: string, target: string, fields = '', body = ''): string {
  const lines = fields === '' ? '' : `${fields.replaceAll('\n', '\r\n')}\r\n`
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n${body}`
}

/** One request on a connection of its own. */
export async function ask(
  t: Test,
  where: number | string,
  method: string,
  target: string,
  fields = '',
  body = '',
): Promise<Answer> {
  const connection = dial(t, where)
  const length =
    body === '' || /^(content-length|transfer-encoding):/im.test(fields)
      ? ''
      : `Content-Length: ${body.length}`
  const lines = [fields, length].filter(line => line !== '').join('\n')
  await connection.send(requestText(method, target, lines, body))
  const answer = await readAnswer(connection, method)
  connection.close()
  return answer
}

/** Reads the next final answer. Rejects when it is cut. */
export async function readAnswer(connection: RawConnection, method = 'GET'): Promise<Answer> {
  const head = await connection.head()
  const [, code = ''] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/.exec(head) ?? []
  if (code === '') throw new Error(`no status line: ${head}`)
  const fields: Record<string, string> = {}
  for (const line of head.split('\r\n').slice(1, -2)) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    const value = line.slice(line.indexOf(':') + 1).trim()
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`
  }
  const status = Number(code)
  const length = fields['content-length']
  if (method === 'HEAD' || status === 204 || status === 304)
    return { status, fields, body: Buffer.alloc(0), framing: 'none' }
  if (fields['transfer-encoding'] === 'chunked')
    return { status, fields, body: await readChunks(connection), framing: 'chunked' }
  if (length !== undefined)
    return { status, fields, body: await connection.bytes(Number(length)), framing: 'length' }
  return { status, fields, body: await connection.rest(), framing: 'close' }
}

async function readChunks(connection: RawConnection): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (;;) {
    const size = Number.parseInt(await connection.through('\r\n'), 16)
    if (size > 0) chunks.push(await connection.bytes(size))
    if ((await connection.through('\r\n')) !== '\r\n') throw new Error('a chunk does not end where it says')
    if (size === 0) return Buffer.concat(chunks)
  }
}

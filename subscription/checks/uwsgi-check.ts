// subscription/checks/uwsgi-check.ts: checks a uwsgi node: by a ping, or by a GET as gateways would send it
// (docs/wire/uwsgi.md).
import type { Socket } from 'node:net'
import type { CheckMethod } from '../../config/health-kind.ts'
import { type Place, withSocket } from '../connect.ts'
import { statusProblem } from './http-check.ts'

type HttpMethod = Extract<CheckMethod, { kind: 'http' }>

/** modifier1 100 and no variables. */
const PING = Buffer.from([100, 0, 0, 0])
const PONG = Buffer.from([100, 0, 0])
/** What is read for a status line, and of the answer at all. */
const MOST_LINE_BYTES = 1024
const MOST_BYTES = 65_536

/**
 * A worker that lives answers with a packet like the ping; one without the ping plug-in, such as Debian's, reads it and
 * closes. One that hangs does neither.
 *
 * @returns null: well; else what is wrong, in words
 */
export function pingCheck(place: Place, signal: AbortSignal): Promise<string | null> {
  return withSocket(place, signal, (socket, done) => {
    let got = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes])
      if (got.length >= PONG.length)
        done(got.subarray(0, PONG.length).equals(PONG) ? null : 'it is no uwsgi node')
    })
    socket.once('end', () => done(got.length === 0 ? null : 'it is no uwsgi node'))
    socket.write(PING)
  })
}

/** @param host what it says as HTTP_HOST. @returns null: well; else what is wrong, in words */
export function uwsgiHttpCheck(
  place: Place,
  host: string,
  modifier1: number,
  modifier2: number,
  { path, statuses }: HttpMethod,
  signal: AbortSignal,
): Promise<string | null> {
  return withSocket(place, signal, (socket, done) => {
    const judge = readStatus(socket, status => {
      done(status === null ? 'it did not answer with HTTP' : statusProblem(status, statuses))
    })
    socket.once('end', judge)
    socket.write(requestPacket(path, host, modifier1, modifier2))
  })
}

// Tells the status once the answer is over, so that the application is not cut off in it.
function readStatus(socket: Socket, tell: (status: number | null) => void): () => void {
  let head = ''
  let bytes = 0
  const judge = () => {
    const [, status] = /^(?:HTTP\/\d\.\d|Status:) (\d{3})\b/i.exec(head) ?? []
    tell(status === undefined ? null : Number(status))
  }
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (head.length < MOST_LINE_BYTES) head += chunk.toString('latin1', 0, MOST_LINE_BYTES)
    if (bytes >= MOST_BYTES) judge()
  })
  return judge
}

function requestPacket(target: string, host: string, modifier1: number, modifier2: number): Buffer {
  const question = target.indexOf('?')
  const variables = [
    ['REQUEST_METHOD', 'GET'],
    ['REQUEST_URI', target],
    ['PATH_INFO', decoded(question < 0 ? target : target.slice(0, question))],
    ['QUERY_STRING', question < 0 ? '' : target.slice(question + 1)],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['SCRIPT_NAME', ''],
    ['SERVER_NAME', host],
    ['SERVER_PORT', '80'],
    ['REMOTE_ADDR', '127.0.0.1'],
    ['HTTP_HOST', host],
    ['HTTP_USER_AGENT', 'sluice-health-check'],
  ]
  const block = Buffer.concat(variables.flat().map(sized))
  const header = Buffer.from([modifier1, 0, 0, modifier2])
  header.writeUInt16LE(block.length, 1)
  return Buffer.concat([header, block])
}

// One character a byte.
function decoded(path: string): string {
  return path.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function sized(text: string): Buffer {
  const size = Buffer.alloc(2)
  size.writeUInt16LE(text.length)
  return Buffer.concat([size, Buffer.from(text, 'latin1')])
}

// test/long/fuzz-node.ts: a node that checks every byte it gets, and answers as each request wishes, badly too.
import { PeerLeft, type RawConnection, type RawNode, type Script, startRawNode } from '../support/raw-node.ts'
import type { Test } from '../support/tmp.ts'
import { bodyOf, type Ledger, pause, Random } from './fuzz-random.ts'

/** Ways to answer that every client must see whole. */
export const GOOD = ['sized', 'sized', 'sized', 'chunked', 'unframed', 'interim', '204', '304'] as const
/** Ways that must end in a 502, a 504 or a cut. */
export const BAD = [
  'cut',
  'cut-chunks',
  'bad-chunk',
  'reset',
  'garbage',
  'nothing',
  'extra',
  'silent',
] as const
/** In what may stand behind an upgrade or in a body, and must never become a request. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Token: smuggled\r\n\r\n'
/** Stands behind an answer and must never become the next one. */
export const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// X_A alone may pass; these would be taken for what they look like.
const UNSAFE_NAME = /^(content_length|transfer_encoding|x_forwarded_for|proxy|te|keep-alive|http2-settings)$/
const OK = 'HTTP/1.1 200 OK\r\n'
const GARBAGE = [
  '\x16\x03\x01\0\0',
  'HTTP/2 200\r\n\r\n',
  'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
  `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${OK}X: a\rb\r\n\r\n`,
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 200 O',
]

interface Request {
  readonly method: string
  readonly target: string
  readonly token: string
  /** "sized.17": how to answer, and the seed of its details. */
  readonly wish: string
  /** Answer before the body is read. */
  readonly isEarly: boolean
}

/** Starts it; it stops with the test. */
export function startFuzzNode(t: Test, proto: 'http' | 'uwsgi', ledger: Ledger): Promise<RawNode> {
  const serve = proto === 'http' ? serveHttp : serveUwsgi
  const script: Script = async connection => {
    try {
      await serve(connection, ledger)
    } catch (error) {
      if (!(error instanceof PeerLeft))
        ledger.problem((error as Error).message, connection.received.slice(-800))
      connection.reset()
    }
  }
  return startRawNode(t, { script })
}

async function serveHttp(connection: RawConnection, ledger: Ledger): Promise<void> {
  let taken = 0
  for (;;) {
    const head = await connection.head()
    const { fields, ...request } = readRequest(head, ledger.client)
    taken += head.length
    note(connection, request, ledger)
    let stays = request.isEarly ? await answer(connection, request, ledger, false) : true
    const [wire, data] = await readBody(connection, fields)
    taken += wire
    checkBody(request, data, ledger)
    // Behind an early answer the next request may be here already.
    if (!request.isEarly && connection.received.length > taken)
      throw new Error('the node got bytes behind a request')
    if (!request.isEarly) stays = await answer(connection, request, ledger, false)
    if (!stays) return
  }
}

async function serveUwsgi(connection: RawConnection, ledger: Ledger): Promise<void> {
  const packet = await connection.packet()
  const value = (name: string): string => packet.get(name) ?? ''
  const request = {
    method: value('REQUEST_METHOD'),
    target: value('REQUEST_URI'),
    token: value('HTTP_X_TOKEN'),
    wish: value('HTTP_X_WISH'),
    isEarly: packet.get('HTTP_X_EARLY') !== undefined,
  }
  note(connection, request, ledger)
  if (value('REMOTE_ADDR') !== ledger.client) throw new Error('the node was told another client')
  if (value('HTTP_PROXY') !== '') throw new Error('Proxy passed')
  if (value('PATH_INFO').includes('/../')) throw new Error('a path that climbs passed')
  if (request.isEarly) await answer(connection, request, ledger, true)
  const length = Number(value('CONTENT_LENGTH'))
  checkBody(request, (await connection.bytes(length)).length, ledger)
  if (connection.received.length > packet.bytes.length + length)
    throw new Error('the node got bytes behind a body')
  if (!request.isEarly) await answer(connection, request, ledger, true)
}

/** @throws Error when another reader could understand the head in another way */
function readRequest(head: string, client: string): Request & { fields: Map<string, string> } {
  const [line = '', ...lines] = head.slice(0, -4).split('\r\n')
  const [, method = '', target = ''] = /^([^ ]+) ([^ ]+) HTTP\/1\.[01]$/.exec(line) ?? []
  if (!NAME.test(method)) throw new Error('the node got no request line')
  const fields = new Map<string, string>()
  for (const field of lines) {
    const [, name = '', text = ''] = /^([^:]*):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(field) ?? []
    const key = name.toLowerCase()
    if (!NAME.test(name) || UNSAFE_NAME.test(key)) throw new Error('the node got a field it should not')
    const isAlone = /^(host|content-length|transfer-encoding|x-forwarded-for)$/.test(key)
    if (isAlone && fields.has(key)) throw new Error(`the node got ${key} twice`)
    fields.set(key, text)
  }
  const length = fields.get('content-length')
  const coding = fields.get('transfer-encoding')
  if (length !== undefined && (coding !== undefined || !/^\d{1,15}$/.test(length)))
    throw new Error('the node got an ambiguous length')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new Error('the node got another coding')
  if (!fields.has('host')) throw new Error('the node got no Host')
  if (fields.get('x-forwarded-for') !== client) throw new Error('the node was told another client')
  return {
    method,
    target,
    fields,
    token: fields.get('x-token') ?? '',
    wish: fields.get('x-wish') ?? '',
    isEarly: fields.has('x-early'),
  }
}

/** @returns bytes with and without the framing */
async function readBody(connection: RawConnection, fields: Map<string, string>): Promise<[number, number]> {
  if (!fields.has('transfer-encoding')) {
    const { length } = await connection.bytes(Number(fields.get('content-length') ?? 0))
    return [length, length]
  }
  let wire = 0
  let data = 0
  for (;;) {
    const line = await connection.through('\r\n')
    const [, size = ''] = /^([0-9a-fA-F]{1,12})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/.exec(line) ?? []
    if (size === '') throw new Error('the node got no chunk size')
    const length = Number.parseInt(size, 16)
    wire += line.length
    if (length === 0) break
    const chunk = (await connection.bytes(length + 2)).toString('latin1')
    if (!chunk.endsWith('\r\n')) throw new Error('the node got a chunk without its end')
    wire += chunk.length
    data += length
  }
  for (;;) {
    const line = await connection.through('\r\n')
    wire += line.length
    if (line === '\r\n') return [wire, data]
    if (!NAME.test(line.slice(0, line.indexOf(':')))) throw new Error('the node got a bad trailer')
  }
}

function note({ received }: RawConnection, { target, token }: Request, ledger: Ledger): void {
  if (token === 'smuggled' || target.includes('smuggled')) ledger.problem('smuggled', received.slice(-800))
}

function checkBody({ token }: Request, length: number, ledger: Ledger): void {
  const asked = ledger.asked.get(token)
  if (asked !== undefined && !asked.isMutant && asked.bodyBytes !== length)
    ledger.problem('the node got another body', { ...asked, length })
}

/** @returns whether the connection goes on */
async function answer(
  connection: RawConnection,
  request: Request,
  ledger: Ledger,
  isLast: boolean,
): Promise<boolean> {
  const [name, seed] = request.wish.split('.')
  const random = new Random(Number(seed))
  const asked = ledger.asked.get(request.token)
  // To HEAD nothing follows that could be cut, and no end that could be awaited.
  const isBare = request.method === 'HEAD' && [...BAD, 'unframed'].includes(name ?? '')
  const wish = isBare ? 'sized' : name
  // What is behind an answer can be told from the next one only when it comes with it: in one small packet.
  const isLong = random.happens(0.1) && wish !== 'extra'
  const length = isLong ? random.below(400_000) : random.happens(0.2) ? 0 : random.below(3_000)
  const whole = request.method === 'HEAD' ? '' : bodyOf(request.token, length)
  const says = random.happens(0.1) ? 'Connection: close\r\n' : ''
  const own = `X-Token: ${request.token}\r\n${says}`
  const sized = `${OK}Content-Length: ${length}\r\n${own}\r\n`
  const chunked = `${OK}Transfer-Encoding: chunked\r\n${own}\r\n`
  const status = isLast && random.happens(0.1) ? 'Status: 200 OK\r\n' : OK
  const send = (text: string): Promise<void> => sendPieces(connection, random, text)
  // A uWSGI that leaves a body unread resets behind its whole answer, so that this must pass.
  const isUsual = isLast && wish === 'reset' && asked?.bodyBytes !== 0
  if (asked !== undefined && /^(cut|bad|reset|silent)/.test(wish ?? '') && !isUsual) asked.isCut = true
  if (random.happens(0.2)) await pause(random.below(8))
  switch (wish) {
    case 'chunked':
      await send(chunked + (request.method === 'HEAD' ? '' : chunks(whole, random)))
      break
    case 'unframed':
      await send(`${random.happens(0.5) ? status : 'HTTP/1.0 200 OK\r\n'}${own}\r\n${whole}`)
      return finish(connection)
    case 'interim':
      await send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n')
      await send(sized + whole)
      break
    case '204':
      await send(`HTTP/1.1 204 No Content\r\n${own}\r\n`)
      break
    case '304':
      await send(`HTTP/1.1 304 Not Modified\r\nContent-Length: ${length}\r\n${own}\r\n`)
      break
    case 'cut':
      await send(`${OK}Content-Length: ${length + 1 + random.below(100)}\r\n${own}\r\n${whole}`)
      return random.happens(0.5) ? finish(connection) : reset(connection)
    case 'cut-chunks': {
      const text = chunks(whole, random)
      await send(chunked + text.slice(0, random.below(text.length)))
      return random.happens(0.5) ? finish(connection) : reset(connection)
    }
    case 'bad-chunk':
      await send(`${chunked}zz${chunks(whole, random)}`)
      return finish(connection)
    case 'reset':
      await send(`${OK}${own}\r\n${whole}`)
      await pause(random.below(5))
      return reset(connection)
    case 'garbage':
      await send(random.pick(GARBAGE))
      return finish(connection)
    case 'nothing':
      return random.happens(0.5) ? finish(connection) : reset(connection)
    case 'extra':
      await connection.send(sized + whole + EVIL)
      if (random.happens(0.5)) return finish(connection)
      break
    case 'silent':
      if (random.happens(0.5)) await send(`${OK}Content-Length: ${length + 5}\r\n\r\n${whole}`)
      await connection.end()
      return finish(connection)
    default:
      await send(`${status}Content-Length: ${length}\r\n${own}\r\n${whole}`)
  }
  return isLast || says !== '' ? finish(connection) : true
}

async function sendPieces(connection: RawConnection, random: Random, text: string): Promise<void> {
  if (random.happens(0.5)) return connection.send(text)
  for (let at = 0; at < text.length && !connection.isClosed; ) {
    const length = 1 + random.below(text.length > 5_000 ? 20_000 : 300)
    await connection.send(text.slice(at, at + length))
    if (random.happens(0.03)) await pause(random.below(5))
    at += length
  }
}

function chunks(body: string, random: Random): string {
  let text = ''
  for (let at = 0; at < body.length; ) {
    const chunk = body.slice(at, at + 1 + random.below(body.length > 10_000 ? 40_000 : 900))
    text += `${chunk.length.toString(16)}${random.happens(0.05) ? ';x=1' : ''}\r\n${chunk}\r\n`
    at += chunk.length
  }
  return `${text}0\r\n${random.happens(0.05) ? 'X-Trailer: 1\r\n' : ''}\r\n`
}

function finish(connection: RawConnection): false {
  connection.finish()
  return false
}

function reset(connection: RawConnection): false {
  connection.reset()
  return false
}

// test/strictness/reader.ts: an independent judge of bytes: whole messages as RFC 9112 and RFC 9110 write them, or the
// flaw that lets two readers differ. It works on text by patterns, so that it can be wrong in other ways than the product.
import { decodePacket, packetEnd } from '../support/uwsgi-packet.ts'

export interface SeenRequest {
  /** "POST /x hello": method, target and body. */
  readonly said: string
  /** Its head as it came; variables of a uwsgi packet as lines. */
  readonly head: string
}

export interface SeenAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** What a run of bytes is. `flaw` is '' where every message so far can be read in one way only. */
export interface Reading<Message> {
  readonly messages: readonly Message[]
  /** Where the last whole message ends. */
  readonly end: number
  readonly flaw: string
}

/** One message and where it ends. */
interface Step<Message> {
  readonly message: Message
  readonly end: number
}

/** The message is not whole yet. */
class Unfinished extends Error {}
/** Two readers may understand the bytes differently. */
class Flaw extends Error {}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`)
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([!"$-~]+) HTTP/1\\.([01])$`)
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/
const CHUNK_LINE = new RegExp(
  `^([0-9a-fA-F]{1,15})(?:;${TOKEN}(?:=(?:${TOKEN}|"[\\t !#-\\[\\]-~\\x80-\\xff]*"))?)*$`,
)
const HOST = /^(?:[\w.~!$&'()*+;=-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/
const NOT_IN_TRAILERS =
  /^(?:content-(?:length|type|encoding|range)|transfer-encoding|host|connection|proxy.*|te|upgrade|expect|trailer|cookie|set-cookie|authorization|forwarded|x-forwarded-.*)$/

/** All requests in the bytes that an http node got on one connection. */
export function readRequests(text: string): Reading<SeenRequest> {
  return readAll(text, requestAt)
}

/** The same of a uwsgi node: one request, and nothing behind it. */
export function readPackets(text: string): Reading<SeenRequest> {
  return readAll(text, packetAt)
}

/**
 * All answers in the bytes that a client got on one connection, interim ones among them.
 *
 * @param methods of the requests, in order; the last stands for all behind it
 * @param hasEnded the other side sent FIN: that ends an answer without length
 */
export function readAnswers(
  text: string,
  methods: readonly string[],
  hasEnded: boolean,
): Reading<SeenAnswer> {
  let finals = 0
  return readAll(text, (all, at) => {
    const step = answerAt(all, at, methods[Math.min(finals, methods.length - 1)]!, hasEnded)
    if (step.message.status >= 200) finals++
    return step
  })
}

function readAll<Message>(text: string, read: (text: string, at: number) => Step<Message>): Reading<Message> {
  const messages: Message[] = []
  let end = 0
  try {
    while (end < text.length) {
      const step = read(text, end)
      messages.push(step.message)
      end = step.end
    }
  } catch (error) {
    if (error instanceof Flaw) return { messages, end, flaw: error.message }
    if (!(error instanceof Unfinished)) throw error
  }
  return { messages, end, flaw: '' }
}

function requestAt(text: string, at: number): Step<SeenRequest> {
  const head = headAt(text, at)
  const [line = '', ...lines] = head.slice(0, -4).split('\r\n')
  const start = REQUEST_LINE.exec(line)
  if (start === null) throw new Flaw(`request line ${quote(line)}`)
  const [, method = '', target = '', minor = ''] = start
  const fields = fieldsOf(lines)
  const hosts = fields.get('host') ?? []
  if (hosts.length > 1 || (hosts.length === 0 && minor === '1')) throw new Flaw(`${hosts.length} Host fields`)
  if (hosts.length === 1 && !HOST.test(hosts[0]!)) throw new Flaw(`Host ${quote(hosts[0]!)}`)
  const body = bodyAt(text, at + head.length, framingOf(fields, minor) ?? 0)
  return { message: { said: said(method, target, body.data), head }, end: body.end }
}

function answerAt(text: string, at: number, method: string, hasEnded: boolean): Step<SeenAnswer> {
  const head = headAt(text, at)
  const [line = '', ...lines] = head.slice(0, -4).split('\r\n')
  const start = STATUS_LINE.exec(line)
  if (start === null) throw new Flaw(`status line ${quote(line)}`)
  const status = Number(start[2])
  const framing = framingOf(fieldsOf(lines), start[1]!)
  const bodyStart = at + head.length
  if ((status < 200 || status === 204) && framing !== null) throw new Flaw(`framing fields in a ${status}`)
  const isBare = method === 'HEAD' || status < 200 || status === 204 || status === 304
  if (isBare) return { message: { status, head, body: '' }, end: bodyStart }
  if (framing === null) {
    if (!hasEnded) throw new Unfinished()
    return { message: { status, head, body: text.slice(bodyStart) }, end: text.length }
  }
  const body = bodyAt(text, bodyStart, framing)
  return { message: { status, head, body: body.data }, end: body.end }
}

function packetAt(text: string, at: number): Step<SeenRequest> {
  if (at > 0) throw new Flaw('bytes behind a uwsgi request')
  const bytes = Buffer.from(text, 'latin1')
  const packetLength = packetEnd(bytes)
  if (packetLength < 0) throw new Unfinished()
  const packet = decodePacket(bytes.subarray(0, packetLength))
  const names = packet.vars.map(([name]) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Flaw(`${twice} twice`)
  const length = packet.get('CONTENT_LENGTH') ?? ''
  const coding = packet.get('HTTP_TRANSFER_ENCODING')?.toLowerCase()
  if (!/^\d{0,15}$/.test(length)) throw new Flaw(`CONTENT_LENGTH ${quote(length)}`)
  if (coding !== undefined && (coding !== 'chunked' || length !== '')) throw new Flaw(`coding ${coding}`)
  const body = bodyAt(text, packetLength, coding === undefined ? Number(length) : 'chunked')
  const head = packet.vars.map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, '?')}\r\n`).join('')
  const method = packet.get('REQUEST_METHOD') ?? ''
  return { message: { said: said(method, packet.get('REQUEST_URI') ?? '', body.data), head }, end: body.end }
}

// A head with its empty line. Bytes that belong in no head are told before it is whole.
function headAt(text: string, at: number): string {
  const end = text.indexOf('\r\n\r\n', at)
  const head = end < 0 ? text.slice(at) : text.slice(at, end + 4)
  const wrong = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n|$)|(?<!\r)\n/.exec(head)
  if (wrong !== null) throw new Flaw(`${quote(wrong[0])} in a head`)
  if (head.startsWith('\r\n')) throw new Flaw('an empty line before a message')
  if (end < 0) throw new Unfinished()
  return head
}

function fieldsOf(lines: readonly string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (const line of lines) {
    const field = FIELD.exec(line)
    if (field === null) throw new Flaw(`field ${quote(line)}`)
    const name = field[1]!.toLowerCase()
    fields.set(name, [...(fields.get(name) ?? []), field[2]!.trimEnd()])
  }
  return fields
}

// Length or coding; null for neither.
function framingOf(fields: Map<string, string[]>, minor: string): number | 'chunked' | null {
  const lengths = fields.get('content-length') ?? []
  const codings = fields.get('transfer-encoding') ?? []
  if (lengths.length + codings.length > 1)
    throw new Flaw(`framed by ${[...lengths, ...codings].join(' and ')}`)
  if (lengths.length === 1) {
    if (!/^\d{1,15}$/.test(lengths[0]!)) throw new Flaw(`length ${quote(lengths[0]!)}`)
    return Number(lengths[0])
  }
  if (codings.length === 0) return null
  if (codings[0]!.toLowerCase() !== 'chunked') throw new Flaw(`coding ${quote(codings[0]!)}`)
  if (minor === '0') throw new Flaw('chunked in HTTP/1.0')
  return 'chunked'
}

function bodyAt(text: string, at: number, framing: number | 'chunked'): { data: string; end: number } {
  if (framing !== 'chunked') {
    const end = at + framing
    if (text.length < end) throw new Unfinished()
    return { data: text.slice(at, end), end }
  }
  let data = ''
  for (let p = at; ; ) {
    const line = lineAt(text, p)
    const size = CHUNK_LINE.exec(line)
    if (size === null) throw new Flaw(`chunk size ${quote(line)}`)
    p += line.length + 2
    const length = Number.parseInt(size[1]!, 16)
    if (length === 0) return { data, end: endOfTrailers(text, p) }
    if (text.length < p + length + 2) throw new Unfinished()
    if (text.slice(p + length, p + length + 2) !== '\r\n') throw new Flaw('no line end behind a chunk')
    data += text.slice(p, p + length)
    p += length + 2
  }
}

function endOfTrailers(text: string, at: number): number {
  for (let p = at; ; ) {
    const line = lineAt(text, p)
    p += line.length + 2
    if (line === '') return p
    const field = FIELD.exec(line)
    if (field === null || NOT_IN_TRAILERS.test(field[1]!.toLowerCase().replaceAll('_', '-')))
      throw new Flaw(`trailer ${quote(line)}`)
  }
}

// Without its end. A line feed alone ends no line.
function lineAt(text: string, at: number): string {
  const end = text.indexOf('\n', at)
  if (end < 0) throw text.length - at > 20_000 ? new Flaw('an endless line') : new Unfinished()
  if (end === at || text[end - 1] !== '\r') throw new Flaw('a bare line feed in a chunked body')
  return text.slice(at, end - 1)
}

function said(method: string, target: string, body: string): string {
  return `${method} ${target}${body === '' ? '' : ` ${body}`}`
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

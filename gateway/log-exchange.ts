// gateway/log-exchange.ts: the access-log line of an exchange, from what connection, exchange and relay noted.
import type { AccessEntry } from '../stats/access-log.ts'
import type { Exchange } from './exchange.ts'
import { ID } from './http1/field-names.ts'
import { RequestHead } from './http1/request-head.ts'
import type { World } from './world.ts'

// One entry for all lines: the log turns it into text at once.
const ENTRY: AccessEntry = {
  id: '',
  client: '',
  method: '',
  target: '',
  proto: '',
  host: '',
  referer: '',
  userAgent: '',
  status: 0,
  headBytes: 0,
  bodyBytes: 0,
  requestBytes: 0,
  vars: 0,
  varBytes: 0,
  node: '-',
  tries: 0,
  startedAt: 0,
  durationMs: 0,
  headers: -1,
}
const HEAD = new RequestHead()

export function logExchange(exchange: Exchange): void {
  const { world, relay, raw, connection } = exchange
  const entry = ENTRY
  const methodEnd = raw.indexOf(' ')
  const targetEnd = raw.indexOf(' ', methodEnd + 1)
  entry.id = exchange.requestId()
  entry.client = exchange.client
  entry.method = raw.slice(0, methodEnd).trimStart()
  entry.target = raw.slice(methodEnd + 1, targetEnd)
  entry.proto = connection.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0'
  entry.status = exchange.status
  entry.headBytes = relay.headBytes
  entry.bodyBytes = relay.bodyBytes
  entry.requestBytes = connection.bodyBytes
  entry.vars = exchange.vars
  entry.varBytes = exchange.varBytes
  entry.node = exchange.node?.name ?? '-'
  entry.tries = exchange.tries
  entry.durationMs = world.preciseNow() - exchange.startedAt
  entry.startedAt = Date.now() - entry.durationMs
  entry.headers = relay.fields
  if (world.logsHeaders) readHeaders(raw)
  world.accessLog!.write(entry)
}

/** A line for bytes that were no request. */
export function logRefusal(world: World, client: string, status: number, id: string, bytes: number): void {
  const entry = ENTRY
  entry.id = id
  entry.client = client
  entry.method = entry.target = entry.proto = entry.host = entry.referer = entry.userAgent = ''
  entry.status = status
  entry.headBytes = bytes
  entry.bodyBytes = entry.requestBytes = entry.vars = entry.varBytes = entry.tries = entry.durationMs = 0
  entry.node = '-'
  entry.startedAt = Date.now()
  entry.headers = -1
  world.accessLog!.write(entry)
}

function readHeaders(raw: string): void {
  const bytes = Buffer.from(raw, 'latin1')
  HEAD.fieldLimit = Number.MAX_SAFE_INTEGER
  HEAD.targetLimit = Number.MAX_SAFE_INTEGER
  HEAD.parse(bytes, 0, bytes.length)
  ENTRY.host = HEAD.joined(bytes, ID.host)
  ENTRY.referer = HEAD.joined(bytes, ID.referer)
  ENTRY.userAgent = HEAD.joined(bytes, ID['user-agent'])
}

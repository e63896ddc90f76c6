// gateway/uwsgi/packet.ts: a request head as the uwsgi packet a node gets (docs/wire/uwsgi.md), from offsets into one
// scratch buffer. Variables come in the order of uWSGI's own http router, with the fixes that page lists.
import { latin1 } from '../../base/latin1.ts'
import type { Client } from '../client.ts'
import { TOKEN } from '../http1/characters.ts'
import { CLASS, EXPECT, FRAMING, HOP, ID, IDENTITY } from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { writePathInfo } from './path-info.ts'

/** What a packet says that is the same for every request of a listener. */
export interface PacketSettings {
  /** SERVER_NAME; with `serverNameAsHost` the Host field is. */
  readonly hostName: string
  readonly serverNameAsHost: boolean
  /** SERVER_PORT, '' for a UNIX listener. */
  readonly portText: string
  /** Encoded variables of http-var, see {@link encodeVars}. */
  readonly vars: Buffer
  readonly varCount: number
}

/** Variables that the packets of one client connection have in common, encoded: SERVER_PROTOCOL to REMOTE_PORT. */
export interface CommonVariables {
  /** What they were made of. */
  readonly client: Client
  readonly remote: string
  readonly minor: number
  readonly settings: PacketSettings
  readonly bytes: Uint8Array
  readonly count: number
}

const HEADER_BYTES = 4
const MOST_BLOCK_BYTES = 65535
const PACKET = Buffer.allocUnsafeSlow(HEADER_BYTES + MOST_BLOCK_BYTES)
/** Fits no packet. */
const TOO_LARGE = new Uint8Array(MOST_BLOCK_BYTES + 1)

/** CGI spelling of a field name's byte: upper case, '-' as '_'. */
const CGI = Uint8Array.from({ length: 256 }, (_, byte) =>
  TOKEN[byte] === 45 ? 95 : byte >= 97 && byte <= 122 ? byte - 32 : byte,
)

let o = 0 // end of what was written to PACKET
let variables = 0
let overflowed = false

/** Number of variables in the packet made last, and bytes of its block. */
export const lastPacket = { variables: 0, bytes: 0 }

/**
 * @param remote the client's address after trusted-proxy, '' for UNIX
 * @param minor the request's HTTP/1.x
 */
export function commonVariables(
  client: Client,
  remote: string,
  minor: number,
  settings: PacketSettings,
): CommonVariables {
  begin()
  text(KEY.SERVER_PROTOCOL, minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0')
  text(KEY.SCRIPT_NAME, '')
  if (!settings.serverNameAsHost) text(KEY.SERVER_NAME, settings.hostName)
  text(KEY.SERVER_PORT, settings.portText)
  text(KEY.UWSGI_ROUTER, 'http')
  if (client.isTls) text(KEY.HTTPS, 'on')
  if (client.certificate !== null) {
    const { der, subject } = client.certificate
    field(KEY.HTTPS_CLIENT_CERTIFICATE, der, 0, der.length)
    text(KEY.HTTPS_DN, subject)
  }
  text(KEY.REMOTE_ADDR, remote === '' ? '0.0.0.0' : remote)
  text(KEY.REMOTE_PORT, remote === client.peer ? String(client.port) : '0')
  const bytes = overflowed ? TOO_LARGE : new Uint8Array(PACKET.subarray(HEADER_BYTES, o)) // a copy
  return { client, remote, minor, settings, bytes, count: variables }
}

/**
 * The packet, one byte a character (text survives a write that is not finished at once; the scratch buffer would not).
 *
 * @param chunked the chunked body follows as it is, for applications that read it themselves (http-chunked-input)
 * @param isUpgrade the client asked for WebSocket and may have it
 * @returns '' when the variables do not fit the 65,535 bytes of a packet
 */
export function uwsgiPacket(
  head: RequestHead,
  bytes: Buffer,
  common: CommonVariables,
  modifier1: number,
  modifier2: number,
  chunked: boolean,
  isUpgrade: boolean,
): string {
  const { settings } = common
  begin()
  field(KEY.REQUEST_METHOD, bytes, head.start, head.methodEnd)
  const hasQuery = head.pathEnd < head.targetEnd
  if (hasQuery) pathInfo(head, bytes)
  field(KEY.REQUEST_URI, bytes, head.targetStart, head.targetEnd)
  if (!hasQuery) pathInfo(head, bytes)
  field(KEY.QUERY_STRING, bytes, hasQuery ? head.pathEnd + 1 : head.targetEnd, head.targetEnd)
  encoded(common.bytes, common.count)
  headerFields(head, bytes, common, chunked, isUpgrade)
  if (settings.varCount > 0) encoded(settings.vars, settings.varCount)
  if (overflowed) return ''
  lastPacket.variables = variables
  lastPacket.bytes = o - HEADER_BYTES
  PACKET[0] = modifier1
  PACKET[1] = lastPacket.bytes & 255
  PACKET[2] = lastPacket.bytes >> 8
  PACKET[3] = modifier2
  return latin1(PACKET, 0, o)
}

function begin(): void {
  o = HEADER_BYTES
  variables = 0
  overflowed = false
}

/** Encodes the lines of http-var, each "KEY=VALUE"; they stand last, so that they win over the client's fields. */
export function encodeVars(lines: readonly string[]): Buffer {
  return Buffer.concat(
    lines.map(line => {
      const equals = line.indexOf('=')
      return Buffer.concat([
        sized(Buffer.from(line.slice(0, equals))),
        sized(Buffer.from(line.slice(equals + 1))),
      ])
    }),
  )
}

/** @param count variables, already encoded */
function encoded(bytes: Uint8Array, count: number): void {
  if (o + bytes.length > PACKET.length) {
    overflowed = true
    return
  }
  PACKET.set(bytes, o)
  o += bytes.length
  variables += count
}

function headerFields(
  head: RequestHead,
  bytes: Buffer,
  common: CommonVariables,
  chunked: boolean,
  isUpgrade: boolean,
): void {
  const { serverNameAsHost } = common.settings
  // Expect is ours to answer, and the framing of a body that is not chunked is CONTENT_LENGTH.
  const drop = HOP | EXPECT | (common.client.isTrusted ? 0 : IDENTITY)
  let owesConnection = isUpgrade // the client may have sent the field more than once
  for (let i = 0; i < head.count; i++) {
    const id = head.ids[i]!
    const classes = CLASS[id]!
    if (id === ID.connection) {
      if (owesConnection) text(KEY.HTTP_CONNECTION, 'Upgrade')
      owesConnection = false
      continue
    }
    if ((classes & drop) !== 0 && !(isUpgrade && id === ID.upgrade)) continue
    if (id === ID['content-length']) {
      field(KEY.CONTENT_LENGTH, bytes, head.at[i * 4 + 2]!, head.at[i * 4 + 3]!)
      continue
    }
    if (classes === FRAMING && !chunked) continue
    if (i > 0 && seenBefore(head, bytes, i)) continue
    if (id === ID.host && serverNameAsHost)
      field(KEY.SERVER_NAME, bytes, head.at[i * 4 + 2]!, head.at[i * 4 + 3]!)
    if (id === ID['content-type']) length16(KEY.CONTENT_TYPE)
    else headerKey(bytes, head.at[i * 4]!, head.at[i * 4 + 1]!)
    headerValue(head, bytes, i, id === ID.cookie ? '; ' : ', ')
  }
  if (head.host >= 0 || !head.isAbsolute) return
  const host = head.hostOf(bytes)
  if (serverNameAsHost) text(KEY.SERVER_NAME, host)
  text(KEY.HTTP_HOST, host)
}

function seenBefore(head: RequestHead, bytes: Buffer, i: number): boolean {
  const hash = head.hashes[i]!
  for (let j = 0; j < i; j++) {
    if (head.hashes[j] === hash && head.ids[j] === head.ids[i] && head.hasSameName(bytes, i, j)) return true
  }
  return false
}

// A field sent more than once is one variable, joined where it stood first; cookies as RFC 6265 section 5.4 joins them.
function headerValue(head: RequestHead, bytes: Buffer, first: number, joint: string): void {
  const sizeAt = o
  o += 2
  if (o > PACKET.length) overflowed = true
  raw(bytes, head.at[first * 4 + 2]!, head.at[first * 4 + 3]!)
  const hash = head.hashes[first]!
  for (let i = first + 1; i < head.count; i++) {
    if (head.hashes[i] !== hash || head.ids[i] !== head.ids[first] || !head.hasSameName(bytes, i, first))
      continue
    for (let k = 0; k < joint.length; k++) one(joint.charCodeAt(k))
    raw(bytes, head.at[i * 4 + 2]!, head.at[i * 4 + 3]!)
  }
  if (!overflowed) setSize(sizeAt)
  variables++
}

function headerKey(bytes: Buffer, start: number, end: number): void {
  const length = end - start + 5
  if (o + length + 2 > PACKET.length) {
    overflowed = true
    return
  }
  PACKET[o++] = length & 255
  PACKET[o++] = length >> 8
  PACKET[o++] = 72
  PACKET[o++] = 84
  PACKET[o++] = 84
  PACKET[o++] = 80
  PACKET[o++] = 95
  for (let p = start; p < end; p++) PACKET[o++] = CGI[bytes[p]!]!
}

function pathInfo(head: RequestHead, bytes: Buffer): void {
  length16(KEY.PATH_INFO)
  const sizeAt = o
  if (o + 3 + head.pathEnd - head.pathStart > PACKET.length) {
    overflowed = true
    return
  }
  o += 2
  if (head.pathStart === head.pathEnd) PACKET[o++] = 47
  else o = writePathInfo(bytes, head.pathStart, head.pathEnd, head.hasPercent, PACKET, o)
  setSize(sizeAt)
  variables++
}

function setSize(sizeAt: number): void {
  const size = o - sizeAt - 2
  PACKET[sizeAt] = size & 255
  PACKET[sizeAt + 1] = size >> 8
}

/** @param key size and name, already encoded */
function field(key: Buffer, bytes: Buffer, start: number, end: number): void {
  length16(key)
  if (end - start > MOST_BLOCK_BYTES) {
    overflowed = true
    return
  }
  one((end - start) & 255)
  one((end - start) >> 8)
  raw(bytes, start, end)
  variables++
}

function text(key: Buffer, value: string): void {
  length16(key)
  one(value.length & 255)
  one(value.length >> 8)
  for (let i = 0; i < value.length; i++) one(value.charCodeAt(i))
  variables++
}

const length16 = (key: Buffer): void => raw(key, 0, key.length)

// Short runs are copied byte by byte: a native call costs as much as some eighty bytes.
const SHORT = 80
function raw(bytes: Buffer, start: number, end: number): void {
  const length = end - start
  if (o + length > PACKET.length) {
    overflowed = true
    return
  }
  if (length > SHORT) {
    bytes.copy(PACKET, o, start, end)
    o += length
  } else for (let p = start; p < end; p++) PACKET[o++] = bytes[p]!
}

function one(byte: number): void {
  if (o < PACKET.length) PACKET[o++] = byte
  else overflowed = true
}

// A larger one overflows every packet, so that its size is never read.
function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(2)
  size.writeUInt16LE(Math.min(bytes.length, MOST_BLOCK_BYTES))
  return Buffer.concat([size, bytes])
}

const NAMES = [
  'REQUEST_METHOD',
  'PATH_INFO',
  'REQUEST_URI',
  'QUERY_STRING',
  'SERVER_PROTOCOL',
  'SCRIPT_NAME',
  'SERVER_NAME',
  'SERVER_PORT',
  'UWSGI_ROUTER',
  'HTTPS',
  'HTTPS_CLIENT_CERTIFICATE',
  'HTTPS_DN',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'CONTENT_LENGTH',
  'CONTENT_TYPE',
  'HTTP_CONNECTION',
  'HTTP_HOST',
] as const
const KEY = Object.fromEntries(NAMES.map(name => [name, sized(Buffer.from(name))])) as Readonly<
  Record<(typeof NAMES)[number], Buffer>
>

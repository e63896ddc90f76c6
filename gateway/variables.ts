// gateway/variables.ts: the CGI variables that a uwsgi node would get of a request, one by one: for lines of the access log,
// for policies, and for route rules. A name is looked at once; requests are only asked for those that were named.
import { latin1 } from '../base/latin1.ts'
import type { Exchange } from './exchange.ts'
import { CLASS, EXPECT, HOP, hashOn, ID, IDENTITY } from './http1/field-names.ts'
import type { RequestHead } from './http1/request-head.ts'
import { pathInfo } from './uwsgi/path-info.ts'

/** @param head of `bytes`. @returns undefined when absent */
export type VariableReader = (exchange: Exchange, head: RequestHead, bytes: Buffer) => string | undefined

/**
 * How to read the variable of this CGI name, as nodes get it: what rules made of it, else what http-var says, else what the
 * client sent, also in fields that it is not believed in.
 */
export function variableReader(name: string): VariableReader {
  const read = sentReader(name, false)
  return (exchange, head, bytes) => exchange.passage?.written(name) ?? read(exchange, head, bytes)
}

/** The same before rules touched it, and without what nodes are not told: what a client claims to be, its hop-by-hop fields. */
export function untouchedReader(name: string): VariableReader {
  return sentReader(name, true)
}

/** A field by its name in lower case. @param hides fields that nodes do not get */
export function fieldReader(field: string, hides: boolean): VariableReader {
  const folded = field.replaceAll('_', '-')
  const joint = folded === 'cookie' ? '; ' : ', '
  let hash = 0
  for (const byte of Buffer.from(folded)) hash = hashOn(hash, byte)
  return (exchange, head, bytes) => {
    let all: string | undefined
    for (let i = 0; i < head.count; i++) {
      if (head.hashes[i] !== hash || head.nameOf(bytes, i).replaceAll('_', '-') !== folded) continue
      if (hides && isHidden(exchange, head.ids[i]!)) continue
      const value = head.valueOf(bytes, i)
      all = all === undefined ? value : all + joint + value
    }
    return all ?? (folded === 'host' && head.isAbsolute ? head.hostOf(bytes) : undefined)
  }
}

// What asks for an upgrade concerns this connection, and yet rules tell by it what kind of request it is.
function isHidden(exchange: Exchange, id: number): boolean {
  if (id === ID.upgrade || id === ID.connection) return false
  return (CLASS[id]! & (HOP | EXPECT | (exchange.connection.client.isTrusted ? 0 : IDENTITY))) !== 0
}

function sentReader(name: string, hides: boolean): VariableReader {
  const read = Object.hasOwn(READERS, name)
    ? READERS[name as keyof typeof READERS]
    : name.startsWith('HTTP_')
      ? fieldReader(name.slice(5).toLowerCase(), hides)
      : absent
  const start = `${name}=`
  return (exchange, head, bytes) => {
    const { vars } = exchange.running.picture
    for (let i = vars.length - 1; i >= 0; i--) {
      if (vars[i]!.startsWith(start)) return Buffer.from(vars[i]!.slice(start.length)).toString('latin1')
    }
    return read(exchange, head, bytes)
  }
}

const absent = (): undefined => undefined

const READERS = {
  REQUEST_METHOD: (_, head, bytes) => latin1(bytes, head.start, head.methodEnd),
  REQUEST_URI: (_, head, bytes) => latin1(bytes, head.targetStart, head.targetEnd),
  PATH_INFO: (_, head, bytes) => pathInfo(head, bytes).toString('latin1'),
  QUERY_STRING: (_, head, bytes) => latin1(bytes, Math.min(head.pathEnd + 1, head.targetEnd), head.targetEnd),
  SERVER_PROTOCOL: (_, head) => (head.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0'),
  SCRIPT_NAME: () => '',
  SERVER_NAME: ({ running }, head, bytes) =>
    running.picture.serverNameAsHost ? head.joined(bytes, ID.host) : running.picture.hostName,
  SERVER_PORT: ({ connection }) => connection.listener.portText,
  UWSGI_ROUTER: () => 'http',
  HTTPS: ({ connection }) => (connection.client.isTls ? 'on' : undefined),
  HTTPS_DN: ({ connection }) => connection.client.certificate?.subject,
  REMOTE_ADDR: ({ client }) => client || '0.0.0.0',
  REMOTE_PORT: ({ client, connection }) =>
    client === connection.client.peer ? String(connection.client.port) : '0',
  CONTENT_LENGTH: fieldReader('content-length', false),
  CONTENT_TYPE: fieldReader('content-type', false),
} satisfies Readonly<Record<string, VariableReader>>
